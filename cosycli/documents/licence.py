"""What Project Gutenberg puts before and after a book in HTML or EPUB, where no element marks it as such."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cosycli.documents.accounting import count_characters
from cosycli.documents.book import Block, Metadata
from cosycli.documents.document_parts import Omission, Part, ReadDocument
from cosycli.documents.gutenberg import read_gutenberg

__all__ = ["without_licence"]

_TITLE = "Project Gutenberg's header and licence"
_BETWEEN = "\n\n"


def without_licence(documents: Sequence[ReadDocument]) -> tuple[list[ReadDocument], Metadata]:
    """The documents with the blocks of header and licence left out, and what the header says of the book."""
    blocks = (part for document in documents for part in document.parts if isinstance(part, Block))
    gutenberg = read_gutenberg(_BETWEEN.join(block.text for block in blocks))
    if gutenberg is None:
        return list(documents), Metadata()
    start = len(gutenberg.header)
    end = start + len(gutenberg.body)
    position = 0
    kept: list[ReadDocument] = []
    for document in documents:
        parts: list[Part] = []
        for part in document.parts:
            is_licence = isinstance(part, Block) and not start <= position < end
            parts.append(_omission(part) if isinstance(part, Block) and is_licence else part)
            position += len(part.text) + len(_BETWEEN) if isinstance(part, Block) else 0
        kept.append(replace(document, parts=tuple(parts)))
    return kept, gutenberg.metadata


def _omission(block: Block) -> Omission:
    return Omission("licence", count_characters(block.text), _TITLE, is_section=True)
