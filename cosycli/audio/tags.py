"""What a file says about itself: its tags, under the names ffmpeg has for them, and its chapter marks.

Series and subtitle use the names that Audiobookshelf reads ("Book audio metadata" in its documentation).
"""

from __future__ import annotations

from dataclasses import dataclass

import cosycli
from cosycli.documents.book import Metadata

__all__ = ["GENRE", "ChapterMark", "Tags", "book_tags", "chapter_tags", "tag_text"]

GENRE = "Audiobook"


@dataclass(frozen=True)
class Tags:
    """What all files of a book say.

    Attributes:
        book: as the source says. Its narrator read another edition, and is not named.
        voices: names of the voices that are heard, the one that is heard most first.
        model: what they speak with.
    """

    book: Metadata
    voices: tuple[str, ...]
    model: str

    @property
    def narrator(self) -> str:
        return f"{', '.join(self.voices)} (synthetic voice)"

    @property
    def comment(self) -> str:
        voices = "voice" if len(self.voices) == 1 else "voices"
        names = ", ".join(self.voices)
        return f"Synthetic speech: {voices} {names}, model {self.model}, made by cosy {cosycli.__version__}."


@dataclass(frozen=True)
class ChapterMark:
    """A chapter of a file: its title, and its start and end in samples."""

    title: str
    start: int
    end: int


def book_tags(tags: Tags) -> dict[str, str]:
    """What a file of a whole book says; nothing is said that is not known."""
    book = tags.book
    authors = ", ".join(book.authors)
    known = {
        "title": book.title,
        "artist": authors,
        "album": book.title,
        "album_artist": authors,
        "composer": tags.narrator,
        "genre": GENRE,
        "date": book.date,
        "comment": tags.comment,
        "description": book.description,
        "subtitle": book.subtitle,
        "publisher": book.publisher,
        "language": book.language,
        "series": book.series,
        "series-part": book.series_position,
    }
    return {name: tag_text(value) for name, value in known.items() if value}


def chapter_tags(tags: Tags, title: str, number: int, total: int) -> dict[str, str]:
    """What the file of one chapter says; `number` counts from 1."""
    return book_tags(tags) | {"title": tag_text(title), "track": f"{number}/{total}"}


def tag_text(text: str) -> str:
    """Text as every format can hold it: lines end in newlines, no NUL, at which a tag would end, no half characters."""
    text = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    return text.encode(errors="ignore").decode()
