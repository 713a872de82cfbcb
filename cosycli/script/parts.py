"""Divides a source into parts, each of which is spoken in one way."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum


class PartKind(Enum):
    """The kind of a part."""

    TEXT = "text"
    REPLACED = "replaced"
    MARK = "mark"
    PAUSE = "pause"


@dataclass(frozen=True)
class Part:
    """Source characters `start` to `end` and how they are spoken.

    Attributes:
        kind: TEXT is prose; REPLACED has another spoken form; MARK is never spoken; PAUSE is silence.
        spoken: what the model reads for a part that is REPLACED; brackets in it are tokens of the model.
        words: what that says in words: the written word for its sounds, nothing for a sound such as laughter.
        pause_s: length of a PAUSE in seconds.
        language: ISO 639-1 code, if it differs from that of the text around.
        speed: factor on the speed of the voice.
        enclosing: names of the tag pairs around it, the outermost first.
    """

    start: int
    end: int
    kind: PartKind
    spoken: str = ""
    words: str = ""
    pause_s: float = 0.0
    voice: str | None = None
    style: str | None = None
    language: str | None = None
    speed: float = 1.0
    enclosing: tuple[str, ...] = ()

    @property
    def speaker(self) -> tuple[str | None, str | None, float]:
        """Voice, style and speed, which stay the same within a segment."""
        return self.voice, self.style, self.speed


@dataclass(frozen=True)
class Replacement:
    """Source characters `start` to `end` are spoken as `spoken`, and that says `words`; both as in a `Part`."""

    start: int
    end: int
    spoken: str
    words: str


def cut(parts: Iterable[Part], places: Sequence[int]) -> Iterator[Part]:
    """Cuts the parts of text at each of the ordered `places`."""
    for part in parts:
        inside = places[bisect_right(places, part.start) : bisect_left(places, part.end)]
        if part.kind is not PartKind.TEXT or not inside:
            yield part
            continue
        for start, end in zip((part.start, *inside), (*inside, part.end), strict=True):
            yield replace(part, start=start, end=end)


def apply_replacements(parts: Iterable[Part], replacements: Sequence[Replacement]) -> Iterator[Part]:
    """Applies the replacements to the parts.

    Args:
        replacements: in order and without overlap; one that does not cover text of one speaker alone is ignored.
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
            yield replace(
                covered[0],
                end=replacement.end,
                kind=PartKind.REPLACED,
                spoken=replacement.spoken,
                words=replacement.words,
            )
            number = last
    yield from pieces[number:]


def _can_be_replaced(pieces: Sequence[Part], replacement: Replacement) -> bool:
    return (
        (pieces[0].start, pieces[-1].end) == (replacement.start, replacement.end)
        and all(piece.kind is PartKind.TEXT for piece in pieces)
        and len({piece.speaker for piece in pieces}) == 1
    )
