"""Collects the tags and chapter marks of a file, and writes them as the ID3 tag of an MP3.

Tags have ffmpeg's names; series and subtitle have the names that Audiobookshelf reads ("Book audio metadata" in its
documentation). The ID3 tag is ID3v2.4 (id3.org, "ID3 tag version 2.4.0") with chapters ("ID3v2 Chapter Frame Addendum
1.0"). ffmpeg does not write it because its table of contents ends after 255 chapters, and players do not show its
comment.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import cosycli
from cosycli.documents.book import Metadata
from cosycli.publish.cover import Picture

GENRE = "Audiobook"
UTF8 = b"\x03"
FRONT_COVER = b"\x03"
NO_OFFSET = 0xFFFFFFFF  # no byte offset: players find a chapter by its time
TOP_LEVEL, ORDERED = 2, 1
MAX_ENTRIES = 255  # of a table of contents, which counts them in one byte; longer tables are nested
FRAME_NAMES = {
    "title": "TIT2",
    "artist": "TPE1",
    "album": "TALB",
    "album_artist": "TPE2",
    "composer": "TCOM",
    "genre": "TCON",
    "date": "TDRC",
    "publisher": "TPUB",
    "track": "TRCK",
}


@dataclass(frozen=True)
class Tags:
    """The tags that all files of a book share.

    Attributes:
        book: metadata of the source. Its narrator read another edition, and is omitted.
        voices: names of the voices, sorted by their share of the book.
        model: name of the model.
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
    """The title, and the start and end in samples, of a chapter of a file."""

    title: str
    start: int
    end: int


def book_tags(tags: Tags) -> dict[str, str]:
    """The tags of a file of a whole book; unknown values are omitted."""
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
    """The tags of a file of one chapter; `number` counts from 1."""
    return book_tags(tags) | {"title": tag_text(title), "track": f"{number}/{total}"}


def tag_text(text: str) -> str:
    """Remove what no format can contain: NUL, which ends a tag, carriage returns and lone surrogates."""
    text = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    return text.encode(errors="ignore").decode()


def id3_tag(tags: Mapping[str, str], marks: Sequence[ChapterMark], sample_rate: int, cover: Picture | None) -> bytes:
    """The ID3 tag with tags, chapters and cover; tags without a frame of their own become TXXX frames."""
    frames = [_frame(FRAME_NAMES[name], UTF8, text.encode()) for name, text in tags.items() if name in FRAME_NAMES]
    for name, text in tags.items():
        if name == "comment":
            frames.append(_frame("COMM", UTF8, b"eng", b"\0", text.encode()))
        elif name not in FRAME_NAMES:
            frames.append(_frame("TXXX", UTF8, name.encode() + b"\0", text.encode()))
    frames += _tables([_chapter_id(number) for number in range(len(marks))]) if marks else []
    frames += [_chapter(number, mark, sample_rate) for number, mark in enumerate(marks)]
    if cover is not None:
        frames.append(_frame("APIC", UTF8, cover.media_type.encode() + b"\0", FRONT_COVER, b"\0", cover.data))
    content = b"".join(frames)
    return b"ID3\x04\0\0" + _syncsafe(len(content)) + content


def _chapter_id(number: int) -> bytes:
    return f"chapter{number}".encode()


def _chapter(number: int, mark: ChapterMark, sample_rate: int) -> bytes:
    start, end = (round(1000 * samples / sample_rate) for samples in (mark.start, mark.end))  # milliseconds
    times = struct.pack(">4I", start, end, NO_OFFSET, NO_OFFSET)
    return _frame("CHAP", _chapter_id(number), b"\0", times, _frame("TIT2", UTF8, mark.title.encode()))


def _tables(chapters: Sequence[bytes]) -> Iterator[bytes]:
    """Yield the table of contents of all chapters; a long one refers to further tables, which follow."""
    if len(chapters) <= MAX_ENTRIES:
        yield _table(b"contents", chapters, TOP_LEVEL | ORDERED)
        return
    parts = [chapters[first : first + MAX_ENTRIES] for first in range(0, len(chapters), MAX_ENTRIES)]
    names = [f"contents{number}".encode() for number in range(len(parts))]
    yield _table(b"contents", names, TOP_LEVEL | ORDERED)
    for name, part in zip(names, parts, strict=True):
        yield _table(name, part, ORDERED)


def _table(name: bytes, entries: Sequence[bytes], flags: int) -> bytes:
    return _frame("CTOC", name, b"\0", bytes([flags, len(entries)]), *(entry + b"\0" for entry in entries))


def _frame(name: str, *contents: bytes) -> bytes:
    content = b"".join(contents)
    return name.encode() + _syncsafe(len(content)) + b"\0\0" + content


def _syncsafe(size: int) -> bytes:
    """A size as four bytes of seven bits, which cannot look like the start of an audio frame."""
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
