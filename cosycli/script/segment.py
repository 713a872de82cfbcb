"""The output of the script stage: segments to speak, and an account of every character of the source text."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property


@dataclass(frozen=True)
class Segment:
    """One utterance: a sentence, several short ones, or part of a very long one.

    Attributes:
        text: speakable text. Square and angle brackets in it are always tokens of the model: tags such as
            `[laughter]` and `<strong>`, and pronunciations such as `[K][AE1][T]` or `[h][ǎo]`.
        words: what the text says, to print it or compare it with what is heard: without tags, and with the written
            word where the text has its sounds.
        source: first, and one past the last, character of the source text that this segment speaks.
        voice: the voice that the text or its cast asks for, or None for the caller's default.
        style: the model's instruction that the text asks for, or None for the caller's default.
        language: ISO 639-1 code of most of the text.
        pause_after_s: silence that follows, in seconds.
        speed: factor on the speed of the voice.
        pause_before_s: silence that the text asks for before its first segment, in seconds.
    """

    text: str
    words: str
    source: tuple[int, int]
    voice: str | None
    style: str | None
    language: str
    pause_after_s: float
    speed: float = 1.0
    pause_before_s: float = 0.0


class Fate(str, Enum):
    """What happened to a source character."""

    SPOKEN = "spoken"
    REWRITTEN = "rewritten"
    SKIPPED = "skipped"


MARKUP = "markup"  # why the notation is skipped


@dataclass(frozen=True)
class Span:
    """Neighbouring source characters, `start` to `end`, with the same fate; `reason` is set if they were skipped."""

    start: int
    end: int
    fate: Fate
    reason: str = ""


@dataclass(frozen=True)
class Skipped:
    """Source text that is not spoken, and why."""

    source: tuple[int, int]
    text: str
    reason: str


@dataclass(frozen=True)
class Note:
    """A message for the writer of the text, for example about a bracket that looks like a tag and is not one."""

    source: tuple[int, int]
    line: int
    message: str


@dataclass(frozen=True)
class Coverage:
    """Numbers of source characters; `unaccounted` other than 0 is a bug."""

    source: int
    spoken: int
    rewritten: int
    skipped: int

    @property
    def unaccounted(self) -> int:
        return self.source - self.spoken - self.rewritten - self.skipped


@dataclass(frozen=True)
class Script:
    """A text prepared for speaking.

    Attributes:
        source: the text as it was given.
        segments: the segments in reading order.
        spans: the fate of every source character, in order and without overlap.
        notes: the notes for the writer in order of the text.
    """

    source: str
    segments: tuple[Segment, ...]
    spans: tuple[Span, ...]
    notes: tuple[Note, ...]

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        return tuple(
            Skipped((span.start, span.end), self.source[span.start : span.end], span.reason)
            for span in self.spans
            if span.fate is Fate.SKIPPED
        )

    @property
    def coverage(self) -> Coverage:
        counts: Counter[Fate] = Counter()
        for span in self.spans:
            counts[span.fate] += span.end - span.start
        return Coverage(len(self.source), counts[Fate.SPOKEN], counts[Fate.REWRITTEN], counts[Fate.SKIPPED])

    @cached_property
    def markup(self) -> tuple[tuple[int, int], ...]:
        """Source start and end of each mark of the notation, in order."""
        skipped = (span for span in self.spans if span.fate is Fate.SKIPPED)
        return tuple((span.start, span.end) for span in skipped if span.reason == MARKUP)

    def stretches(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yields the stretches of source characters `start` to `end` that are not markup."""
        number = bisect_right(self.markup, start, key=lambda mark: mark[1])
        while start < end and number < len(self.markup) and self.markup[number][0] < end:
            mark_start, mark_end = self.markup[number]
            if start < mark_start:
                yield start, mark_start
            start = mark_end
            number += 1
        if start < end:
            yield start, end

    def printed(self, start: int, end: int) -> str:
        """Returns source characters `start` to `end` as they are printed: without markup, with single spaces."""
        return " ".join("".join(self.source[a:b] for a, b in self.stretches(start, end)).split())
