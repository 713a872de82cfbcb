"""The account of a source's characters: how many it holds, and which of them no block holds, and why.

A source is counted apart from its reading: what is neither in a block nor left out would show.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from lxml import etree

from cosycli.documents.book import Block, Chapter, LeftOut
from cosycli.documents.plain_text import to_nfc
from cosycli.documents.semantics import NOT_TEXT, is_note_reference, local_name

__all__ = ["Account", "SourceCount", "count_blocks", "count_characters", "count_source"]


def count_characters(text: str) -> int:
    """Number of characters that are not white space."""
    return sum(map(len, text.split()))


def count_blocks(chapters: Iterable[Chapter]) -> int:
    """Number of characters in all blocks that are not white space."""
    blocks: Iterable[Block] = (block for chapter in chapters for block in chapter.blocks)
    return sum(count_characters(block.text) for block in blocks)


@dataclass(frozen=True)
class SourceCount:
    """Characters of a document that are not white space, and its references to notes."""

    characters: int
    note_references: int


def count_source(root: etree._Element, *, with_alt_text: bool = False) -> SourceCount:
    """Count the text in `root` (not after it) and, if they are read, the words that stand for pictures."""
    characters = note_references = 0
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        if event == "end":
            characters += _count(element.tail) if element is not root else 0
            continue
        name = local_name(element)
        if name in NOT_TEXT:
            walk.skip_subtree()
            continue
        characters += _count(element.text)
        if with_alt_text and name == "img":
            characters += _count(element.get("alt"))
        if element.attrib and is_note_reference(element, name):
            note_references += 1
    return SourceCount(characters, note_references)


def _count(text: str | None) -> int:
    return count_characters(to_nfc(text)) if text else 0


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
