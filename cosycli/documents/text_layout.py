"""Paragraphs of a plain text: where one ends, and which of its line ends an editor put there.

Three habits are known: paragraphs between blank lines, wrapped to a width; one paragraph to a line; and paragraphs told
apart by their indented first line.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from cosycli.documents.headings import Rank, read_heading

__all__ = ["Paragraph", "ends_sentence", "is_wide", "read_paragraphs"]

_LONG_LINE = 100  # columns; texts are wrapped at 65 to 80
_LONG_SHARE = 0.05  # of the lines, from which on lines were not wrapped
_WRAP_WIDTH = 40  # columns; an editor who breaks lines lets them grow longer than this
_FULL = 0.8  # of the wrap width: what a line and the first word of the next exceed where an editor broke the line
_TITLE_LINE = 60  # columns; the longest title under a chapter's number in the corpus has 29
_ENDS_SENTENCE = re.compile(r"[.,;!?…。．！？；，：:—-][\"'”’»“」』)）]*\Z|[”’»」』]\Z")
_INDENT = re.compile(r"\u3000|[ \t]{2,}")


@dataclass(frozen=True)
class Paragraph:
    """Lines that belong together, without the white space around them; `is_verse` if their ends are meant."""

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
    """True if a sentence or a clause of it ends with the line."""
    return bool(_ENDS_SENTENCE.search(line))


def _join_lines(lines: Sequence[str]) -> str:
    """The lines as one, with a space between words but none between Chinese or Japanese characters."""
    joined = lines[0]
    for before, after in pairwise(lines):
        joined += after if is_wide(before[-1]) and is_wide(after[0]) else f" {after}"
    return joined


def read_paragraphs(text: str) -> list[Paragraph]:
    """The paragraphs of `text`; between them they hold all of it but white space."""
    lines = [line.rstrip() for line in text.replace("\f", "\n\n").splitlines()]
    filled = [line for line in lines if line]
    groups = [list(group) for has_text, group in groupby(lines, key=bool) if has_text]
    if _are_paragraphs(filled):
        return [Paragraph((line.strip(),)) for line in filled]
    wrap_width = _wrap_width(groups)
    return [
        Paragraph(tuple(stripped), _is_verse(stripped, wrap_width))
        for group in groups
        for part in _part_indented(group)
        for stripped in _part_headings([line.strip() for line in part])
    ]


def _are_paragraphs(lines: Sequence[str]) -> bool:
    """True when lines are long, and the long ones end where sentences do."""
    long = [line for line in lines if _width(line) > _LONG_LINE]
    num_whole = sum(map(ends_sentence, long))
    return len(long) > _LONG_SHARE * len(lines) and 2 * num_whole > len(long)


def _wrap_width(groups: Sequence[Sequence[str]]) -> int:
    """Columns that nine in ten of the lines that go on in a next one keep within."""
    widths = sorted(_width(line.strip()) for group in groups for line in group[:-1])
    return widths[len(widths) * 9 // 10] if widths else 0


def _is_verse(lines: Sequence[str], wrap_width: int) -> bool:
    """True when fewer than half of the line ends can be an editor's."""
    if wrap_width < _WRAP_WIDTH:
        return len(lines) > 1
    num_full = sum(
        _width(line) + 1 + _width(re.split(r"\s", following, maxsplit=1)[0][:20]) > _FULL * wrap_width
        for line, following in pairwise(lines)
    )
    return num_full * 2 < len(lines) - 1


def _part_indented(group: Sequence[str]) -> Iterator[list[str]]:
    """The group cut before each indented line that follows and is followed by lines that are not, or by the end."""
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


def _part_headings(lines: list[str]) -> Iterator[list[str]]:
    """A heading with text right under it, which is not the rest of the heading, becomes a paragraph of its own."""
    start = 0
    for number, line in enumerate(lines):
        heading = read_heading(line)
        if heading is None or heading.rank is Rank.NUMERAL or (number > start and not _is_han(line)):
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


def _is_han(line: str) -> bool:
    return line[0] in "第卷上中下"


def _width(line: str) -> int:
    return len(line) + sum(map(is_wide, line))


def is_wide(char: str) -> bool:
    """True for characters two columns wide, such as Chinese ones (Unicode annex 11)."""
    return unicodedata.east_asian_width(char) in "WF"
