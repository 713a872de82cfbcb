"""Where the sections of a book begin: the entries of its table of contents, found in its documents.

Several entries may lead to one place, an entry may lead below the heading it means, and documents may have none.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby

from cosycli.documents.book import Block, BlockKind
from cosycli.documents.headings import letters_of, same_title
from cosycli.documents.navigation import Target, TocEntry
from cosycli.documents.xhtml import Omission, Part, ReadDocument

__all__ = ["Section", "divide"]

MAX_PARTS_BELOW_HEADING = 30  # how far below the heading it means an entry may lead; 9 in the corpus


@dataclass(frozen=True)
class Section:
    """Parts of one document that belong together.

    Attributes:
        title: of its entry in the table of contents; None if it has none.
        depth: of that entry, else 1.
        target: where the entry leads, or the beginning of the document.
        is_whole: the section is all of its document.
        above: entries over this one that have no text of their own, such as the title of a part.
    """

    title: str | None
    depth: int
    target: Target
    parts: tuple[Part, ...]
    document: ReadDocument
    is_whole: bool
    above: tuple[TocEntry, ...] = ()

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        return tuple(part for part in self.parts if isinstance(part, Block))

    @cached_property
    def heading(self) -> Block | None:
        """The heading with which the section begins, if it begins with one."""
        first = next((block for block in self.blocks if block.text), None)
        return first if first is not None and first.kind is BlockKind.HEADING else None


@dataclass(frozen=True)
class _Start:
    """A section starts in the document of this number, before the part of this number.

    Attributes:
        above: entries over its own that lead nowhere, or to the same place.
    """

    document: int
    part: int
    entry: TocEntry | None = None
    above: tuple[TocEntry, ...] = ()

    @property
    def place(self) -> tuple[int, int]:
        return self.document, self.part


def divide(documents: Sequence[ReadDocument], entries: Sequence[TocEntry]) -> list[Section]:
    """All parts of all documents, in reading order, cut where an entry or a document begins.

    A book whose table of contents leads nowhere is cut at its headings.
    """
    starts = _starts_of_entries(documents, entries) or _without_title_page(
        documents, list(_starts_of_headings(documents))
    )
    at_top = {start.document for start in starts if start.part == 0}
    starts += [_Start(number, 0) for number in range(len(documents)) if number not in at_top]
    starts.sort(key=lambda start: start.place)
    ends = [*starts[1:], _Start(len(documents), 0)]
    sections = [_section(documents, start, end) for start, end in zip(starts, ends, strict=True)]
    return [section for section in sections if section.parts or section.title is not None]


def _section(documents: Sequence[ReadDocument], start: _Start, end: _Start) -> Section:
    document, entry = documents[start.document], start.entry
    is_last = end.document != start.document
    parts = document.parts[start.part : None if is_last else end.part]
    target = entry.target if entry and entry.target else Target(document.path)
    is_whole = start.part == 0 and is_last
    title, depth = (entry.title, entry.depth) if entry else (None, 1)
    return Section(title, depth, target, parts, document, is_whole, start.above)


def _starts_of_entries(documents: Sequence[ReadDocument], entries: Sequence[TocEntry]) -> list[_Start]:
    found = sorted(_find_entries(documents, entries), key=lambda start: start.place)
    groups = [list(group) for _, group in groupby(found, key=lambda start: start.place)]
    deepest: dict[tuple[int, int], _Start] = {}
    for number, group in enumerate(groups, 1):
        document, part = group[0].place
        after = groups[number][0] if number < len(groups) else None
        end = after.part if after and after.document == document else len(documents[document].parts)
        for start in _tell_apart(documents[document].parts[part:end], group):
            before = deepest.get(start.place)
            if before is None:
                deepest[start.place] = start
            elif _depth(start) >= _depth(before):
                deepest[start.place] = _below(before, start)
    return list(deepest.values())


def _below(before: _Start, start: _Start) -> _Start:
    """`start`, which takes the place of `before`: as its part or, where it is no deeper, instead of it."""
    is_part = before.entry is not None and _depth(before) < _depth(start)
    over = (before.entry,) if before.entry is not None and is_part else ()
    return replace(start, above=(*before.above, *over, *start.above))


def _depth(start: _Start) -> int:
    return start.entry.depth if start.entry else 0


def _find_entries(documents: Sequence[ReadDocument], entries: Sequence[TocEntry]) -> Iterator[_Start]:
    """Where each entry leads; one that only groups others, to its heading above the first of them."""
    numbers: dict[str, int] = {}
    for place, document in enumerate(documents):
        numbers.setdefault(document.path, place)
    groups: list[TocEntry] = []
    free_from: dict[int, int] = {}
    for entry in entries:
        if entry.target is None:
            groups.append(entry)
            continue
        number = numbers.get(entry.target.path)
        if number is not None:
            parts, anchors = documents[number].parts, documents[number].anchors
            part = anchors.get(entry.target.fragment, 0) if entry.target.fragment else 0
            above: list[TocEntry] = []
            for group in groups:
                heading = _heading_above(parts, part, free_from.get(number, 0), group.title)
                if heading is None:
                    above.append(group)
                    continue
                yield _Start(number, heading, group, tuple(above))
                free_from[number] = heading + 1
                above.clear()
            part = _with_headings_above(parts, part, free_from.get(number, 0), entry.title)
            yield _Start(number, part, entry, tuple(above))
            free_from[number] = part + 1
        groups.clear()


def _with_headings_above(parts: Sequence[Part], part: int, free_from: int, title: str) -> int:
    """Where the heading above this part stands that belongs to it: one with its title, or all there is above."""
    found = _heading_above(parts, part, free_from, title)
    if found is not None:
        return found
    begins_with_heading = part < len(parts) and _is_heading(parts[part])
    is_low = free_from == 0 and part <= MAX_PARTS_BELOW_HEADING
    return 0 if is_low and not begins_with_heading and all(map(_is_heading_or_mark, parts[:part])) else part


def _heading_above(parts: Sequence[Part], part: int, free_from: int, title: str) -> int | None:
    """The first heading with this title not far above this part."""
    lowest = max(free_from, part - MAX_PARTS_BELOW_HEADING)
    return next((number for number in range(lowest, part) if _has_title(parts[number], title)), None)


def _has_title(part: Part, title: str) -> bool:
    return isinstance(part, Block) and _is_heading(part) and same_title(part.text, title)


def _without_title_page(documents: Sequence[ReadDocument], starts: list[_Start]) -> list[_Start]:
    """The starts without those at the front that hold nothing but headings, such as the name of the author."""
    for number in range(len(starts) - 1):
        here, after = starts[number], starts[number + 1]
        parts = documents[here.document].parts[here.part : after.part]
        if here.document != after.document or not all(map(_is_heading_or_mark, parts)):
            return starts[number:]
    return starts[-1:]


def _is_heading(part: Part) -> bool:
    return isinstance(part, Block) and part.kind is BlockKind.HEADING


def _is_heading_or_mark(part: Part) -> bool:
    return _is_heading(part) or (isinstance(part, Omission) and not part.is_section)


def _tell_apart(parts: Sequence[Part], starts: Sequence[_Start]) -> Iterator[_Start]:
    """Entries that lead to one place, each at the heading that has its title, if there is one."""
    if len(starts) == 1:
        yield starts[0]
        return
    headings: dict[str, list[int]] = defaultdict(list)
    for number, part in enumerate(parts, starts[0].part):
        if isinstance(part, Block) and _is_heading(part):
            headings[letters_of(part.text)].append(number)
    cursor = starts[0].part
    for start in starts:
        numbers = headings.get(letters_of(start.entry.title if start.entry else ""), [])
        later = bisect_left(numbers, cursor)
        if later < len(numbers):
            cursor = numbers[later] + 1
            yield replace(start, part=numbers[later])
        else:
            yield start


def _starts_of_headings(documents: Sequence[ReadDocument]) -> Iterator[_Start]:
    """The headings of the highest rank that recurs: a single one above them is the title of the book.

    Without such headings, each document with a title of its own.
    """
    headings = [
        (number, index, part)
        for number, document in enumerate(documents)
        for index, part in enumerate(document.parts)
        if isinstance(part, Block) and part.kind is BlockKind.HEADING
    ]
    levels = Counter(block.level for _, _, block in headings)
    recurring = next((level for level in sorted(levels) if levels[level] > 1), min(levels, default=0))
    for number, index, block in headings:
        if block.level == recurring:
            yield _Start(number, index, TocEntry(" ".join(block.text.split()), 1, None))
    titles = Counter(document.title for document in documents)
    for number, document in enumerate(documents if not headings else ()):
        if document.title and titles[document.title] == 1:
            yield _Start(number, 0, TocEntry(document.title, 1, None))
