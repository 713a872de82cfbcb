"""Where the headings of a document cut its blocks into chapters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Sequence

from cosycli.documents.book import Block, BlockKind, Chapter
from cosycli.documents.headings import Rank, read_heading

__all__ = ["cut", "divide", "heading_title"]


def divide(blocks: Sequence[Block], title: str) -> Iterator[Chapter]:
    """The blocks in chapters; those before the first heading are a chapter called `title`.

    The highest level of heading that occurs more than once divides, or the highest if none does. What is called a part
    is divided further at the next level.
    """
    levels = Counter(block.level for block in blocks if block.kind is BlockKind.HEADING)
    level = min((level for level, count in levels.items() if count > 1), default=min(levels, default=0))
    for heading, part in cut(blocks, (level,)):
        chapter_title = heading_title(heading) if heading else title
        named = read_heading(chapter_title)
        inner_levels = {block.level for block in part[1:] if block.kind is BlockKind.HEADING}
        if named and named.rank is Rank.PART and inner_levels:
            for inner, within in cut(part, (min(inner_levels),)):
                yield Chapter(heading_title(inner), 2, within) if inner else Chapter(chapter_title, 1, within)
        else:
            yield Chapter(chapter_title, 1, part)


def cut(blocks: Sequence[Block], levels: Container[int]) -> Iterator[tuple[Block | None, tuple[Block, ...]]]:
    """The blocks cut before each heading of these levels, with that heading."""
    starts = [n for n, block in enumerate(blocks) if block.kind is BlockKind.HEADING and block.level in levels]
    if blocks and 0 not in starts:
        yield None, tuple(blocks[: starts[0] if starts else len(blocks)])
    for start, end in zip(starts, [*starts[1:], len(blocks)], strict=False):
        yield blocks[start], tuple(blocks[start:end])


def heading_title(heading: Block) -> str:
    """The words of a heading in one line."""
    return " ".join(heading.text.split())
