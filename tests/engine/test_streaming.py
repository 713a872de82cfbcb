"""What a stream gives out is what the same tokens sound like in one piece, and it comes before the text has ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

import cosycli
from cosycli import Synthesizer
from cosycli.engine.decoding import decode, without_long_silence
from cosycli.engine.interleaving import InterleavedDecoder
from cosycli.engine.utterance import Utterance, VoiceSettings, utterances_of
from cosycli.model.masks import FlowMask
from tests.model.tiny_model import write_tiny_model
from tests.model.tiny_model_v1 import SPEAKERS, write_tiny_model_v1

MODELS = ("CosyVoice 2", "CosyVoice 3", "built-in")
TEXT = {
    "CosyVoice 2": "Good evening, all.",
    "CosyVoice 3": "Good evening, all of you who came so far.",
    "built-in": "The rain has stopped.",
}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A voice folder with a clip and its transcript; the clip is no whole number of chunks long."""
    folder = tmp_path_factory.mktemp("voices") / "ada"
    folder.mkdir()
    t = np.arange(round(3.4 * 24000)) / 24000
    soundfile.write(folder / "reference.flac", 0.3 * np.sin(2 * np.pi * 200 * t) * np.sin(3 * t), 24000)
    (folder / "voice.yaml").write_text(
        "name: ada\nlanguage: en\nrights: made by a sine\nreference: reference.flac\ntranscript: Long tone.\n"
    )
    return str(folder)


@pytest.fixture(scope="module")
def synthesizers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Synthesizer]:
    folder = tmp_path_factory.mktemp("models")
    loaded = {
        name: cosycli.load(str(write_tiny_model(folder / name, int(name[-1]))), device="cpu") for name in MODELS[:2]
    }
    for synthesizer in loaded.values():
        bias = synthesizer._model.vocoder.conv_post.bias
        with torch.no_grad():
            bias += 1  # untrained, it is nearly silent
    return loaded | {"built-in": cosycli.load(device="cpu")}


def arriving(synthesizer: Synthesizer, *sentences: str, voice: str, seed: int = 0) -> Iterator[Utterance]:
    """Sentences of one paragraph."""
    for sentence in sentences:
        (segment,) = synthesizer.read(sentence).segments
        yield from utterances_of([replace(segment, pause_after_s=0.4)], VoiceSettings(voice, seed=seed))


def in_one_piece(synthesizer: Synthesizer, utterance: Utterance) -> np.ndarray:
    """The waveform of the same tokens under the chunk mask, made at once."""
    runner, voices, model = synthesizer._runner, synthesizer._voices, synthesizer._model
    request = voices.request(utterance)
    if request.prompt_speech:
        decoder = InterleavedDecoder(model.language_model, replace(request, text=()))
        said = [*decoder.say(request.text), *decoder.finish()]
        tokens = without_long_silence(said, model.profile.language_model)
    else:
        (spoken,) = decode(model.language_model, [request])
        tokens = spoken.tokens
    mels = runner.mels([voices.prompt(utterance.voice)], [tokens], [utterance.seed], FlowMask.CHUNK)
    return runner.waves(mels, [utterance.seed])[0]


@pytest.mark.parametrize("name", MODELS)
def test_the_stream_is_the_waveform_made_in_one_piece(
    synthesizers: dict[str, Synthesizer], name: str, clip: str
) -> None:
    synthesizer = synthesizers[name]
    (utterance,) = arriving(synthesizer, TEXT[name], voice="michael" if name == "built-in" else clip)
    packets = [packet for packet in synthesizer.stream([utterance]) if len(packet)]
    whole = in_one_piece(synthesizer, utterance)
    assert len(packets) >= 2
    assert np.abs(whole).max() > 0.05
    np.testing.assert_allclose(np.concatenate(packets), whole, atol=1e-3)


@pytest.mark.parametrize("instruction", [None, "Whisper."], ids=["zero-shot", "instruct"])
def test_version_3_alone_reads_what_it_is_told_as_a_whole(
    synthesizers: dict[str, Synthesizer], clip: str, instruction: str | None
) -> None:
    segments = synthesizers["CosyVoice 3"].read("Good evening.").segments
    (utterance,) = utterances_of(segments, VoiceSettings(clip, instruction))
    v2, v3 = (synthesizers[name]._voices.request(utterance) for name in MODELS[:2])
    end = synthesizers["CosyVoice 3"]._model.text_tokenizer.id_of("<|endofprompt|>")
    assert v3.num_opening == v3.all_text.index(end) + 1
    assert v2.num_opening == 0


def test_packets_grow_to_four_chunks(synthesizers: dict[str, Synthesizer], clip: str) -> None:
    """A prompt of 85 tokens reaches 10 into its fourth chunk, which the first packet fills up with 15."""
    synthesizer = synthesizers["CosyVoice 2"]
    said = arriving(
        synthesizer, "Good evening, all of you who came so far to hear what nobody would say aloud.", voice=clip
    )
    sizes = [len(packet) // 960 for packet in synthesizer.stream(said) if len(packet)]
    ahead = synthesizer._model.vocoder.frames_ahead // 2
    assert sizes[0] in range(15 + 25 - ahead - 1, 15 + 25 - ahead + 1)
    assert sizes[1:4] == [50, 100, 100]


def test_sound_comes_before_the_next_sentence(synthesizers: dict[str, Synthesizer]) -> None:
    synthesizer, events = synthesizers["built-in"], []

    def arrive() -> Iterator[Utterance]:
        for utterance in arriving(synthesizer, "Every good book deserves a voice.", "So be it.", voice="heart"):
            events.append("text")
            yield utterance

    for packet in synthesizer.stream(arrive()):
        events.append("sound" if len(packet) else "nothing")
    assert events[:3] == ["text", "nothing", "sound"]
    assert events.index("sound") < events.index("text", 1) < len(events) - 1


def test_sentences_of_a_paragraph_are_spoken_as_one(synthesizers: dict[str, Synthesizer], clip: str) -> None:
    synthesizer = synthesizers["CosyVoice 3"]
    apart = list(arriving(synthesizer, "Good evening.", "All is well.", voice=clip))
    together = list(arriving(synthesizer, "Good evening. All is well.", voice=clip))
    together[0] = replace(together[0], seed=apart[0].seed)
    waves = [np.concatenate(list(synthesizer.stream(said))) for said in (apart, together)]
    np.testing.assert_allclose(*waves, atol=1e-4)


def test_a_paragraph_ends_with_its_pause(synthesizers: dict[str, Synthesizer]) -> None:
    synthesizer = synthesizers["built-in"]
    first, second = arriving(synthesizer, "Good evening.", "All is well.", voice="michael")
    first = replace(first, segment=replace(first.segment, pause_after_s=0.8))
    alone = [np.concatenate(list(synthesizer.stream([said]))) for said in (first, second)]
    both = np.concatenate(list(synthesizer.stream([first, second])))
    np.testing.assert_allclose(both, np.concatenate([alone[0], np.zeros(round(0.8 * 24000)), alone[1]]), atol=1e-4)


def test_a_passage_that_fails_its_gates_is_named_when_it_is_out(
    synthesizers: dict[str, Synthesizer], clip: str
) -> None:
    """Networks that were never trained do not end by themselves."""
    for name, fails in (("CosyVoice 2", True), ("built-in", False)):
        synthesizer = synthesizers[name]
        said = arriving(synthesizer, "Good evening, all.", "All is well.", voice=clip if fails else "michael")
        stream = synthesizer.stream(said)
        assert sum(map(len, stream)) > 0
        assert [passage.text for passage in stream.failed] == ["Good evening, all. All is well."] * fails
        assert all("did not end" in passage.failures for passage in stream.failed)


def test_another_voice_begins_anew(synthesizers: dict[str, Synthesizer]) -> None:
    synthesizer = synthesizers["built-in"]
    (first,), (second,) = (arriving(synthesizer, "Good evening.", voice=voice) for voice in ("michael", "heart"))
    both = np.concatenate(list(synthesizer.stream([first, second])))
    end = np.concatenate(list(synthesizer.stream([second])))
    np.testing.assert_allclose(both[-len(end) :], end, atol=1e-4)


def test_a_long_paragraph_is_spoken_in_several_passages(
    synthesizers: dict[str, Synthesizer], clip: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    synthesizer = synthesizers["CosyVoice 3"]
    said = list(arriving(synthesizer, "Hello.", "Bye.", voice=clip))
    alone = [np.concatenate(list(synthesizer.stream([utterance]))) for utterance in said]
    monkeypatch.setattr("cosycli.engine.streaming.MAX_PASSAGE_S", 0.1)
    both = np.concatenate(list(synthesizer.stream(said)))
    np.testing.assert_allclose(both, np.concatenate([alone[0], np.zeros(round(0.4 * 24000)), alone[1]]), atol=1e-4)


def test_each_term_of_the_latency_is_measured(synthesizers: dict[str, Synthesizer]) -> None:
    synthesizer = synthesizers["built-in"]
    stream = synthesizer.stream(arriving(synthesizer, "Every good book deserves a voice.", voice="heart"))
    assert stream.latency is None
    list(stream)
    assert stream.latency.num_tokens == 25 + 3
    terms = (stream.latency.language_model_s, stream.latency.flow_s, stream.latency.vocoder_s)
    assert min(terms) > 0
    assert stream.latency.total_s == pytest.approx(sum(terms))


def test_cosyvoice_1_gives_out_whole_sentences(tmp_path: Path) -> None:
    synthesizer = cosycli.load(str(write_tiny_model_v1(tmp_path / "v1")), device="cpu", retakes=0)
    said = list(arriving(synthesizer, "Good evening.", "Hi.", voice=SPEAKERS[0]))
    packets = [packet for packet in synthesizer.stream(said) if len(packet)]
    takes = [take for utterance in said for take in synthesizer.render([utterance])]
    pause = np.zeros(round(0.4 * 22050))
    for packet, wanted in zip(packets, (takes[0].samples, pause, takes[1].samples), strict=True):
        np.testing.assert_allclose(packet, wanted, atol=1e-5)
