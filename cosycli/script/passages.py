"""Passages: stretches of a text in one paragraph, one voice and one style, with every character accounted for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from cosycli.script.characters import is_hanzi, is_kana, read_glyphs, says_something
from cosycli.script.markup import Kind, Part

__all__ = ["TOKENS", "Passage", "read_passages"]

TOKENS = (
    "\ue000"  # stands in `Passage.plain` for tokens of the model; private, so no text holds it and no rule meets it
)

_LINE_END = r"(?:\r\n|[\n\r\x0b\x0c\x85\u2028])"
_PARAGRAPH_END = re.compile(rf"{_LINE_END}(?:[^\S\n\r\x0b\x0c\x85\u2028]*{_LINE_END})+|\u2029")
_LINE = re.compile(_LINE_END)
# A paragraph whose widest line is at least this wide was wrapped by an editor; narrower ones are verse or lists.
_WRAP_WIDTH = 40


@dataclass
class Passage:
    """Plain text and, for every character of it, where it comes from.

    Attributes:
        text: the whole source.
        plain: speakable text: one space for any white space, a newline where a line of verse ends, TOKENS for tokens.
        starts, ends: source span of each character of `plain`; empty when it shares the span of the one before.
        enclosing: names of the tag pairs around each character of `plain`.
        tokens: position in `plain` of each TOKENS -> the tokens.
        skipped: source start, source end and reason of what is not spoken.
        pause_s: silence ordered by `[pause …]` after the passage, or None.
        ends_paragraph: the next passage belongs to another paragraph.
    """

    text: str
    voice: str | None
    style: str | None
    plain: str = ""
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    enclosing: list[tuple[str, ...]] = field(default_factory=list)
    tokens: dict[int, str] = field(default_factory=dict)
    skipped: list[tuple[int, int, str]] = field(default_factory=list)
    pause_s: float | None = None
    ends_paragraph: bool = False

    @property
    def has_words(self) -> bool:
        return bool(self.tokens) or says_something(self.plain)

    def source(self, index: int) -> str:
        """The source characters behind one character of `plain`."""
        return self.text[self.starts[index] : self.ends[index]]


def read_passages(text: str, parts: tuple[Part, ...]) -> Iterator[Passage]:
    """The passages of a text in reading order; between them they hold every part."""
    builder: _Builder | None = None
    for part in parts:
        if builder and (part.voice, part.style) != (builder.passage.voice, builder.passage.style):
            yield builder.finish()
            builder = None
        for start, end, ends_paragraph in _paragraphs(text, part):
            builder = builder or _Builder(text, Passage(text, part.voice, part.style))
            builder.add(part, start, end)
            if part.kind == Kind.PAUSE or ends_paragraph:
                builder.passage.pause_s = part.pause_s if part.kind == Kind.PAUSE else None
                builder.passage.ends_paragraph = ends_paragraph
                yield builder.finish()
                builder = None
    if builder:
        builder.passage.ends_paragraph = True
        yield builder.finish()


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
    """Fills one passage, character by character."""

    def __init__(self, text: str, passage: Passage) -> None:
        self.text = text
        self.passage = passage
        self.plain: list[str] = []
        self.tokens: list[str] = []

    def add(self, part: Part, start: int, end: int) -> None:
        if part.kind == Kind.TEXT:
            self.add_text(start, end, part.enclosing)
        elif part.kind == Kind.TOKENS:
            self.tokens.append(part.tokens)
            self.append(TOKENS, start, end, part.enclosing)
        elif start < end:
            self.passage.skipped.append((start, end, "markup"))

    def add_text(self, start: int, end: int, enclosing: tuple[str, ...]) -> None:
        for glyph in read_glyphs(self.text, start, end):
            if not glyph.plain:
                self.passage.skipped.append((glyph.start, glyph.end, glyph.reason))
                continue
            self.append(glyph.plain[0], glyph.start, glyph.end, enclosing)
            for char in glyph.plain[1:]:
                self.append(char, glyph.end, glyph.end, enclosing)

    def append(self, char: str, start: int, end: int, enclosing: tuple[str, ...]) -> None:
        self.plain.append(char)
        self.passage.starts.append(start)
        self.passage.ends.append(end)
        self.passage.enclosing.append(enclosing)

    def finish(self) -> Passage:
        self.join_lines()
        self.passage.plain = "".join(self.plain)
        places = (index for index, char in enumerate(self.plain) if char == TOKENS)
        self.passage.tokens = dict(zip(places, self.tokens, strict=True))
        return self.passage

    def join_lines(self) -> None:
        """Each white space that holds a line end becomes a newline if the line was meant to end, else a space.

        Between Chinese or Japanese characters a wrapped line leaves nothing at all.
        """
        breaks = [index for index, char in enumerate(self.plain) if char == " " and self.holds_line_end(index)]
        if not breaks:
            return
        edges = [-1, *breaks, len(self.plain)]
        widths = [self.width(before + 1, after) for before, after in pairwise(edges)]
        widest = max(widths)
        for number, index in enumerate(breaks):
            next_word = self.first_word_width(index + 1, edges[number + 2])
            wrapped = widest >= _WRAP_WIDTH and widths[number] + 1 + next_word > widest
            if not wrapped:
                self.plain[index] = "\n"
        self.drop([index for index in breaks if self.plain[index] == " " and self.is_between_cjk(index)])

    def drop(self, indices: list[int]) -> None:
        passage = self.passage
        passage.skipped += [(passage.starts[index], passage.ends[index], "white space") for index in indices]
        kept = sorted(set(range(len(self.plain))) - set(indices))
        self.plain = [self.plain[index] for index in kept]
        passage.starts = [passage.starts[index] for index in kept]
        passage.ends = [passage.ends[index] for index in kept]
        passage.enclosing = [passage.enclosing[index] for index in kept]

    def is_between_cjk(self, index: int) -> bool:
        return 0 < index < len(self.plain) - 1 and _is_wide(self.plain[index - 1]) and _is_wide(self.plain[index + 1])

    def width(self, start: int, end: int) -> int:
        """Columns on a screen: a Chinese or Japanese character takes two."""
        return sum(2 if _is_wide(char) else 1 for char in self.plain[start:end])

    def holds_line_end(self, index: int) -> bool:
        return bool(_LINE.search(self.text, self.passage.starts[index], self.passage.ends[index]))

    def first_word_width(self, start: int, end: int) -> int:
        for index in range(start, end):
            if self.plain[index].isspace() or _is_wide(self.plain[index]):
                return max(2, index - start)
        return end - start


def _is_wide(char: str) -> bool:
    return is_hanzi(char) or is_kana(char) or "\u3000" <= char <= "\u303f" or "\uff00" <= char <= "\uff60"
