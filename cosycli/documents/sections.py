"""Divides the documents of a book into sections, at the entries of its table of contents.

Several entries may point to one place, an entry may point below the heading that it means, and a document may have no
entry.
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
from cosycli.documents.navigation import LinkTarget, TocEntry
from cosycli.documents.xhtml import DocumentPart, Omission, ReadDocument

MAX_PARTS_BELOW_HEADING = 30  # how far below its heading an entry may point; 9 in the corpus


@dataclass(frozen=True)
class Section:
    """Consecutive parts of one document under one entry of the table of contents.

    Attributes:
        title: title of the entry; None without an entry.
        depth: depth of the entry, 1 without an entry.
        target: where the entry points, or the start of the document.
        is_whole: the section is a whole document.
        above: parent entries that have no text of their own, such as the title of a part.
    """

    title: str | None
    depth: int
    target: LinkTarget
    parts: tuple[DocumentPart, ...]
    document: ReadDocument
    is_whole: bool
    above: tuple[TocEntry, ...] = ()

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        return tuple(part for part in self.parts if isinstance(part, Block))

    @cached_property
    def heading(self) -> Block | None:
        """The heading at the start of the section, if there is one."""
        first = next((block for block in self.blocks if block.text), None)
        return first if first is not None and first.kind is BlockKind.HEADING else None


@dataclass(frozen=True)
class _Start:
    """The start of a section: the index of a document, and of a part in it.

    Attributes:
        above: parent entries without a target, or with the same one.
    """

    document: int
    part: int
    entry: TocEntry | None = None
    above: tuple[TocEntry, ...] = ()

    @property
    def position(self) -> tuple[int, int]:
        return self.document, self.part


def divide_into_sections(documents: Sequence[ReadDocument], entries: Sequence[TocEntry]) -> list[Section]:
    """Divide all documents, in reading order, where an entry or a document starts.

    A book without a usable table of contents is divided at its headings.
    """
    starts = _starts_of_entries(documents, entries) or _without_title_page(
        documents, list(_starts_of_headings(documents))
    )
    at_top = {start.document for start in starts if start.part == 0}
    starts += [_Start(number, 0) for number in range(len(documents)) if number not in at_top]
    starts.sort(key=lambda start: start.position)
    ends = [*starts[1:], _Start(len(documents), 0)]
    sections = [_section(documents, start, end) for start, end in zip(starts, ends, strict=True)]
    return [section for section in sections if section.parts or section.title is not None]


def _section(documents: Sequence[ReadDocument], start: _Start, end: _Start) -> Section:
    document, entry = documents[start.document], start.entry
    is_last = end.document != start.document
    parts = document.parts[start.part : None if is_last else end.part]
    target = entry.target if entry and entry.target else LinkTarget(document.path)
    is_whole = start.part == 0 and is_last
    title, depth = (entry.title, entry.depth) if entry else (None, 1)
    return Section(title, depth, target, parts, document, is_whole, start.above)


def _starts_of_entries(documents: Sequence[ReadDocument], entries: Sequence[TocEntry]) -> list[_Start]:
    found = sorted(_find_entries(documents, entries), key=lambda start: start.position)
    groups = [list(group) for _, group in groupby(found, key=lambda start: start.position)]
    deepest: dict[tuple[int, int], _Start] = {}
    for number, group in enumerate(groups, 1):
        document, part = group[0].position
        after = groups[number][0] if number < len(groups) else None
        end = after.part if after and after.document == document else len(documents[document].parts)
        for start in _distinguish(documents[document].parts[part:end], group):
            before = deepest.get(start.position)
            if before is None:
                deepest[start.position] = start
            elif _depth(start) >= _depth(before):
                deepest[start.position] = _nest(before, start)
    return list(deepest.values())


def _nest(before: _Start, start: _Start) -> _Start:
    """Return `start` with `before`, which has the same position, as its parent if `start` is deeper."""
    is_part = before.entry is not None and _depth(before) < _depth(start)
    over = (before.entry,) if before.entry is not None and is_part else ()
    return replace(start, above=(*before.above, *over, *start.above))


def _depth(start: _Start) -> int:
    return start.entry.depth if start.entry else 0


def _find_entries(documents: Sequence[ReadDocument], entries: Sequence[TocEntry]) -> Iterator[_Start]:
    """Locate each entry; an entry without a target is located at its heading above the entry after it."""
    numbers: dict[str, int] = {}
    for index, document in enumerate(documents):
        numbers.setdefault(document.path, index)
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


def _with_headings_above(parts: Sequence[DocumentPart], part: int, free_from: int, title: str) -> int:
    """Return the index of the heading above a part: one with its title, or 0 if only headings precede it."""
    found = _heading_above(parts, part, free_from, title)
    if found is not None:
        return found
    begins_with_heading = part < len(parts) and _is_heading(parts[part])
    is_low = free_from == 0 and part <= MAX_PARTS_BELOW_HEADING
    return 0 if is_low and not begins_with_heading and all(map(_is_heading_or_mark, parts[:part])) else part


def _heading_above(parts: Sequence[DocumentPart], part: int, free_from: int, title: str) -> int | None:
    """Return the index of the first heading with this title close above a part, or None."""
    lowest = max(free_from, part - MAX_PARTS_BELOW_HEADING)
    return next((number for number in range(lowest, part) if _has_title(parts[number], title)), None)


def _has_title(part: DocumentPart, title: str) -> bool:
    return isinstance(part, Block) and _is_heading(part) and same_title(part.text, title)


def _without_title_page(documents: Sequence[ReadDocument], starts: list[_Start]) -> list[_Start]:
    """Drop starts at the front with nothing but headings below them, such as the name of the author."""
    for number in range(len(starts) - 1):
        here, after = starts[number], starts[number + 1]
        parts = documents[here.document].parts[here.part : after.part]
        if here.document != after.document or not all(map(_is_heading_or_mark, parts)):
            return starts[number:]
    return starts[-1:]


def _is_heading(part: DocumentPart) -> bool:
    return isinstance(part, Block) and part.kind is BlockKind.HEADING


def _is_heading_or_mark(part: DocumentPart) -> bool:
    return _is_heading(part) or (isinstance(part, Omission) and not part.is_section)


def _distinguish(parts: Sequence[DocumentPart], starts: Sequence[_Start]) -> Iterator[_Start]:
    """Move entries that point to one place to the headings with their titles, where there are any."""
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
    """Yield a start at each heading of the highest level that recurs: a single one above is the title of the book.

    Without headings, yield a start at each document with a title that no other document has.
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
