"""Counts the characters of a source, and records which of them are in no block, and why.

A source is counted independently of the reader that turns it into blocks: the difference shows text that was lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

from cosycli.documents.book import LeftOut
from cosycli.documents.plain_text import to_nfc
from cosycli.documents.semantics import NOT_TEXT, is_note_reference, local_name


def count_characters(text: str) -> int:
    """Return the number of characters that are not white space."""
    return sum(map(len, text.split()))


@dataclass(frozen=True)
class SourceCount:
    """The number of non-space characters of a document, and of its references to notes."""

    characters: int
    note_references: int


def count_source(root: etree._Element, *, with_alt_text: bool = False) -> SourceCount:
    """Count the text in `root` (not its tail) and, with `with_alt_text`, the alternative texts of images."""
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
    """Collects what is left out; omissions with the same kind, title and reason become one entry."""

    _entries: dict[tuple[str, str, str], tuple[int, int]] = field(default_factory=dict)

    def leave_out(self, kind: str, reason: str, characters: int, *, title: str = "", count: int = 1) -> None:
        """Record `count` omissions that hold `characters` non-space characters in all."""
        num_before, total = self._entries.get((kind, title, reason), (0, 0))
        self._entries[kind, title, reason] = (num_before + count, total + characters)

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """The entries, in the order in which each was first recorded."""
        return tuple(
            LeftOut(kind, title, reason, count, characters)
            for (kind, title, reason), (count, characters) in self._entries.items()
        )
