"""The language model goes on from all of a voice's clip, the flow from as much of its end as it is given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

import cosycli
from cosycli.engine.utterance import VoiceSettings, utterances_of
from cosycli.engine.voice_prompt import prepare_voice
from cosycli.model.loading import Model, load_model
from tests.model.tiny_model import write_tiny_model
from tests.model.tiny_model_v1 import write_tiny_model_v1

CLIP_S = 10


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    models = tmp_path_factory.mktemp("models")
    return {
        "CosyVoice 1": write_tiny_model_v1(models / "v1"),
        "CosyVoice 2": write_tiny_model(models / "v2"),
        "CosyVoice 3": write_tiny_model(models / "v3", 3),
    }


@pytest.fixture(scope="module", params=["CosyVoice 1", "CosyVoice 2", "CosyVoice 3"])
def model(request: pytest.FixtureRequest, folders: dict[str, Path]) -> Model:
    return load_model(folders[request.param], "cpu")


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A voice folder with a clip of 10 s, which rises in pitch, and its transcript."""
    folder = tmp_path_factory.mktemp("voices") / "ada"
    folder.mkdir()
    t = np.arange(CLIP_S * 24000) / 24000
    soundfile.write(folder / "reference.flac", 0.3 * np.sin(2 * np.pi * (200 + 40 * t) * t) * np.sin(3 * t), 24000)
    (folder / "voice.yaml").write_text(
        "name: ada\nlanguage: en\nrights: made by a sine\nreference: reference.flac\ntranscript: Long tone.\n"
    )
    return str(folder)


def sound_of(folder: Path, voice: str, **loading: float) -> np.ndarray:
    return cosycli.load(str(folder), device="cpu", retakes=0, **loading).speak("Good evening.", voice=voice).samples


def test_the_flow_is_given_the_last_seconds_of_a_long_clip(model: Model, voice: str) -> None:
    whole, cut = (prepare_voice(model, voice, seconds) for seconds in (CLIP_S, 4))
    assert len(cut.tokens) == 4 * model.profile.flow.token_rate
    assert cut.tokens.tolist() == whole.tokens.tolist()[-len(cut.tokens) :]
    assert cut.mel.shape[1] == model.profile.flow.num_frames(len(cut.tokens))
    assert cut.mel.equal(whole.mel[:, -cut.mel.shape[1] :])
    nothing = prepare_voice(model, voice, 0)
    assert (len(nothing.tokens), nothing.mel.shape[1]) == (0, 0)


def test_the_language_model_is_given_all_of_it(folders: dict[str, Path], voice: str) -> None:
    synthesizer = cosycli.load(str(folders["CosyVoice 2"]), device="cpu", prompt=3)
    (utterance,) = utterances_of(synthesizer.read("Hello.").segments, VoiceSettings(voice))
    assert len(synthesizer._voices.request(utterance).prompt_speech) == CLIP_S * 25


def test_six_seconds_are_given_where_nothing_else_is_said(folders: dict[str, Path], voice: str) -> None:
    folder = folders["CosyVoice 2"]
    unsaid = sound_of(folder, voice)
    np.testing.assert_array_equal(unsaid, sound_of(folder, voice, prompt=6))
    assert not np.array_equal(unsaid, sound_of(folder, voice, prompt=30))


def test_a_clip_that_is_no_longer_sounds_as_ever(folders: dict[str, Path], voice: str) -> None:
    folder = folders["CosyVoice 2"]
    np.testing.assert_array_equal(sound_of(folder, voice, prompt=CLIP_S), sound_of(folder, voice, prompt=30))


def test_a_stream_begins_with_what_fills_the_chunk_that_the_prompt_ends_in(
    folders: dict[str, Path], voice: str
) -> None:
    """3.4 s are 85 tokens, 10 of them in the fourth chunk; of the clip, 250 tokens would be ten whole chunks."""
    synthesizer = cosycli.load(str(folders["CosyVoice 2"]), device="cpu", prompt=3.4)
    said = utterances_of(synthesizer.read("Good evening, all of you.").segments, VoiceSettings(voice))
    first = next(len(packet) // 960 for packet in synthesizer.stream(said) if len(packet))
    ahead = synthesizer._model.vocoder.frames_ahead // 2
    assert first in range(15 + 25 - ahead - 1, 15 + 25 - ahead + 1)
