"""Finds the outline of a plain text: its list of contents, its page numbers, and the start of each chapter."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cosycli.documents.headings import HeadingLine, Rank, is_contents_title, numeral_value, read_heading
from cosycli.documents.text_layout import Paragraph, ends_sentence

_MAX_ENTRY = 60  # characters of an entry in a list of contents; lines of wrapped prose are longer
_MIN_ENTRY_SHARE = 0.7  # of the lines of a list of contents; some entries are long summaries
_PAGE = re.compile(r"(?<![\s.·…_])[\s.·…_]{2,}\d{1,4}\Z")  # "Rain ..... 12"
_PAGE_NUMBER = re.compile(r"[-–—\[(]?\s*(\d{1,4})\s*[-–—\])]?")
_MIN_IN_ORDER = 0.8  # share of the page numbers; some are missing or misread
_MIN_IN_SENTENCE = 0.25  # share of the page numbers; a chapter number never stands within a sentence


@dataclass(frozen=True)
class ChapterStart:
    """The heading of a chapter: the paragraphs `start` to `end`, a number and perhaps a title below it."""

    start: int
    end: int
    title: str
    level: int


def find_contents(paragraphs: Sequence[Paragraph]) -> range:
    """Return the range of paragraphs of the list of contents, with its title; empty if there is none."""
    for number, paragraph in enumerate(paragraphs):
        if is_contents_title(paragraph.lines[0]):
            return range(number, _contents_end(paragraphs, number))
    for number, paragraph in enumerate(paragraphs):
        if read_heading(paragraph.lines[0]):
            end = _restated_at(paragraphs, number, paragraph.lines[0])
            return range(number, end) if end - number > 2 and _is_list(paragraphs[number:end]) else range(0)
    return range(0)


def _contents_end(paragraphs: Sequence[Paragraph], start: int) -> int:
    """Return where the first entry recurs as a heading, else where prose starts."""
    entries = [(number, line) for number in range(start, len(paragraphs)) for line in paragraphs[number].lines][1:]
    if not entries:
        return start + 1
    first_number, first = entries[0]
    end = _restated_at(paragraphs, first_number, first)
    if start < end and _is_list(paragraphs[start:end]):
        return end
    end = next((n for n in range(first_number, len(paragraphs)) if _is_prose(paragraphs[n])), len(paragraphs))
    while end - 1 > first_number and _belongs_to_text(paragraphs[end - 1]):
        end -= 1
    return end


def _restated_at(paragraphs: Sequence[Paragraph], number: int, entry: str) -> int:
    """Return the paragraph after `number` that starts like the entry, or 0: "I" restates "I Introduction ... 3"."""
    words = _words(entry)
    for later in range(number + 1, len(paragraphs)):
        line = paragraphs[later].lines[0]
        start = _words(line)
        if start == words or (start and start == words[: len(start)] and read_heading(line)):
            return later
    return 0


def _is_list(paragraphs: Sequence[Paragraph]) -> bool:
    """Return True if most lines are shorter than lines of prose."""
    lines = [line for paragraph in paragraphs for line in paragraph.lines]
    return sum(len(line) <= _MAX_ENTRY for line in lines) > _MIN_ENTRY_SHARE * len(lines)


def _is_prose(paragraph: Paragraph) -> bool:
    return len(paragraph.text) > 2 * _MAX_ENTRY and not _is_list([paragraph])


def _belongs_to_text(paragraph: Paragraph) -> bool:
    heading = read_heading(paragraph.lines[0])
    return bool(heading) and paragraph.is_title


def _words(line: str) -> list[str]:
    return re.findall(r"\w+", _PAGE.sub("", line.strip()).casefold() or line.casefold())


def find_page_numbers(paragraphs: Sequence[Paragraph]) -> set[int]:
    """Return the paragraphs that are page numbers: they count up by one, and some stand within sentences."""
    found = [(n, match) for n, p in enumerate(paragraphs) if (match := _PAGE_NUMBER.fullmatch(p.text))]
    values = [int(match[1]) for _, match in found]
    num_in_order = sum(after == before + 1 for before, after in pairwise(values))
    num_in_sentence = sum(number > 0 and not ends_sentence(paragraphs[number - 1].text) for number, _ in found)
    if len(found) < 3 or num_in_order < _MIN_IN_ORDER * (len(found) - 1):
        return set()
    return {number for number, _ in found} if num_in_sentence > _MIN_IN_SENTENCE * len(found) else set()


def find_chapter_starts(
    paragraphs: Sequence[Paragraph], contents: Sequence[Paragraph], contents_at: int
) -> list[ChapterStart]:
    """Return the chapter starts in order; `contents` was removed from the paragraphs before index `contents_at`."""
    found = list(_candidates(paragraphs, contents, contents_at))
    found = _drop_other_numerals(paragraphs, found)
    ranks = sorted({heading.rank for _, heading in found} - {Rank.NAMED})
    titled = {rank for rank in Rank if _have_titles_below(paragraphs, [pair for pair in found if pair[1].rank is rank])}
    starts: list[ChapterStart] = []
    for start, heading in found:
        if starts and start < starts[-1].end:
            continue  # the title below a number
        has_title_below = heading.rank in titled and _title_below(paragraphs, start, heading)
        end = start + 2 if has_title_below else start + 1
        title = _title([paragraph.text.replace("\n", " ") for paragraph in paragraphs[start:end]])
        level = ranks.index(heading.rank) + 1 if heading.rank in ranks else 1
        starts.append(ChapterStart(start, end, title, level))
    return starts


def _candidates(
    paragraphs: Sequence[Paragraph], contents: Sequence[Paragraph], contents_at: int
) -> Iterator[tuple[int, HeadingLine]]:
    """Yield the paragraphs that look like headings, or that the list of contents names."""
    listed = {tuple(_words(line)) for paragraph in contents for line in paragraph.lines}
    for number, paragraph in enumerate(paragraphs):
        heading = read_heading(paragraph.lines[0])
        title = Paragraph(paragraph.lines[1:])
        if heading and (not title.lines or (heading.rank is not Rank.NUMERAL and title.is_title)):
            yield number, HeadingLine(heading.rank, heading.has_title or bool(title.lines))
        elif number >= contents_at and not title.lines and tuple(_words(paragraph.lines[0])) in listed:
            yield number, HeadingLine(Rank.CHAPTER, has_title=True)


def _drop_other_numerals(
    paragraphs: Sequence[Paragraph], found: Sequence[tuple[int, HeadingLine]]
) -> list[tuple[int, HeadingLine]]:
    """Drop the numerals that do not count from one in each part with text between, or all if there are chapters."""
    has_chapters = any(heading.rank is Rank.CHAPTER for _, heading in found)
    numerals = {number for number, heading in found if heading.rank is Rank.NUMERAL and not has_chapters}
    counted: set[int] = set()
    last, last_number = 0, -2
    for number, heading in found:
        if heading.rank is Rank.PART:
            last = 0
        elif number in numerals and numeral_value(paragraphs[number].text) == last + 1 and number > last_number + 1:
            last, last_number = last + 1, number
            counted.add(number)
    counted = counted if len(counted) > 1 else set()
    return [(number, heading) for number, heading in found if heading.rank is not Rank.NUMERAL or number in counted]


def _have_titles_below(paragraphs: Sequence[Paragraph], found: Sequence[tuple[int, HeadingLine]]) -> bool:
    """Return True if most headings that are only a number have a title in the next paragraph."""
    bare = [(number, heading) for number, heading in found if not heading.has_title]
    return 2 * sum(_title_below(paragraphs, number, heading) for number, heading in bare) > len(bare)


def _title_below(paragraphs: Sequence[Paragraph], number: int, heading: HeadingLine) -> bool:
    if heading.has_title or heading.rank is Rank.NAMED or number + 1 >= len(paragraphs):
        return False
    below = read_heading(paragraphs[number + 1].lines[0])
    return paragraphs[number + 1].is_title and (
        below is None or (below.rank is Rank.NAMED and heading.rank is not Rank.PART)
    )


def _title(lines: Sequence[str]) -> str:
    """Join a number and a title: "I" and "The Machine" -> "I: The Machine", "II." and "Home" -> "II. Home"."""
    number, *rest = (line.replace("_", "") for line in lines)
    return f"{number}{' ' if number[-1] in '.:—-' else ': '}{rest[0]}" if rest else number
