"""A source cut into parts, each of which is said in one way."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

__all__ = ["Kind", "Part", "Replacement", "cut", "say_instead"]


class Kind(Enum):
    """What a part of the source is."""

    TEXT = "text"
    TOKENS = "tokens"
    MARK = "mark"
    PAUSE = "pause"


@dataclass(frozen=True)
class Part:
    """Source characters `start` to `end` and how they are to be said.

    Attributes:
        kind: TEXT is prose; TOKENS is said as `tokens`; MARK is never spoken; PAUSE is silence of `pause_s` seconds.
        language: ISO 639-1 code, where it is not that of the text around it.
        speed: factor on the speed of the voice.
        enclosing: names of the tag pairs around it, outermost first.
    """

    start: int
    end: int
    kind: Kind
    tokens: str = ""
    pause_s: float = 0.0
    voice: str | None = None
    style: str | None = None
    language: str | None = None
    speed: float = 1.0
    enclosing: tuple[str, ...] = ()

    @property
    def speaker(self) -> tuple[str | None, str | None, float]:
        """What a segment has only one of."""
        return self.voice, self.style, self.speed


@dataclass(frozen=True)
class Replacement:
    """Source characters `start` to `end` are said as `spoken`, in which brackets are tokens of the model."""

    start: int
    end: int
    spoken: str


def cut(parts: Iterable[Part], places: Sequence[int]) -> Iterator[Part]:
    """The same parts, those of text cut at each of the ordered `places`."""
    for part in parts:
        inside = places[bisect_right(places, part.start) : bisect_left(places, part.end)]
        if part.kind is not Kind.TEXT or not inside:
            yield part
            continue
        for start, end in zip((part.start, *inside), (*inside, part.end), strict=True):
            yield replace(part, start=start, end=end)


def say_instead(parts: Iterable[Part], replacements: Sequence[Replacement]) -> Iterator[Part]:
    """The parts with each stretch of text said as it should be.

    Args:
        replacements: in order and without overlap. One that reaches into anything but text of one speaker is left out.
    """
    pieces = list(
        cut(parts, sorted({place for replacement in replacements for place in (replacement.start, replacement.end)}))
    )
    number = 0
    for replacement in replacements:
        while number < len(pieces) and pieces[number].start < replacement.start:
            yield pieces[number]
            number += 1
        last = number
        while last < len(pieces) and pieces[last].end <= replacement.end:
            last += 1
        covered = pieces[number:last]
        if covered and _can_be_replaced(covered, replacement):
            yield replace(covered[0], end=replacement.end, kind=Kind.TOKENS, tokens=replacement.spoken)
            number = last
    yield from pieces[number:]


def _can_be_replaced(pieces: Sequence[Part], replacement: Replacement) -> bool:
    return (
        (pieces[0].start, pieces[-1].end) == (replacement.start, replacement.end)
        and all(piece.kind is Kind.TEXT for piece in pieces)
        and len({piece.speaker for piece in pieces}) == 1
    )
