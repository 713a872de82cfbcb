"""How much a document says, counted apart from its reading: what is neither in a block nor left out would show."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from cosycli.documents.accounting import count_characters
from cosycli.documents.semantics import NOT_TEXT, is_note_reference, local_name
from cosycli.documents.unicode_form import to_nfc

__all__ = ["SourceCount", "count_source"]


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
