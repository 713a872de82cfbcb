"""What tests ask of a book that was read."""

from __future__ import annotations

from collections import Counter

from cosycli.documents.accounting import count_characters
from cosycli.documents.book import Book


def count_blocks(chapters):
    """The characters in all blocks that are not white space."""
    return sum(count_characters(block.text) for chapter in chapters for block in chapter.blocks)


def unaccounted(book: Book) -> int:
    """Characters of the source that are neither in a block nor left out; 0 or words were lost."""
    return book.num_characters - count_blocks(book.chapters) - sum(left.characters for left in book.left_out)


def outline(book: Book) -> list[tuple[int, str]]:
    """Level and title of each chapter."""
    return [(chapter.level, chapter.title) for chapter in book.chapters]


def texts(book: Book) -> list[str]:
    """The text of all blocks."""
    return [block.text for chapter in book.chapters for block in chapter.blocks]


def marked(book: Book) -> list[tuple[str, str, str]]:
    """Kind, value and characters of each mark."""
    return [
        (mark.kind.value, mark.value, block.text[mark.start : mark.end])
        for chapter in book.chapters
        for block in chapter.blocks
        for mark in block.marks
    ]


def left_out(book: Book) -> dict[str, int]:
    """How many places of each kind were left out."""
    counts: Counter[str] = Counter()
    for left in book.left_out:
        counts[left.kind] += left.count
    return dict(counts)
