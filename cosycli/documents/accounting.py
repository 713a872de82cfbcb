"""The account of a source's characters: which of them no block holds, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from cosycli.documents.book import Block, Chapter, LeftOut

__all__ = ["Account", "count_blocks", "count_characters"]


def count_characters(text: str) -> int:
    """Number of characters that are not white space."""
    return sum(map(len, text.split()))


def count_blocks(chapters: Iterable[Chapter]) -> int:
    """Number of characters in all blocks that are not white space."""
    blocks: Iterable[Block] = (block for chapter in chapters for block in chapter.blocks)
    return sum(count_characters(block.text) for block in blocks)


@dataclass
class Account:
    """Collects what is left out; places of one kind, title and reason become one entry."""

    _entries: dict[tuple[str, str, str], tuple[int, int]] = field(default_factory=dict)

    def leave_out(self, kind: str, reason: str, characters: int, *, title: str = "", count: int = 1) -> None:
        """Note `count` places that hold `characters` characters that are not white space."""
        places, total = self._entries.get((kind, title, reason), (0, 0))
        self._entries[kind, title, reason] = (places + count, total + characters)

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """The entries in the order in which their first place was noted."""
        return tuple(
            LeftOut(kind, title, reason, count, characters)
            for (kind, title, reason), (count, characters) in self._entries.items()
        )
