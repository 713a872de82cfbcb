"""What a file says about itself: its tags and chapter marks, under the names ffmpeg has for them.

Series and subtitle use the names that Audiobookshelf reads ("Book audio metadata" in its documentation).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import cosycli
from cosycli.documents.book import Metadata

__all__ = ["ChapterMark", "Tags", "book_tags", "chapter_tags", "ffmetadata", "parse_ffmetadata", "tag_text"]

GENRE = "Audiobook"
_ENTRY = re.compile(r"(?:[^\\\n]|\\[\s\S])+")  # a line of a metadata file; an escaped newline does not end it
_NAME = re.compile(r"(?<!\\)=")  # what ends the name of a tag


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


def ffmetadata(tags: Mapping[str, str], marks: Sequence[ChapterMark], sample_rate: int) -> str:
    """A metadata file for ffmpeg; see "Metadata" in the FFmpeg Formats Documentation."""
    lines = [";FFMETADATA1", *_assignments(tags)]
    for mark in marks:
        lines += ["[CHAPTER]", f"TIMEBASE=1/{sample_rate}", f"START={mark.start}", f"END={mark.end}"]
        lines += _assignments({"title": mark.title})
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Section:
    """A chapter as a file has it, in seconds."""

    title: str
    start_s: float
    end_s: float


def parse_ffmetadata(text: str) -> tuple[dict[str, str], list[Section]]:
    """The tags and chapters in a metadata file of ffmpeg's own writing."""
    tags: dict[str, str] = {}
    sections: list[dict[str, str]] = []
    for line in _ENTRY.findall(text):
        if line.startswith("["):
            sections.append({"kind": line})
        elif not line.startswith(";"):
            name, value = _NAME.split(line, maxsplit=1)
            (sections[-1] if sections else tags)[_unescape(name)] = _unescape(value)
    return tags, [_section(found) for found in sections if found["kind"] == "[CHAPTER]"]


def _section(found: Mapping[str, str]) -> Section:
    tick = Fraction(found["TIMEBASE"])
    return Section(found.get("title", ""), float(int(found["START"]) * tick), float(int(found["END"]) * tick))


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def _assignments(tags: Mapping[str, str]) -> Iterator[str]:
    for name, value in tags.items():
        escaped = "".join(f"\\{sign}" if sign in "=;#\\\n" else sign for sign in tag_text(value))
        # ffmpeg takes any backslash before the end of a line for one that escapes it.
        yield f"{name}={escaped} " if escaped.endswith("\\") else f"{name}={escaped}"


def tag_text(text: str) -> str:
    """Text as every format can hold it: lines end in newlines, no NUL, at which a tag would end, no half characters."""
    text = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    return text.encode(errors="ignore").decode()
