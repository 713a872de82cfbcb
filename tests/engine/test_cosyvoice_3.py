"""CosyVoice 3 from a directory as published: what it is told, what it reads, and its two trainings."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

import cosycli
from cosycli import Synthesizer
from cosycli.engine.capabilities import capabilities_of, instruction_of, read_for
from cosycli.engine.utterance import VoiceSettings, utterances_of
from cosycli.engine.voice_prompt import prepare_voice
from cosycli.errors import MissingError, UsageError
from cosycli.model.profile import COSYVOICE_2, COSYVOICE_3
from cosycli.model.speech_decoder import Request
from cosycli.model.text_tokenizer import phoneme_tokens
from tests.model.tiny_model import write_tiny_model

ASSISTANT = "You are a helpful assistant."


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny3", version=3)


@pytest.fixture(scope="module")
def synthesizer(directory: Path) -> Synthesizer:
    return cosycli.load(str(directory), device="cpu")


def write_voice(folder: Path, transcript: str = "") -> str:
    """A voice folder with a clip."""
    folder.mkdir()
    t = np.arange(4 * 24000) / 24000
    soundfile.write(folder / "reference.flac", 0.3 * np.sin(2 * np.pi * 200 * t) * np.sin(3 * t), 24000)
    (folder / "voice.yaml").write_text(
        f"name: ada\nlanguage: en\nrights: made by a sine\nreference: reference.flac\n{transcript}"
    )
    return str(folder)


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_voice(tmp_path_factory.mktemp("voices") / "ada", "transcript: Long tone.\n")


@pytest.fixture(scope="module")
def voice_without_transcript(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_voice(tmp_path_factory.mktemp("voices") / "eve")


def request_of(synthesizer: Synthesizer, voice: str, style: str | None = None) -> Request:
    """What the language model is asked to read for "Hello."."""
    voice_settings = VoiceSettings(voice, instruction_of(style, COSYVOICE_3))
    (utterance,) = utterances_of(synthesizer.read("Hello.").segments, voice_settings)
    return synthesizer._voices.request(utterance)


def read_before_the_text(synthesizer: Synthesizer, voice: str, style: str | None = None) -> tuple[str, int]:
    """What the language model reads first, and how many speech tokens it takes as said."""
    request = request_of(synthesizer, voice, style)
    tokenizer = synthesizer._model.text_tokenizer
    end = tokenizer.id_of("<|endofprompt|>")
    spelled = ["|" if token == end else tokenizer._bpe.id_to_token(token) for token in request.all_text]
    read = "".join(spelled).replace("Ġ", " ")
    assert read.endswith("Hello.")
    return read.removesuffix("Hello."), len(request.prompt_speech)


@pytest.mark.parametrize("mask", ["full", "chunk"])
def test_it_speaks_with_both_masks(synthesizer: Synthesizer, voice: str, mask: str) -> None:
    speech = synthesizer.speak("One two three.", voice=voice, mask=mask)
    assert speech.sample_rate == 24000
    assert np.isfinite(speech.samples).all()
    assert speech.samples.std() > 0


def test_the_assistant_is_introduced_for_the_user(
    synthesizer: Synthesizer, voice: str, voice_without_transcript: str
) -> None:
    assert read_before_the_text(synthesizer, voice) == (f"{ASSISTANT}|Long tone.", 100)
    assert read_before_the_text(synthesizer, voice_without_transcript) == (f"{ASSISTANT}|", 0)


def test_the_introduction_counts_for_the_length_where_no_words_of_the_voice_stand_before_the_text(
    synthesizer: Synthesizer, voice: str, voice_without_transcript: str
) -> None:
    profile = replace(synthesizer._model.profile.language_model, min_speech_per_text=2, max_speech_per_text=20)
    text, told = (len(synthesizer._model.text_tokenizer.encode(words)) for words in ("Hello.", ASSISTANT))
    cross_lingual = request_of(synthesizer, voice_without_transcript)
    assert cross_lingual.min_length(profile) == 2 * (told + 1 + text)
    assert cross_lingual.max_length(profile) == 20 * (told + 1 + text)
    for request in (request_of(synthesizer, voice), request_of(synthesizer, voice, "loud")):
        assert (request.min_length(profile), request.max_length(profile)) == (2 * text, 20 * text)


def test_japanese_is_read_in_katakana_and_so_is_the_transcript(synthesizer: Synthesizer, tmp_path: Path) -> None:
    pytest.importorskip("fugashi")
    pytest.importorskip("unidic_lite")
    voice = Path(write_voice(tmp_path / "yuki", "transcript: 東京へ行った。\n"))
    description = voice / "voice.yaml"
    description.write_text(description.read_text().replace("language: en", "language: ja-JP"), encoding="utf-8")
    assert prepare_voice(synthesizer._model, str(voice)).transcript == "トーキョー エ イッ タ。"
    (segment,) = read_for(COSYVOICE_3, "私は猫です。ねこ。").segments
    assert segment.text == "ワタクシ ワ ネコ デス。ネコ。"


def test_an_instruction_follows_the_introduction(synthesizer: Synthesizer, voice: str) -> None:
    wanted = f"{ASSISTANT} Please say a sentence as loudly as possible.|"
    assert read_before_the_text(synthesizer, voice, "loud") == (wanted, 0)
    assert read_before_the_text(synthesizer, voice, "very slowly") == (f"{ASSISTANT} very slowly|", 0)


def test_pronunciations_reach_the_model_as_its_own_tokens(synthesizer: Synthesizer, voice: str) -> None:
    (utterance,) = utterances_of(synthesizer.read("He read{R EH1 D} 银行{yin2 hang2}.").segments, VoiceSettings(voice))
    request = synthesizer._voices.request(utterance)
    tokenizer = synthesizer._model.text_tokenizer
    for token in ("[R]", "[EH1]", "[D]", "[y]", "[ín]", "[h]", "[áng]"):
        assert request.text.count(tokenizer.id_of(token)) == 1


def test_styles_and_phonemes_are_those_of_the_version() -> None:
    v2, v3 = capabilities_of(COSYVOICE_2), capabilities_of(COSYVOICE_3)
    assert v3.styles is not None
    assert v2.styles is not None
    assert "minnan" in v3.styles
    assert "minnan" not in v2.styles
    assert {"[AE1]", "[ǎo]"} <= set(v3.phonemes)
    assert not v2.phonemes
    with pytest.raises(UsageError, match="There is no style 'mysterious'"):
        instruction_of("mysterious", COSYVOICE_3)


def test_styles_are_the_published_instructions(golden_folder: Path) -> None:
    published = json.loads((golden_folder / "instructions.json").read_text(encoding="utf-8"))["v3"]
    styles = {name: words for group in published.values() for name, words in group.items()}
    assert capabilities_of(COSYVOICE_3).styles == styles


def test_every_phoneme_of_a_script_is_a_token() -> None:
    assert set(capabilities_of(COSYVOICE_3).phonemes) == set(phoneme_tokens())


def test_batch_composition_does_not_change_a_sentence(synthesizer: Synthesizer, voice: str) -> None:
    segments = synthesizer.read("One.\n\nTwo to six.\n\nNo!").segments
    utterances = utterances_of(segments, VoiceSettings(voice))
    for utterance, take in zip(utterances, synthesizer.render(utterances), strict=True):
        (alone,) = synthesizer.render([utterance])
        assert alone.tokens == take.tokens
        np.testing.assert_allclose(alone.samples, take.samples, atol=1e-4)


def test_each_variant_has_weights_of_its_own(directory: Path, voice: str) -> None:
    base, rl = (cosycli.load(str(directory), device="cpu", variant=variant) for variant in (None, "rl"))
    utterances = utterances_of(base.read("Hello.").segments, VoiceSettings(voice))
    assert next(base.render(utterances)).tokens != next(rl.render(utterances)).tokens


def test_an_unknown_variant_lists_those_there_are(directory: Path) -> None:
    with pytest.raises(UsageError, match="Variants here: rl"):
        cosycli.load(str(directory), device="cpu", variant="lr")


@pytest.mark.parametrize("name", ["llm.pt", "flow.pt", "hift.pt"])
def test_a_file_of_another_version_is_named(directory: Path, tmp_path: Path, name: str) -> None:
    mixed = write_tiny_model(tmp_path / "mixed")
    shutil.copy(directory / name, mixed / name)
    with pytest.raises(MissingError, match=rf"{name} does not fit this model(.|\n)*of another version"):
        cosycli.load(str(mixed), device="cpu")


def test_a_configuration_of_another_version_does_not_fit_the_weights(directory: Path, tmp_path: Path) -> None:
    mixed = write_tiny_model(tmp_path / "mixed")
    shutil.copy(directory / "cosyvoice3.yaml", mixed)
    with pytest.raises(MissingError, match=r"llm\.pt does not fit this model(.|\n)*the configuration beside it"):
        cosycli.load(str(mixed), device="cpu")


def test_a_tokenizer_of_another_version_is_not_taken_for_its_own(tmp_path: Path, voice: str) -> None:
    mixed = write_tiny_model(tmp_path / "mixed", version=3)
    (mixed / "speech_tokenizer_v3.onnx").rename(mixed / "speech_tokenizer_v2.onnx")
    with pytest.raises(MissingError, match=r"speech_tokenizer_v3\.onnx is missing"):
        cosycli.load(str(mixed), device="cpu").speak("Hello.", voice=voice)


def test_bfloat16_speaks(directory: Path, voice: str) -> None:
    speech = cosycli.load(str(directory), device="cpu", dtype="bfloat16").speak("Hello.", voice=voice)
    assert np.isfinite(speech.samples).all()
