"""The model that ships in the package speaks: its own recognizer hears the words, and the sound is clean."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

import cosycli
from cosycli import Synthesizer
from cosycli.engine.recognizer import Recognizer
from cosycli.errors import UsageError
from cosycli.model.library import BUILTIN, model_folder
from cosycli.sound.recording import Recording
from cosycli.voices import add_voice, find_voice

SENTENCES = Path(__file__).with_name("data").joinpath("sentences.txt").read_text().splitlines()
LOUDEST = 10 ** (-1 / 20)  # -1 dBFS
LONGEST_SILENCE_S = 0.4


@pytest.fixture(scope="module")
def synthesizer() -> Synthesizer:
    return cosycli.load(device="cpu")


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return Recognizer(model_folder(BUILTIN))


def letters_wrong(said: str, heard: str) -> float:
    """Levenshtein distance over the number of letters said."""
    said = re.sub(r"[^a-z' ]", "", said.lower())
    row = list(range(len(heard) + 1))
    for i, letter in enumerate(said, start=1):
        last, row[0] = row[0], i
        for j, other in enumerate(heard, start=1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (letter != other))
    return row[-1] / len(said)


def edges_s(samples: np.ndarray, sample_rate: int) -> tuple[float, float]:
    """Silence before the first and after the last sound, in seconds."""
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    return loud[0] / sample_rate, (len(samples) - 1 - loud[-1]) / sample_rate


def test_the_weights_fit_into_thirty_five_megabytes() -> None:
    assert sum(path.stat().st_size for path in model_folder(BUILTIN).rglob("*")) < 35e6


def test_its_first_word_does_not_wait_for_transformers() -> None:
    code = "import cosycli, sys; cosycli.load(device='cpu').speak('No.'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"transformers", "ebooklib", "pydub"} & set(done.stdout.split())


@pytest.mark.parametrize("voice", ["heart", "michael", "bella"])
def test_the_words_are_heard(synthesizer: Synthesizer, recognizer: Recognizer, voice: str) -> None:
    wrong = []
    for sentence in SENTENCES[:6]:
        speech = synthesizer.speak(sentence, voice=voice)
        wrong.append(letters_wrong(sentence, recognizer.transcribe(Recording(speech.samples, 24000))))
        assert np.abs(speech.samples).max() < LOUDEST
        assert max(edges_s(speech.samples, speech.sample_rate)) < LONGEST_SILENCE_S
    assert np.mean(wrong) < 0.4  # a voice that says something else is near 0.9


def test_letters_are_read_where_the_dictionary_has_no_word(synthesizer: Synthesizer, recognizer: Recognizer) -> None:
    speech = synthesizer.speak("Brillig was the slithy mimsy.")
    heard = recognizer.transcribe(Recording(speech.samples, 24000))
    assert letters_wrong("brillig was the slithy mimsy", heard) < 0.6


def test_phones_in_braces_change_the_word(synthesizer: Synthesizer) -> None:
    plain, spelled = (synthesizer.speak(text).samples for text in ("He will read it.", "He will read{R EH1 D} it."))
    assert not np.array_equal(plain, spelled)


def test_a_voice_that_is_only_a_clip_is_imitated(
    synthesizer: Synthesizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSY_HOME", str(tmp_path))
    clip = find_voice("michael")
    assert clip.reference
    assert clip.transcript
    add_voice("ada", clip.reference, transcript=clip.transcript, language="en", rights="Made for this test.")
    speech = synthesizer.speak("The lamp is on the table.", voice="ada")
    assert 0.5 < speech.duration_s < 5


def test_what_is_not_spoken_is_noted(synthesizer: Synthesizer) -> None:
    (note,) = synthesizer.speak("Well done 🎉.").notes
    assert str(note).startswith("Not spoken: '🎉'")


def test_it_speaks_as_fast_as_it_is_told(synthesizer: Synthesizer) -> None:
    text = " ".join(SENTENCES[:3])
    slow, usual, fast = (synthesizer.speak(text, style=style).duration_s for style in ("very-slow", None, "very-fast"))
    assert 1.1 * fast < usual < 0.9 * slow


@pytest.mark.parametrize("style", ["happy", "speak like a pirate"])
def test_other_styles_are_refused(synthesizer: Synthesizer, style: str) -> None:
    with pytest.raises(UsageError, match=f"There is no style '{style}'") as error:
        synthesizer.speak("Good evening.", style=style)
    assert "Styles: fast, slow, very-fast, very-slow." in str(error.value)


def test_the_command_speaks_without_a_network_from_a_cold_start(tmp_path: Path) -> None:
    target = tmp_path / "hello.wav"
    command = [
        sys.executable,
        "-c",
        "from cosycli.cli.main import run; run()",
        "speak",
        SENTENCES[0],
        "-o",
        str(target),
    ]
    offline = {"HF_HUB_OFFLINE": "1", "https_proxy": "http://127.0.0.1:9", "COSY_HOME": str(tmp_path)}
    ended = subprocess.run(command, env={**os.environ, **offline}, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == ""
    samples, sample_rate = soundfile.read(target)
    assert sample_rate == 24000
    assert samples.ndim == 1
    assert 1.5 < len(samples) / sample_rate < 8


def test_three_lines_make_a_book(tmp_path: Path) -> None:
    (tmp_path / "lamp.md").write_text("# The Lamp\n\nThe lamp is on.\n", encoding="utf-8")
    book = cosycli.make_book(tmp_path / "lamp.md", tmp_path / "lamp.flac", voice="michael")
    assert book.files == (tmp_path / "lamp.flac",)
    assert soundfile.info(tmp_path / "lamp.flac").duration == pytest.approx(book.assembly.duration_s, abs=0.01)
    assert 3 < book.assembly.duration_s < 12
