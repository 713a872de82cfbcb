"""Whether a clip is fit to be a voice's reference: its length, level, clipping, noise, and that its words are right."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cosycli.audio.measure import Measurements, measure
from cosycli.audio.read import Recording, read_reference

__all__ = ["Finding", "Recogniser", "check_clip"]

QUIET_DB = -35.0  # speech level below which a clip carries the noise of its recorder
NOISY_DB = 20.0  # signal to noise ratio below which the noise is imitated with the voice
MIN_LIKENESS = 0.5  # of heard and given letters; our recogniser gets about 4 letters in 5 right, other words give 0.3

Recogniser = Callable[[Recording], str]
"""Writes down the English words of a recording, in small letters."""


@dataclass(frozen=True)
class Finding:
    """One check of a clip: what was measured, whether it is good, and what to do when it is not."""

    check: str
    measured: str
    is_good: bool
    advice: str = ""


def check_clip(clip: Path, transcript: str, language: str, recognise: Recogniser) -> list[Finding]:
    """Every check of a clip.

    Raises:
        InputError: it cannot be read, or no voice could be learned from it: too short or long, silent, clipped.
    """
    recording = read_reference(clip)
    measured = measure(recording.samples, recording.sample_rate)
    return [
        Finding("length", f"{measured.duration_s:.1f} s", True),
        Finding("clipping", f"{measured.clipped:.2%} of samples", True),
        _check_level(measured),
        _check_noise(measured),
        _check_words(recording, transcript, language, recognise),
    ]


def _check_level(measured: Measurements) -> Finding:
    advice = "Record it louder, or closer to the microphone."
    return Finding("level", f"{measured.level_db:.0f} dB", measured.level_db >= QUIET_DB, advice)


def _check_noise(measured: Measurements) -> Finding:
    advice = "Record it in a quieter place; the noise would become part of the voice."
    return Finding("noise", f"{measured.snr_db:.0f} dB below the voice", measured.snr_db >= NOISY_DB, advice)


def _check_words(recording: Recording, transcript: str, language: str, recognise: Recogniser) -> Finding:
    if language.partition("-")[0] != "en":
        return Finding("words", f"not checked: the recogniser knows no {language}", True)
    heard = recognise(recording)
    likeness = difflib.SequenceMatcher(None, _letters(heard), _letters(transcript), autojunk=False).ratio()
    advice = f"Heard: {heard!r}. Write down exactly what is said in the clip."
    return Finding("words", f"{likeness:.0%} like the transcript", likeness >= MIN_LIKENESS, advice)


def _letters(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.lower())
