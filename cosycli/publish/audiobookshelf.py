"""Names files and folders, and lays a book out for the Audiobookshelf server: Author/Series/Title/, cover, metadata.

The folders follow its documentation, "Book Library Structure"; `metadata.json` follows its scanner.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from cosycli.documents.book import Metadata
from cosycli.folders import replacing, write_whole
from cosycli.publish.assembly import ChapterTimes
from cosycli.publish.cover import Picture
from cosycli.publish.tags import GENRE, Tags

# What Windows forbids (Microsoft, "Naming Files, Paths, and Namespaces"); macOS and Linux forbid a part of it.
FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff]+')
RESERVED = re.compile(r"(?i)(CON|PRN|AUX|NUL|COM[0-9¹²³]|LPT[0-9¹²³])(?=\.|$)")
MAX_BYTES = 120  # names may have 255, or 143 in an encrypted home; the rest is for the number, the suffix and .part
JOINERS = "\u200d\ufe0f"  # a name must not end in a character that joins it to the next one
ISBN = re.compile(r"[0-9]{9}[0-9X]|[0-9]{13}")


def book_folder(library: Path, book: Metadata) -> Path:
    """The folder of a book in a library; an unknown series or author has no folder."""
    parents = [safe_name(name, "Unknown") for name in (", ".join(book.authors), book.series) if name]
    if not book.authors:
        parents = []  # the server would read a series without an author as the author
    return library.joinpath(*parents, safe_name(book.title, "Untitled"))


def write_extras(folder: Path, tags: Tags, chapters: Sequence[ChapterTimes], cover: Picture | None) -> None:
    """Write `metadata.json` and the cover into the folder of a book.

    Raises:
        InputError: they cannot be written.
    """
    write_whole(folder / "metadata.json", json.dumps(_metadata(tags, chapters), ensure_ascii=False, indent=2))
    if cover is not None:
        with replacing(folder / f"cover{cover.suffix}") as part:
            part.write_bytes(cover.data)


def _metadata(tags: Tags, chapters: Sequence[ChapterTimes]) -> dict[str, object]:
    book = tags.book
    position = f" #{book.series_position}" if book.series_position else ""
    return {
        "tags": ["Synthetic speech"],
        "chapters": _marks(chapters),
        "title": book.title,
        "subtitle": book.subtitle or None,
        "authors": list(book.authors),
        "narrators": [tags.narrator],
        "series": [book.series + position] if book.series else [],
        "genres": [GENRE],
        "publishedYear": book.date[:4] or None,
        "publishedDate": book.date or None,
        "publisher": book.publisher or None,
        "description": "\n\n".join(text for text in (book.description, tags.comment) if text),
        "isbn": next((name for name in map(_isbn, book.identifiers) if name), None),
        "language": book.language or None,
        "explicit": False,
        "abridged": False,
    }


def _marks(chapters: Sequence[ChapterTimes]) -> list[dict[str, object]]:
    """The chapters, in seconds from the start of the first file."""
    marks: list[dict[str, object]] = []
    start_s = 0.0
    for number, chapter in enumerate(chapters):
        end_s = start_s + chapter.end_s - chapter.start_s
        marks.append({"id": number, "start": round(start_s, 3), "end": round(end_s, 3), "title": chapter.title})
        start_s = end_s
    return marks


def _isbn(identifier: str) -> str:
    """The number of an ISBN such as `urn:isbn:978-0-306-40615-7`, or an empty string."""
    number = identifier.upper().removeprefix("URN:").removeprefix("ISBN:").replace("-", "").strip()
    return number if ISBN.fullmatch(number) else ""


def safe_name(text: str, otherwise: str) -> str:
    """Turn `text` into the name of a file or folder that every system accepts; `otherwise` if nothing of it remains."""
    name = FORBIDDEN.sub(" ", unicodedata.normalize("NFC", text))
    name = " ".join(name.split()).encode()[:MAX_BYTES].decode(errors="ignore")
    name = name.rstrip(JOINERS).strip(". ")
    return RESERVED.sub(r"_\1", name, count=1) if RESERVED.match(name) else name or otherwise


def chapter_name(number: int, total: int, title: str) -> str:
    """The file name of a chapter, such as "07 - The Storm": unique, and sorted in the order of the chapters."""
    digits = max(2, len(str(total)))
    return f"{number:0{digits}} - {safe_name(title, 'Chapter')}"
