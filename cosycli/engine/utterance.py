"""What is to be rendered: segments, each with everything that its sound depends on."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from cosycli.errors import UsageError
from cosycli.script import Segment
from cosycli.voices import DEFAULT_VOICE

__all__ = ["MAX_SPEED", "MIN_SPEED", "Utterance", "VoiceSettings", "utterances_of"]

MIN_SPEED, MAX_SPEED = 0.5, 2.0  # beyond, stretching the mel no longer sounds like speech


@dataclass(frozen=True)
class VoiceSettings:
    """How segments are spoken that do not say it themselves.

    Attributes:
        voice: a name of the voice library, or a voice folder.
        instruction: in the model's own words, or None.
        speed: `MIN_SPEED` to `MAX_SPEED`; pitch stays as it is.
        seed: another one gives another reading.

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
    """A segment on its way through the stages; the same utterance gives the same take."""

    segment: Segment
    voice: str
    instruction: str | None
    speed: float
    seed: int

    def another_take(self, *take: str) -> Utterance:
        """The same words in another reading, one for each `take`."""
        return replace(self, seed=seed_of(str(self.seed), *take))


def utterances_of(segments: Iterable[Segment], voice_settings: VoiceSettings) -> list[Utterance]:
    """What to render, in the same order. Segments that say the same with the same voice settings get a take each."""
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
