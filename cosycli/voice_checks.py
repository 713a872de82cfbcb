"""Whether a clip is fit to be a voice's reference: its length, level, clipping, noise, and that its words are right."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cosycli.measure import Measurements, measure
from cosycli.recording import Recording, read_reference

__all__ = ["Finding", "Recognizer", "check_clip", "load_recognizer"]

QUIET_DB = -35.0  # speech level below which a clip carries the noise of its recorder
NOISY_DB = 20.0  # signal to noise ratio below which the noise is imitated with the voice
NUM_ORDERS = 10  # in which the words are shuffled for comparison
# To the recognizer the words as given must have at most this part of the negative log-likelihood of any other order.
# Measured on 18 clips of three voices it never heard: 0.61 to 0.94 and once 1.01 for the words said, 0.97 to 1.17 for
# others.
MAX_LIKELIHOOD_RATIO = 0.96


class Recognizer(Protocol):
    """Listens to English."""

    def negative_log_likelihoods(self, recording: Recording, wordings: Sequence[str]) -> list[float]:
        """How unlikely it is that the recording says each of these wordings; larger is less likely."""
        ...


def load_recognizer() -> Recognizer:
    """The built-in one.

    Raises:
        MissingError: the built-in model is damaged.
    """
    from cosycli.engine.recognizer import Recognizer as BuiltinRecognizer
    from cosycli.model_library import BUILTIN, model_folder

    return BuiltinRecognizer(model_folder(BUILTIN))


@dataclass(frozen=True)
class Finding:
    """One check of a clip: what was measured, whether it is good, and what to do when it is not."""

    check: str
    measured: str
    is_good: bool
    advice: str = ""


def check_clip(clip: Path, transcript: str, language: str) -> list[Finding]:
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
        _check_words(recording, transcript, language),
    ]


def _check_level(measured: Measurements) -> Finding:
    advice = "Record it louder, or closer to the microphone."
    return Finding("level", f"{measured.level_db:.0f} dB", measured.level_db >= QUIET_DB, advice)


def _check_noise(measured: Measurements) -> Finding:
    advice = "Record it in a quieter place; the noise would become part of the voice."
    return Finding("noise", f"{measured.snr_db:.0f} dB below the voice", measured.snr_db >= NOISY_DB, advice)


def _check_words(recording: Recording, transcript: str, language: str) -> Finding:
    if language.partition("-")[0] != "en":
        return Finding("words", f"not checked: the recognizer knows no {language}", True)
    orders = _other_orders(transcript)
    if not orders:
        return Finding("words", "not checked: too few", True)
    given, *others = load_recognizer().negative_log_likelihoods(recording, [transcript, *orders])
    ratio = given / min(others)
    advice = "They do not fit the sound. Write down exactly what is said in the clip."
    return Finding(
        "words", f"{ratio:.2f} of the negative log-likelihood of other words", ratio <= MAX_LIKELIHOOD_RATIO, advice
    )


def _other_orders(transcript: str) -> list[str]:
    """The same words shuffled: as many letters and as common words, but not what was said."""
    words = transcript.split()
    orders = [random.Random(seed).sample(words, len(words)) for seed in range(NUM_ORDERS)]
    return [" ".join(order) for order in orders if order != words]
