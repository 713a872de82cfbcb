"""Checks whether a clip is a good reference: its length, clipping, level and noise, and whether its transcript fits."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cosycli.sound.audio_segment import silence_at_ends
from cosycli.sound.levels import Measurements, measure
from cosycli.sound.recording import Recording, read_reference

QUIET_DB = -35.0  # dBFS; below this speech level a clip contains the noise of its recorder
NOISY_DB = 20.0  # signal-to-noise ratio; below this the noise becomes part of the voice
NUM_ORDERS = 10  # shuffled orders of the words to compare with
# The negative log-likelihood of the given words must be at most this fraction of that of any other order. On 18 clips
# of three voices that the recognizer was not trained on it is 0.61 to 0.94, once 1.01; with wrong words 0.97 to 1.17.
MAX_LIKELIHOOD_RATIO = 0.96


class Recognizer(Protocol):
    """Recognizes English."""

    def negative_log_likelihoods(self, recording: Recording, wordings: Sequence[str]) -> list[float]:
        """The negative log-likelihood of each wording, given the recording."""


def load_recognizer() -> Recognizer:
    """The built-in recognizer.

    Raises:
        MissingError: the built-in model is damaged.
    """
    from cosycli.engine.recognizer import Recognizer as BuiltinRecognizer
    from cosycli.model.library import BUILTIN, model_folder

    return BuiltinRecognizer(model_folder(BUILTIN))


@dataclass(frozen=True)
class ClipFinding:
    """The result of one check of a clip, and what to do if it is not good."""

    check: str
    measured: str
    is_good: bool
    advice: str = ""


def check_clip(clip: Path, transcript: str, language: str) -> list[ClipFinding]:
    """Run every check on a clip.

    Raises:
        InputError: the clip cannot be read, or cannot be a reference: too short, too long, silent or clipped.
    """
    recording = read_reference(clip)
    measured = measure(recording.samples, recording.sample_rate)
    return [
        ClipFinding("length", f"{measured.duration_s:.1f} s", True),
        _check_silence(recording),
        ClipFinding("clipping", f"{measured.clipped:.2%} of samples", True),
        _check_level(measured),
        _check_noise(measured),
        _check_words(recording, transcript, language),
    ]


def _check_silence(recording: Recording) -> ClipFinding:
    head_s, tail_s = silence_at_ends(recording.samples, recording.sample_rate)
    return ClipFinding("silence", f"{head_s:.1f} s before and {tail_s:.1f} s after", True)


def _check_level(measured: Measurements) -> ClipFinding:
    advice = "Record it louder, or closer to the microphone."
    return ClipFinding("level", f"{measured.level_db:.0f} dB", measured.level_db >= QUIET_DB, advice)


def _check_noise(measured: Measurements) -> ClipFinding:
    advice = "Record it in a quieter place; the noise becomes part of the voice."
    return ClipFinding("noise", f"{measured.snr_db:.0f} dB below the voice", measured.snr_db >= NOISY_DB, advice)


def _check_words(recording: Recording, transcript: str, language: str) -> ClipFinding:
    if language.partition("-")[0] != "en":
        return ClipFinding("words", f"not checked: the recognizer does not know {language}", True)
    orders = _other_orders(transcript)
    if not orders:
        return ClipFinding("words", "not checked: too few", True)
    given, *others = load_recognizer().negative_log_likelihoods(recording, [transcript, *orders])
    ratio = given / min(others)
    advice = "They do not fit the sound. Write down exactly what is said in the clip."
    return ClipFinding(
        "words", f"{ratio:.2f} of the negative log-likelihood of other words", ratio <= MAX_LIKELIHOOD_RATIO, advice
    )


def _other_orders(transcript: str) -> list[str]:
    """The same words in other orders: equally long and equally common, but not what was said."""
    words = transcript.split()
    orders = [random.Random(seed).sample(words, len(words)) for seed in range(NUM_ORDERS)]
    return [" ".join(order) for order in orders if order != words]
