"""A model or voice that changes gets another fingerprint."""

import shutil

import pytest

from cosycli.errors import MissingError, UsageError
from cosycli.jobs.take_store import model_fingerprint, voice_fingerprint
from cosycli.model.library import BUILTIN, model_folder
from cosycli.voices import find_voice
from tests.model.tiny_model_v1 import SPEAKERS, write_tiny_model_v1

MODEL = model_folder(BUILTIN)


def test_copies_of_a_model_have_the_same_fingerprint(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name / "part").mkdir(parents=True)
        (tmp_path / name / "part" / "llm.pt").write_bytes(bytes(range(256)) * 10_000)
    assert model_fingerprint(tmp_path / "one") == model_fingerprint(tmp_path / "two")


@pytest.mark.parametrize("position", [0, 60_000, -1])
def test_other_weights_give_another(tmp_path, position):
    weights = bytearray(bytes(range(256)) * 10_000)
    (tmp_path / "llm.pt").write_bytes(weights)
    before = model_fingerprint(tmp_path)
    weights[position] ^= 1
    (tmp_path / "llm.pt").write_bytes(weights)
    assert model_fingerprint(tmp_path) != before


def test_variants_are_told_apart_and_one_that_is_not_used_changes_nothing(tmp_path):
    (tmp_path / "llm.pt").write_bytes(b"base")
    base = model_fingerprint(tmp_path)
    (tmp_path / "llm.rl.pt").write_bytes(b"other")
    (tmp_path / "manifest.json").write_text("{}")
    assert model_fingerprint(tmp_path) == base
    assert model_fingerprint(tmp_path, "rl") != base
    with pytest.raises(UsageError, match="no variant"):
        model_fingerprint(tmp_path, "other")


def test_a_voice_is_told_by_its_words_too(tmp_path):
    folder = tmp_path / "michael"
    shutil.copytree(find_voice("michael").folder, folder)
    before = voice_fingerprint(str(folder), MODEL)
    description = folder / "voice.yaml"
    description.write_text(description.read_text().replace("transcript: ", "transcript: Well, "))
    assert voice_fingerprint(str(folder), MODEL) != before


def test_speakers_of_a_model_are_told_apart(tmp_path):
    model = write_tiny_model_v1(tmp_path / "tiny1")
    first, other = (voice_fingerprint(speaker, model) for speaker in SPEAKERS)
    assert first != other


def test_an_unknown_voice_is_refused():
    with pytest.raises(MissingError, match="There is no voice"):
        voice_fingerprint("nobody", MODEL)
