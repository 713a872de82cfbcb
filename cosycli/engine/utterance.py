"""Utterances, the segments to render with all that their sound depends on, and takes, what rendering makes of them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cosycli.errors import UsageError
from cosycli.script import Segment
from cosycli.voices import DEFAULT_VOICE

MIN_SPEED, MAX_SPEED = 0.5, 2.0  # beyond, a stretched mel no longer sounds like speech


@dataclass(frozen=True)
class VoiceSettings:
    """How segments are spoken that have no voice, style or speed of their own.

    Attributes:
        voice: a name of the voice library, or a voice folder.
        instruction: in the model's own words, or None.
        speed: `MIN_SPEED` to `MAX_SPEED`; pitch stays as it is.
        seed: random seed; change it for another take.

    Raises:
        UsageError: the speed is out of range.
    """

    voice: str = DEFAULT_VOICE
    instruction: str | None = None
    speed: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not MIN_SPEED <= self.speed <= MAX_SPEED:
            raise UsageError(f"Speed {self.speed:g} is out of range.", f"Give {MIN_SPEED} to {MAX_SPEED}.")


@dataclass(frozen=True)
class Utterance:
    """A segment to render; equal utterances give equal takes."""

    segment: Segment
    voice: str
    instruction: str | None
    speed: float
    seed: int

    def attempt(self, number: int) -> Utterance:
        """The utterance of the first attempt (0) or of a retake, each with a seed of its own."""
        return self.another_take("retake", str(number)) if number else self

    def another_take(self, *take: str) -> Utterance:
        """The same words with another seed, one for each `take`."""
        return replace(self, seed=seed_of(str(self.seed), *take))


def utterances_of(segments: Iterable[Segment], voice_settings: VoiceSettings) -> list[Utterance]:
    """An utterance for each segment, in their order; equal segments differ in their seeds, and so in their takes."""
    seen: Counter[tuple[str, str, str]] = Counter()
    utterances = []
    for segment in segments:
        voice, instruction = segment.voice or voice_settings.voice, segment.style or voice_settings.instruction
        said = (segment.text, voice, instruction or "")
        seed = seed_of(*said, str(voice_settings.seed), str(seen[said]))
        seen[said] += 1
        speed = min(max(voice_settings.speed * segment.speed, MIN_SPEED), MAX_SPEED)
        utterances.append(Utterance(segment, voice, instruction, speed, seed))
    return utterances


def seed_of(*parts: str) -> int:
    """A seed of 63 bits."""
    digest = hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


@dataclass(frozen=True, kw_only=True)
class TakeFacts:
    """What is known of a rendered utterance besides its sound.

    Attributes:
        tokens, seed: what the sound was made from.
        failures: the checks that it did not pass; no other attempt passed more.
        num_draws: attempts that were rendered.
        error_rate: letters that a recognizer misheard per letter of the text; None if none listened.
    """

    tokens: tuple[int, ...]
    seed: int
    failures: tuple[str, ...] = ()
    num_draws: int = 1
    error_rate: float | None = None


@dataclass(frozen=True, kw_only=True)
class Take(TakeFacts):
    """A rendered utterance: samples (N,) float32, full scale is 1."""

    samples: NDArray[np.float32]
    sample_rate: int
