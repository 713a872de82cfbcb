"""A script becomes takes: in every mode, the same whatever else is rendered beside them."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
import torch

import cosycli
from cosycli import Synthesizer
from cosycli.engine.utterance import VoiceSettings, utterances_of
from cosycli.errors import MissingError, UsageError
from cosycli.model.kernels import without_prepacking
from tests.model.tiny_model import write_tiny_model

TEXT = "One two three. Four five six, and seven.\n\nEight!"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def synthesizer(directory: Path) -> Synthesizer:
    return cosycli.load(str(directory), device="cpu")


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A voice folder with a clip and its transcript."""
    folder = tmp_path_factory.mktemp("voices") / "ada"
    folder.mkdir()
    t = np.arange(4 * 24000) / 24000
    soundfile.write(folder / "reference.flac", 0.3 * np.sin(2 * np.pi * 200 * t) * np.sin(3 * t), 24000)
    (folder / "voice.yaml").write_text(
        "name: ada\nlanguage: en\nrights: made by a sine\nreference: reference.flac\ntranscript: Long tone.\n"
    )
    return str(folder)


def takes_of(synthesizer: Synthesizer, text: str, mask: str = "full", **voice_settings: object) -> list:
    utterances = utterances_of(synthesizer.read(text).segments, VoiceSettings(**voice_settings))
    return list(synthesizer.render(utterances, mask=mask))


def test_speech_is_24_khz_sound(synthesizer: Synthesizer, voice: str) -> None:
    speech = synthesizer.speak(TEXT, voice=voice)
    assert speech.sample_rate == 24000
    assert speech.samples.dtype == np.float32
    assert np.isfinite(speech.samples).all()
    assert speech.duration_s > 0.5
    assert speech.timings.flow_s > 0


def test_the_same_seed_gives_the_same_speech_and_another_gives_another(synthesizer: Synthesizer, voice: str) -> None:
    first, again, other = (takes_of(synthesizer, "Good evening.", voice=voice, seed=seed)[0] for seed in (1, 1, 2))
    assert first.tokens == again.tokens
    np.testing.assert_array_equal(first.samples, again.samples)
    assert first.tokens != other.tokens


def test_a_sentence_sounds_the_same_in_any_batch(synthesizer: Synthesizer, voice: str) -> None:
    paragraphs = [f"Sentence number {word}." for word in ("one", "twenty two", "three hundred thousand and five")]
    together = takes_of(synthesizer, "\n\n".join(paragraphs), voice=voice)
    for paragraph, take in zip(paragraphs, together, strict=True):
        (alone,) = takes_of(synthesizer, paragraph, voice=voice)
        assert alone.tokens == take.tokens
        np.testing.assert_allclose(alone.samples, take.samples, atol=1e-4)


def test_a_sentence_said_twice_is_drawn_twice(synthesizer: Synthesizer, voice: str) -> None:
    first, second = takes_of(synthesizer, "Knock.\n\nKnock.", voice=voice)
    assert first.seed != second.seed


@pytest.mark.parametrize("mask", ["full", "causal", "chunk", "double-chunk"])
def test_every_mask_speaks(synthesizer: Synthesizer, voice: str, mask: str) -> None:
    (take,) = takes_of(synthesizer, "Good evening.", voice=voice, mask=mask)
    assert len(take.samples) == len(take.tokens) * 960


def test_an_unknown_mask_lists_the_valid_ones(synthesizer: Synthesizer, voice: str) -> None:
    with pytest.raises(UsageError, match="full, causal, chunk, double-chunk"):
        takes_of(synthesizer, "Good evening.", voice=voice, mask="half")


@pytest.mark.parametrize(
    ("num_utterances", "num_cores", "size"),
    [(0, 2, 1), (15, 2, 15), (16, 2, 8), (40, 2, 20), (100, 2, 25), (40, 1, 20), (40, 0, 20), (64, 1, 32)],
)
def test_batches_give_every_core_as_much(
    synthesizer: Synthesizer, monkeypatch: pytest.MonkeyPatch, num_utterances: int, num_cores: int, size: int
) -> None:
    monkeypatch.setattr(synthesizer, "_workers", (num_cores and SimpleNamespace(num_workers=num_cores)) or None)
    assert synthesizer.batch_size(num_utterances) == size


def test_speed_changes_the_length(synthesizer: Synthesizer, voice: str) -> None:
    (normal,), (fast,) = (takes_of(synthesizer, "Good evening.", voice=voice, speed=speed) for speed in (1.0, 2.0))
    assert fast.tokens == normal.tokens
    assert len(fast.samples) == pytest.approx(len(normal.samples) / 2, abs=480)


def test_zero_shot_goes_on_from_the_clip(synthesizer: Synthesizer, voice: str) -> None:
    """The prompt is heard by the language model and the flow, and is not part of what comes out."""
    (utterance,) = utterances_of(synthesizer.read("Hello.").segments, VoiceSettings(voice))
    request = synthesizer._voices.request(utterance)
    assert bytes(request.prompt_text).decode("latin1")  # the transcript, before the text
    assert len(request.prompt_speech) == 100


def test_instruct_says_the_instruction_before_the_text_and_no_prompt(synthesizer: Synthesizer, voice: str) -> None:
    plain = takes_of(synthesizer, "Good evening.", voice=voice)[0]
    told = takes_of(synthesizer, "Good evening.", voice=voice, instruction="speak slowly")[0]
    assert plain.tokens != told.tokens


def test_cross_lingual_needs_no_transcript(synthesizer: Synthesizer, voice: str, tmp_path: Path) -> None:
    folder = tmp_path / "eve"
    folder.mkdir()
    (folder / "clip.flac").write_bytes(Path(voice, "reference.flac").read_bytes())
    (folder / "voice.yaml").write_text("name: eve\nlanguage: en\nrights: made by a sine\nreference: clip.flac\n")
    (take,) = takes_of(synthesizer, "Good evening.", voice=str(folder))
    assert len(take.samples)


def test_sft_speaks_as_a_speaker_of_the_model(directory: Path, tmp_path: Path) -> None:
    torch.save({"meg": {"embedding": torch.randn(1, 192)}}, directory / "spk2info.pt")
    folder = tmp_path / "meg"
    folder.mkdir()
    (folder / "voice.yaml").write_text("name: meg\nlanguage: en\nrights: random numbers\nspeaker: meg\n")
    (take,) = takes_of(cosycli.load(str(directory), device="cpu"), "Good evening.", voice=str(folder))
    assert len(take.samples)


def test_a_speaker_of_another_model_is_refused(synthesizer: Synthesizer, tmp_path: Path) -> None:
    folder = tmp_path / "kim"
    folder.mkdir()
    (folder / "voice.yaml").write_text("name: kim\nlanguage: en\nrights: nobody's\nspeaker: kim\n")
    with pytest.raises(MissingError, match="speaker of another model"):
        takes_of(synthesizer, "Good evening.", voice=str(folder))


def test_voice_conversion_keeps_the_length(synthesizer: Synthesizer, voice: str) -> None:
    source = np.random.default_rng(0).normal(0, 0.1, 32000).astype(np.float32)
    speech = synthesizer.convert(source, 16000, voice=voice)
    assert speech.duration_s == pytest.approx(2.0, abs=0.05)


def test_bfloat16_speaks(directory: Path, voice: str) -> None:
    (take,) = takes_of(cosycli.load(str(directory), device="cpu", dtype="bfloat16"), "Good evening.", voice=voice)
    assert np.isfinite(take.samples).all()


def test_bfloat16_speaks_where_the_cpu_has_no_fast_products_in_it(directory: Path, voice: str) -> None:
    with without_prepacking():
        test_bfloat16_speaks(directory, voice)


def test_a_device_that_is_not_there_lists_those_that_are(directory: Path) -> None:
    with pytest.raises(UsageError, match="Devices here: cpu"):
        cosycli.load(str(directory), device="cuda:99")


@pytest.fixture
def two_cores():
    num_cores = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(num_cores)


def test_on_more_cores_it_is_the_same_speech(directory: Path, voice: str, two_cores: None) -> None:
    """Long texts are shared among worker processes, which leave a batch to one core each, or among its threads."""
    text = " ".join(f"Sentence {number}." for number in range(1, 18)).replace(". ", ".\n\n")
    wide = cosycli.load(str(directory), device="cpu", retakes=0)
    by_threads = takes_of(wide, text, voice=voice)
    with wide.worker_processes():
        assert wide._workers is not None
        by_workers = takes_of(wide, text, voice=voice)
        assert wide.speak(text, voice=voice).timings.flow_s > 0
    torch.set_num_threads(1)
    alone = takes_of(cosycli.load(str(directory), device="cpu", retakes=0), text, voice=voice)
    for shared in (by_threads, by_workers):
        assert [take.tokens for take in shared] == [take.tokens for take in alone]
        assert all(np.array_equal(one.samples, other.samples) for one, other in zip(shared, alone, strict=True))


@pytest.mark.parametrize("missing", ["fork", "quiet"])
def test_where_no_process_can_be_copied_there_is_one(
    directory: Path, voice: str, two_cores: None, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """On other systems, and beside another thread, whose locks a copy would wait for."""
    synthesizer = cosycli.load(str(directory), device="cpu", retakes=0)
    ended = threading.Event()
    if missing == "fork":
        monkeypatch.delattr(os, "fork")
    else:
        threading.Thread(target=ended.wait, daemon=True).start()
    with synthesizer.worker_processes():
        assert synthesizer._workers is None
        said = takes_of(synthesizer, " ".join(["Sentence."] * 3), voice=voice)
    ended.set()
    assert len(said)
