"""Whether a clip is fit to be a voice's reference: its length, level, clipping, noise, and that its words are right."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cosycli.audio.measure import Measurements, measure
from cosycli.audio.read import MAX_CLIPPED, MAX_REFERENCE_S, MIN_REFERENCE_S, SILENCE_DB, Recording, read_recording

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
    """Every check of a clip that can be read at all.

    Raises:
        InputError: it cannot be read.
    """
    recording = read_recording(clip)
    measured = measure(recording.samples, recording.sample_rate)
    return [
        _check_length(measured),
        _check_level(measured),
        _check_clipping(measured),
        _check_noise(measured),
        _check_words(recording, transcript, language, recognise),
    ]


def _check_length(measured: Measurements) -> Finding:
    is_good = MIN_REFERENCE_S <= measured.duration_s <= MAX_REFERENCE_S
    advice = f"Give {MIN_REFERENCE_S:.0f} to {MAX_REFERENCE_S:.0f} s of one person speaking."
    return Finding("length", f"{measured.duration_s:.1f} s", is_good, advice)


def _check_level(measured: Measurements) -> Finding:
    advice = "It is silent." if measured.level_db < SILENCE_DB else "Record it louder, or closer to the microphone."
    return Finding("level", f"{measured.level_db:.0f} dB", measured.level_db >= QUIET_DB, advice)


def _check_clipping(measured: Measurements) -> Finding:
    advice = "Record it again at a lower level; turning a clipped clip down does not mend it."
    return Finding("clipping", f"{measured.clipped:.2%} of samples", measured.clipped <= MAX_CLIPPED, advice)


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
