"""A small book made ready to speak, and the times at which its segments are spoken."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cosycli.documents.book import Block, BlockKind, Book, Chapter, Metadata
from cosycli.script.book_script import BookScript, read_book_script
from cosycli.script.capabilities import Capabilities

SEGMENT_S, PAUSE_S, HEAD_S = 3.0, 0.5, 0.75


@dataclass(frozen=True)
class Times:
    """As `ChapterTimes` of the assembly."""

    title: str
    file: Path
    start_s: float
    end_s: float
    segments: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Told:
    """As `Assembly`."""

    chapters: tuple[Times, ...]


def heading(title: str) -> Block:
    return Block(BlockKind.HEADING, title, level=1)


def paragraph(text: str) -> Block:
    return Block(BlockKind.PARAGRAPH, text)


def book_of(*chapters: Chapter, metadata: Metadata | None = None, **facts: object) -> BookScript:
    """The script of a book, for a model without capabilities."""
    book = Book(metadata or Metadata("The Lake", authors=("Ada Example",), language="en"), chapters, 0, **facts)
    voices = ("michael",)
    return read_book_script(book, Capabilities(tags=(), styles=None, voices=voices, phonemes=("[R]", "[EH1]", "[D]")))


def tell(book: BookScript, *files: Path) -> Told:
    """Every segment lasts `SEGMENT_S`; the chapters follow each other in the one file, or have a file each."""
    chapters, start_s = [], 0.0
    for number, chapter in enumerate(book.chapters):
        start_s = 0.0 if len(files) > 1 else start_s
        begins = [start_s + HEAD_S + i * (SEGMENT_S + PAUSE_S) for i in range(len(chapter.script.segments))]
        end_s = (begins[-1] + SEGMENT_S if begins else start_s) + HEAD_S
        times = tuple((begin, begin + SEGMENT_S) for begin in begins)
        chapters.append(Times(chapter.chapter.title, files[number % len(files)], start_s, end_s, times))
        start_s = end_s
    return Told(tuple(chapters))
