"""Divides a text into passages of one paragraph, one voice and one style, and accounts for every character."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from cosycli.documents.text_layout import is_wide
from cosycli.script.characters import NAME, TOKENS, read_glyphs, says_something
from cosycli.script.parts import Part, PartKind
from cosycli.script.segment import MARKUP
from cosycli.script.timing import Boundary

_LINE_END = r"(?:\r\n|[\n\x0b\x0c\x85\u2028]|\r(?!\n))"
_PARAGRAPH_END = re.compile(rf"{_LINE_END}(?:[^\S\n\r\x0b\x0c\x85\u2028]*{_LINE_END})+|\u2029")
_LINE = re.compile(_LINE_END)
# An editor wrapped a paragraph whose widest line has this many columns; narrower paragraphs are verse or lists.
_WRAP_WIDTH = 40


@dataclass(frozen=True)
class Run:
    """Plain text and the source characters it comes from.

    Attributes:
        plain: the source itself, a plainer form of it, or a placeholder for what is spoken in its place.
        start, end: the source characters.
        is_verbatim: `plain` is the source, character by character.
        enclosing: names of the tag pairs around it, the outermost first.
        spoken, words: what the model reads in place of a placeholder, and what that says in words; see `Part`.
        language: ISO 639-1 code, if it differs from that of the passage.
    """

    plain: str
    start: int
    end: int
    is_verbatim: bool
    enclosing: tuple[str, ...] = ()
    spoken: str = ""
    words: str = ""
    language: str | None = None


@dataclass(frozen=True)
class Passage:
    """Text of one paragraph with one voice, style and speed.

    Attributes:
        declared: ISO 639-1 code of the language that the source declares, or None.
        runs: the text in order; one space for any white space, a newline where a line of verse ends.
        skipped: source start, source end and reason of what is not spoken.
        pause_s: the silence that `[pause …]` asks for after the passage, or None.
        boundary: what ends with the passage if that is more than a sentence, or None.
    """

    voice: str | None
    style: str | None
    speed: float
    declared: str | None
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
        return any(run.spoken or says_something(run.plain) for run in self.runs)


class SourceMap:
    """Finds the source of any stretch of a passage's plain text."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self.runs = runs
        self.offsets = [0, *accumulate(len(run.plain) for run in runs)]

    def clip(self, start: int, end: int) -> Iterator[Run]:
        """Returns the runs of `plain[start:end]`, cut at its ends.

        A run that is not verbatim belongs whole to the stretch with its first character.
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
    declared: str | None,
    boundary: Boundary | None = None,
    *,
    is_heading: bool = False,
) -> Iterator[Passage]:
    """Returns the passages of a text in reading order; together they contain every part.

    Args:
        declared: ISO 639-1 code of the language that the source declares, or None.
        boundary: what ends with the parts, which are then one paragraph that keeps its line ends. None for a plain
            text, in which blank lines separate paragraphs, and whose lines may have been wrapped.
    """
    builder: _Builder | None = None
    for part in parts:
        if builder and part.speaker != builder.speaker:
            yield builder.finish(None)
            builder = None
        for start, end, ends_paragraph in [(part.start, part.end, False)] if boundary else _paragraphs(text, part):
            builder = builder or _Builder(text, part.speaker, declared, is_heading, is_wrapped=boundary is None)
            builder.add(part, start, end)
            if part.kind == PartKind.PAUSE or ends_paragraph:
                ending = Boundary.PARAGRAPH if ends_paragraph else None
                yield builder.finish(ending, part.pause_s if part.kind == PartKind.PAUSE else None)
                builder = None
    if builder:
        yield builder.finish(boundary or Boundary.PARAGRAPH)


def _paragraphs(text: str, part: Part) -> Iterator[tuple[int, int, bool]]:
    """Cuts a part after every blank line: start, end, whether a paragraph ends there."""
    start = part.start
    if part.kind == PartKind.TEXT:
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
        declared: str | None,
        is_heading: bool,
        is_wrapped: bool,
    ) -> None:
        self.text = text
        self.speaker = speaker
        self.declared = declared
        self.is_heading = is_heading
        self.is_wrapped = is_wrapped
        self.runs: list[Run] = []
        self.skipped: list[tuple[int, int, str]] = []

    def add(self, part: Part, start: int, end: int) -> None:
        if part.kind == PartKind.TEXT:
            self.add_text(start, end, part)
        elif part.kind == PartKind.REPLACED:
            placeholder = NAME if self.text[start:end][:1].isupper() else TOKENS
            run = Run(placeholder, start, end, False, part.enclosing, part.spoken, part.words, part.language)
            self.runs.append(run)
        elif start < end:
            self.skipped.append((start, end, MARKUP))

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
            *self.speaker, self.declared, self.is_heading, tuple(self.runs), tuple(self.skipped), pause_s, boundary
        )

    def join_lines(self) -> None:
        """Turns white space with a line end into a newline if the line was meant to end, else into a space.

        Between Chinese or Japanese characters a wrapped line leaves no space.
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
