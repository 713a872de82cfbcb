"""Divides plain text into paragraphs, and tells wrapped lines from meant line breaks.

Three layouts are recognised: wrapped paragraphs between blank lines, one paragraph a line, and paragraphs with an
indented first line.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from cosycli.documents.headings import Rank, read_heading

_WIDE = re.compile(r"[\u3000-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uff00-\uff60\U00020000-\U0003ffff]")
_LONG_LINE = 100  # columns; texts are wrapped at 65 to 80
_LONG_SHARE = 0.05  # share of long lines in a text that is not wrapped
_WRAP_WIDTH = 40  # columns; no text is wrapped at fewer
_FULL = 0.8  # share of the wrap width that a wrapped line and the first word of the next exceed
_TITLE_LINE = 60  # columns; the longest title under a chapter's number in the corpus has 29
_ENDS_SENTENCE = re.compile(r"[.,;!?…。．！？；，：:—-][\"'”’»“」』)）]*\Z|[”’»」』]\Z")
_INDENT = re.compile(r"\u3000|[ \t]{2,}")


@dataclass(frozen=True)
class Paragraph:
    """The lines of a paragraph, stripped; `is_verse` if the line breaks are meant."""

    lines: tuple[str, ...]
    is_verse: bool = False

    @property
    def text(self) -> str:
        return "\n".join(self.lines) if self.is_verse else _join_lines(self.lines)

    @property
    def is_title(self) -> bool:
        """True for one or two short lines that do not end like a sentence."""
        return len(self.lines) <= 2 and all(
            _width(line) <= _TITLE_LINE and line[0] not in "\"'“‘«„「『-[<{" and not ends_sentence(line)
            for line in self.lines
        )


def ends_sentence(line: str) -> bool:
    """Return True if a sentence or clause ends at the end of the line."""
    return bool(_ENDS_SENTENCE.search(line))


def _join_lines(lines: Sequence[str]) -> str:
    """Join lines, with a space between words but none between Chinese or Japanese characters."""
    joined = lines[0]
    for before, after in pairwise(lines):
        joined += after if is_wide(before[-1]) and is_wide(after[0]) else f" {after}"
    return joined


def read_paragraphs(text: str) -> list[Paragraph]:
    """Return the paragraphs of `text`, which contain all of it except white space."""
    lines = [line.rstrip() for line in text.replace("\f", "\n\n").splitlines()]
    filled = [line for line in lines if line]
    groups = [list(group) for has_text, group in groupby(lines, key=bool) if has_text]
    if _has_paragraph_per_line(filled):
        return [Paragraph((line.strip(),)) for line in filled]
    wrap_width = _wrap_width(groups)
    return [
        Paragraph(tuple(stripped), _is_verse(stripped, wrap_width))
        for group in groups
        for part in _split_at_indents(group)
        for stripped in _split_off_headings([line.strip() for line in part])
    ]


def _has_paragraph_per_line(lines: Sequence[str]) -> bool:
    """Return True if many lines are long, and most of those end a sentence."""
    long = [line for line in lines if _width(line) > _LONG_LINE]
    num_whole = sum(map(ends_sentence, long))
    return len(long) > _LONG_SHARE * len(lines) and 2 * num_whole > len(long)


def _wrap_width(groups: Sequence[Sequence[str]]) -> int:
    """Return the 90th percentile of the width of lines that are followed by another in their paragraph."""
    widths = sorted(_width(line.strip()) for group in groups for line in group[:-1])
    return widths[len(widths) * 9 // 10] if widths else 0


def _is_verse(lines: Sequence[str], wrap_width: int) -> bool:
    """Return True if fewer than half of the line breaks can come from wrapping."""
    if wrap_width < _WRAP_WIDTH:
        return len(lines) > 1
    num_full = sum(
        _width(line) + 1 + _width(re.split(r"\s", following, maxsplit=1)[0][:20]) > _FULL * wrap_width
        for line, following in pairwise(lines)
    )
    return num_full * 2 < len(lines) - 1


def _split_at_indents(group: Sequence[str]) -> Iterator[list[str]]:
    """Split lines before each indented line between lines that are not indented."""
    indented = [bool(_INDENT.match(line)) for line in group]
    part = [group[0]]
    for number in range(1, len(group)):
        is_first_line = indented[number] and (
            group[number].startswith("\u3000")
            or (not indented[number - 1] and not (number + 1 < len(group) and indented[number + 1]))
        )
        if is_first_line:
            yield part
            part = []
        part.append(group[number])
    yield part


def _split_off_headings(lines: list[str]) -> Iterator[list[str]]:
    """Split off a heading from text directly below it, unless that is the title of the heading."""
    start = 0
    for number, line in enumerate(lines):
        heading = read_heading(line)
        if heading is None or heading.rank is Rank.NUMERAL or (number > start and line[0] not in "第卷上中下"):
            continue
        if number > start:
            yield lines[start:number]
            start = number
        if number + 1 < len(lines) and not _is_title_below(lines[number + 1 :]):
            yield lines[number : number + 1]
            start = number + 1
    if start < len(lines):
        yield lines[start:]


def _is_title_below(lines: list[str]) -> bool:
    if not Paragraph(tuple(lines[:3])).is_title:
        return False
    headings = [read_heading(line) for line in lines]
    return all(not found or found.rank is Rank.NAMED for found in headings)


def _width(line: str) -> int:
    """Width of a line; Chinese, Japanese and Korean characters fill two columns (Unicode annex 11)."""
    return len(line) + sum(unicodedata.east_asian_width(char) in "WF" for char in line)


def is_wide(char: str) -> bool:
    """Return True for Chinese and Japanese characters and punctuation, which need no spaces between words."""
    return bool(_WIDE.match(char))
