"""CosyVoice 1 end to end: its ready speakers, imitated voices, instructions and language tags."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

import cosycli
from cosycli import Synthesizer
from cosycli.engine.utterance import VoiceSettings, utterances_of
from cosycli.errors import MissingError, UsageError
from cosycli.model.speech_decoder import Request
from tests.model.tiny_model import write_tiny_model
from tests.model.tiny_model_v1 import SPEAKERS, write_tiny_model_v1

TEXT = "One two three. Four five six, and seven.\n\nEight!"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model_v1(tmp_path_factory.mktemp("models") / "CosyVoice-300M-SFT")


@pytest.fixture(scope="module")
def synthesizer(directory: Path) -> Synthesizer:
    return cosycli.load(str(directory), device="cpu")


@pytest.fixture(scope="module")
def instructed(directory: Path) -> Synthesizer:
    """The same networks in a folder of the name that tells the model that takes instructions."""
    folder = directory.with_name("CosyVoice-300M-Instruct")
    shutil.copytree(directory, folder)
    return cosycli.load(str(folder), device="cpu")


@pytest.fixture
def clip_voice(tmp_path: Path) -> Path:
    """A voice folder with a clip and its transcript."""
    t = np.arange(4 * 24000) / 24000
    soundfile.write(tmp_path / "reference.flac", 0.3 * np.sin(2 * np.pi * 200 * t) * np.sin(3 * t), 24000)
    (tmp_path / "voice.yaml").write_text(
        "name: ada\nlanguage: en\nrights: made by a sine\nreference: reference.flac\ntranscript: Long tone.\n"
    )
    return tmp_path


def takes_of(synthesizer: Synthesizer, text: str, **voice_settings: object) -> list:
    return list(synthesizer.render(utterances_of(synthesizer.read(text).segments, VoiceSettings(**voice_settings))))


def requests_of(synthesizer: Synthesizer, text: str, **voice_settings: object) -> list[Request]:
    """What the language model is asked to read."""
    utterances = utterances_of(synthesizer.read(text).segments, VoiceSettings(**voice_settings))
    return [synthesizer._voices.request(utterance) for utterance in utterances]


@pytest.mark.parametrize("speaker", SPEAKERS)
def test_a_ready_speaker_speaks_at_22050_hz(synthesizer: Synthesizer, speaker: str) -> None:
    speech = synthesizer.speak(TEXT, voice=speaker)
    assert speech.sample_rate == 22050
    assert np.isfinite(speech.samples).all()
    assert speech.duration_s > 0.5


def test_speakers_sound_different(synthesizer: Synthesizer) -> None:
    first, other = (takes_of(synthesizer, "Good evening.", voice=speaker)[0] for speaker in SPEAKERS)
    assert first.tokens != other.tokens


def test_speakers_take_turns_by_their_marks(synthesizer: Synthesizer) -> None:
    script = synthesizer.read("[voice: 中文女]Good evening.[/voice] [voice: 英文男]Who is there?[/voice]")
    assert [segment.voice for segment in script.segments] == ["中文女", "英文男"]
    with pytest.raises(UsageError, match="no voice '法语女'") as error:
        synthesizer.read("[voice: 法语女]Good evening.[/voice]")
    assert "中文女, 英文男" in error.value.hint


def test_a_clip_is_imitated(synthesizer: Synthesizer, clip_voice: Path) -> None:
    assert synthesizer.speak(TEXT, voice=str(clip_voice)).duration_s > 0.5


def test_a_take_is_as_long_as_its_tokens(synthesizer: Synthesizer) -> None:
    (take,) = takes_of(synthesizer, "Good evening.", voice=SPEAKERS[0])
    assert len(take.samples) == int(len(take.tokens) / 50 * 22050 / 256) * 256


def test_a_sentence_sounds_the_same_in_any_batch(synthesizer: Synthesizer) -> None:
    paragraphs = [f"Sentence number {word}." for word in ("one", "twenty two", "three hundred thousand and five")]
    together = takes_of(synthesizer, "\n\n".join(paragraphs), voice=SPEAKERS[0])
    for paragraph, take in zip(paragraphs, together, strict=True):
        (alone,) = takes_of(synthesizer, paragraph, voice=SPEAKERS[0])
        assert alone.tokens == take.tokens
        np.testing.assert_allclose(alone.samples, take.samples, atol=1e-4)


def test_the_language_model_is_told_who_speaks(synthesizer: Synthesizer, directory: Path) -> None:
    (request,) = requests_of(synthesizer, "Good evening.", voice=SPEAKERS[0])
    embedding = torch.load(directory / "spk2info.pt", weights_only=True)[SPEAKERS[0]]["embedding"][0]
    assert request.speaker is not None
    torch.testing.assert_close(request.speaker, embedding)


def test_an_instruction_stands_before_the_text_and_the_speaker_is_left_out(instructed: Synthesizer) -> None:
    voice_settings = {"voice": SPEAKERS[0], "instruction": "A fiery leader."}
    (request,) = requests_of(instructed, "Good evening.", **voice_settings)
    told = bytes(token for token in request.prompt_text if token < 256)
    assert request.speaker is None
    assert told.startswith(b"A fiery leader.")
    assert told.endswith(b"<|endofprompt|>")


def test_the_tags_of_the_instructed_model_are_spelled_out_and_others_refused(instructed: Synthesizer) -> None:
    (request,) = requests_of(instructed, "Well [laughter] <strong>never</strong>.", voice=SPEAKERS[0])
    assert b"[laughter]" in bytes(token for token in request.text if token < 256)
    with pytest.raises(UsageError, match="lipsmack"):
        instructed.read("Well [lipsmack] never.")


def test_a_model_without_instructions_refuses_them(synthesizer: Synthesizer) -> None:
    with pytest.raises(UsageError, match="takes no style"):
        synthesizer.speak("Good evening.", voice=SPEAKERS[0], style="speak slowly, please")


def test_a_clip_without_words_speaks_a_text_that_is_tagged_with_its_language(
    synthesizer: Synthesizer, clip_voice: Path
) -> None:
    description = clip_voice / "voice.yaml"
    description.write_text(description.read_text().replace("transcript: Long tone.\n", ""))
    english, chinese = requests_of(synthesizer, "Good evening.\n\n晚上好。", voice=str(clip_voice))
    tags = [synthesizer._model.text_tokenizer.id_of(tag) for tag in ("<|en|>", "<|zh|>")]
    assert [english.text[0], chinese.text[0]] == tags


@pytest.mark.parametrize("mask", ["causal", "chunk", "double-chunk", "whole"])
def test_other_masks_than_the_full_one_are_refused(synthesizer: Synthesizer, mask: str) -> None:
    with pytest.raises(UsageError, match="Valid: full"):
        synthesizer.speak("Good evening.", voice=SPEAKERS[0], mask=mask)


def test_an_unknown_speaker_is_refused(synthesizer: Synthesizer) -> None:
    with pytest.raises(MissingError, match="There is no voice '法语女'"):
        synthesizer.speak("Good evening.", voice="法语女")


def test_a_recording_is_said_again_by_another_voice(synthesizer: Synthesizer, clip_voice: Path) -> None:
    samples = (0.3 * np.sin(2 * np.pi * 150 * np.arange(44100) / 22050)).astype(np.float32)
    speech = synthesizer.convert(samples, 22050, voice=SPEAKERS[0])
    assert abs(speech.duration_s - 2) < 0.05


@pytest.mark.parametrize("name", ["llm.pt", "flow.pt", "hift.pt"])
def test_a_file_of_another_version_is_named(directory: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(directory, tmp_path / "mixed")
    shutil.copy(write_tiny_model(tmp_path / "tiny2") / name, tmp_path / "mixed" / name)
    with pytest.raises(MissingError, match=rf"{name} does not fit this model(.|\n)*of another version"):
        cosycli.load(str(tmp_path / "mixed"), device="cpu")


def test_a_model_without_a_vocabulary_says_where_to_get_it(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(directory, tmp_path / "bare")
    (tmp_path / "bare" / "multilingual.tiktoken").unlink()
    monkeypatch.setattr("cosycli.model.text_tokenizer.find_spec", lambda _name: None)
    with pytest.raises(MissingError, match="pip install openai-whisper"):
        cosycli.load(str(tmp_path / "bare"), device="cpu")


def test_bfloat16_speaks(directory: Path, clip_voice: Path) -> None:
    synthesizer = cosycli.load(str(directory), device="cpu", dtype="bfloat16")
    for voice in (SPEAKERS[0], str(clip_voice)):
        assert np.isfinite(synthesizer.speak("Hello.", voice=voice).samples).all()
