"""A document of a book, read: its blocks and the places where text was left out, in reading order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cosycli.documents.book import Block

__all__ = ["Omission", "Part", "ReadDocument"]


@dataclass(frozen=True)
class Omission:
    """A place where text was left out; `is_section` tells a whole section from a mark within a text."""

    kind: str
    characters: int
    title: str = ""
    is_section: bool = False


Part = Block | Omission


@dataclass(frozen=True)
class ReadDocument:
    """A document as parts in reading order.

    Attributes:
        title: of its head.
        anchors: for every `id`, which part begins there or is the first after it.
    """

    path: str
    title: str
    parts: tuple[Part, ...]
    anchors: Mapping[str, int]
