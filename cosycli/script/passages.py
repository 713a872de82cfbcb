"""Passages: stretches of a text in one paragraph, one voice and one style, with every character accounted for."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from cosycli.script.characters import NAME, TOKENS, is_wide, read_glyphs, says_something
from cosycli.script.parts import Kind, Part
from cosycli.script.timing import Boundary

__all__ = ["Passage", "Run", "SourceMap", "read_passages"]

_LINE_END = r"(?:\r\n|[\n\x0b\x0c\x85\u2028]|\r(?!\n))"
_PARAGRAPH_END = re.compile(rf"{_LINE_END}(?:[^\S\n\r\x0b\x0c\x85\u2028]*{_LINE_END})+|\u2029")
_LINE = re.compile(_LINE_END)
# A paragraph whose widest line has this many columns was wrapped by an editor; narrower ones are verse or lists.
_WRAP_WIDTH = 40


@dataclass(frozen=True)
class Run:
    """Plain text and the source characters it comes from.

    Attributes:
        plain: what is to be said of it: the source itself, a plainer form of it, or a stand-in for tokens.
        start, end: the source characters.
        is_verbatim: `plain` is the source, character by character.
        enclosing: names of the tag pairs around it, outermost first.
        tokens: what is said in place of a stand-in: words, or tokens of the model.
        language: ISO 639-1 code, where it is not that of the passage.
    """

    plain: str
    start: int
    end: int
    is_verbatim: bool
    enclosing: tuple[str, ...] = ()
    tokens: str = ""
    language: str | None = None


@dataclass(frozen=True)
class Passage:
    """What is said with one voice, style and speed in one paragraph.

    Attributes:
        told: ISO 639-1 code of its language as the source tells it, or None.
        runs: its text in order; one space for any white space, a newline where a line of verse ends.
        skipped: source start, source end and reason of what is not spoken.
        pause_s: silence ordered by `[pause …]` after the passage, or None.
        boundary: what ends with the passage if it is more than a sentence, or None.
    """

    voice: str | None
    style: str | None
    speed: float
    told: str | None
    is_heading: bool
    runs: tuple[Run, ...]
    skipped: tuple[tuple[int, int, str], ...]
    pause_s: float | None
    boundary: Boundary | None

    @property
    def plain(self) -> str:
        return "".join(run.plain for run in self.runs)

    @property
    def has_words(self) -> bool:
        return any(run.tokens or says_something(run.plain) for run in self.runs)


class SourceMap:
    """Finds the source of any stretch of a passage's plain text."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self.runs = runs
        self.offsets = [0, *accumulate(len(run.plain) for run in runs)]

    def clip(self, start: int, end: int) -> Iterator[Run]:
        """The runs of `plain[start:end]`, cut to it.

        A run that is not verbatim goes whole to the stretch that holds its first character.
        """
        for number in range(bisect_right(self.offsets, start) - 1, len(self.runs)):
            offset, run = self.offsets[number], self.runs[number]
            if offset >= end:
                return
            first, last = max(start - offset, 0), min(end - offset, len(run.plain))
            if first == 0 and (last == len(run.plain) or not run.is_verbatim):
                yield run
            elif run.is_verbatim:
                yield replace(run, plain=run.plain[first:last], start=run.start + first, end=run.start + last)


def read_passages(
    text: str,
    parts: Iterable[Part],
    told: str | None,
    boundary: Boundary | None = None,
    *,
    is_heading: bool = False,
) -> Iterator[Passage]:
    """The passages of a text in reading order; between them they hold every part.

    Args:
        told: ISO 639-1 code of the language of the text, as its source tells it.
        boundary: what ends with the parts, which are then of one paragraph whose every line end is meant. If None,
            they are of a plain text: blank lines part its paragraphs, and its lines may have been wrapped.
    """
    builder: _Builder | None = None
    for part in parts:
        if builder and part.speaker != builder.speaker:
            yield builder.finish(None)
            builder = None
        for start, end, ends_paragraph in [(part.start, part.end, False)] if boundary else _paragraphs(text, part):
            builder = builder or _Builder(text, part.speaker, told, is_heading, is_wrapped=boundary is None)
            builder.add(part, start, end)
            if part.kind == Kind.PAUSE or ends_paragraph:
                ending = Boundary.PARAGRAPH if ends_paragraph else None
                yield builder.finish(ending, part.pause_s if part.kind == Kind.PAUSE else None)
                builder = None
    if builder:
        yield builder.finish(boundary or Boundary.PARAGRAPH)


def _paragraphs(text: str, part: Part) -> Iterator[tuple[int, int, bool]]:
    """The part cut after every blank line: start, end, whether a paragraph ends there."""
    start = part.start
    if part.kind == Kind.TEXT:
        for match in _PARAGRAPH_END.finditer(text, part.start, part.end):
            yield start, match.end(), True
            start = match.end()
    if start < part.end:
        yield start, part.end, False


class _Builder:
    """Collects the runs of one passage."""

    def __init__(
        self,
        text: str,
        speaker: tuple[str | None, str | None, float],
        told: str | None,
        is_heading: bool,
        is_wrapped: bool,
    ) -> None:
        self.text = text
        self.speaker = speaker
        self.told = told
        self.is_heading = is_heading
        self.is_wrapped = is_wrapped
        self.runs: list[Run] = []
        self.skipped: list[tuple[int, int, str]] = []

    def add(self, part: Part, start: int, end: int) -> None:
        if part.kind == Kind.TEXT:
            self.add_text(start, end, part)
        elif part.kind == Kind.TOKENS:
            stand_in = NAME if self.text[start:end][:1].isupper() else TOKENS
            self.runs.append(Run(stand_in, start, end, False, part.enclosing, part.tokens, part.language))
        elif start < end:
            self.skipped.append((start, end, "markup"))

    def add_text(self, start: int, end: int, part: Part) -> None:
        for glyphs in read_glyphs(self.text, start, end):
            if glyphs.plain:
                is_verbatim = glyphs.plain == self.text[glyphs.start : glyphs.end]
                self.runs.append(
                    Run(glyphs.plain, glyphs.start, glyphs.end, is_verbatim, part.enclosing, language=part.language)
                )
            else:
                self.skipped.append((glyphs.start, glyphs.end, glyphs.reason))

    def finish(self, boundary: Boundary | None, pause_s: float | None = None) -> Passage:
        self.join_lines()
        return Passage(
            *self.speaker, self.told, self.is_heading, tuple(self.runs), tuple(self.skipped), pause_s, boundary
        )

    def join_lines(self) -> None:
        """White space that holds a line end becomes a newline if the line was meant to end, else a space.

        Between Chinese or Japanese characters a wrapped line leaves nothing at all.
        """
        breaks = [number for number, run in enumerate(self.runs) if self.is_line_end(run)]
        if not breaks:
            return
        if not self.is_wrapped:
            for number in breaks:
                self.runs[number] = replace(self.runs[number], plain="\n", is_verbatim=False)
            return
        edges = [-1, *breaks, len(self.runs)]
        lines = ["".join(run.plain for run in self.runs[before + 1 : after]) for before, after in pairwise(edges)]
        widest = max(map(_width, lines))
        for number, line, following in zip(breaks, lines, lines[1:], strict=False):
            run = self.runs[number]
            has_room = _width(line) + 1 + _first_word_width(following) <= widest
            if widest < _WRAP_WIDTH or (has_room and not following[:1].islower()):
                self.runs[number] = replace(run, plain="\n", is_verbatim=False)
            elif is_wide(line[-1:]) and is_wide(following[:1]):
                self.runs[number] = replace(run, plain="")
                self.skipped.append((run.start, run.end, "white space"))
        self.runs = [run for run in self.runs if run.plain]

    def is_line_end(self, run: Run) -> bool:
        return run.plain == " " and bool(_LINE.search(self.text, run.start, run.end))


def _width(line: str) -> int:
    return len(line) + sum(map(is_wide, line))


def _first_word_width(line: str) -> int:
    return 2 if is_wide(line[:1]) else len(line.split(" ", 1)[0])
