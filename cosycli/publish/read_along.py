"""A book to read along with: an EPUB 3 whose sentences light up while they are spoken (media overlays)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from cosycli.documents.book import Chapter
from cosycli.errors import UsageError
from cosycli.publish.chapter_page import PAGE_ID, STYLESHEET, chapter_page, is_language, page, span_id, text
from cosycli.publish.epub_package import ACTIVE_CLASS, Item, Package, clock, write_package
from cosycli.publish.tags import Tags

if TYPE_CHECKING:
    from cosycli.publish.assembly import Assembly, ChapterTimes
    from cosycli.script.book_script import BookScript, ChapterScript

__all__ = ["write_read_along"]

# The audio and images that every reading system plays and shows: "EPUB 3.3", 3.2 Core media types.
AUDIO_TYPES = {".m4a": "audio/mp4", ".m4b": "audio/mp4", ".mp4": "audio/mp4", ".mp3": "audio/mpeg"}
COVER_SUFFIXES = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/svg+xml": "svg"}
COLOPHON, ABOUT = "colophon.xhtml", "About this edition"
STYLE = f"""
.verse {{ margin-left: 2em; }}
.{ACTIVE_CLASS} {{ background-color: #fff3a0; color: #000; }}
"""


def write_read_along(target: Path, book: BookScript, assembly: Assembly, tags: Tags, modified: datetime) -> None:
    """Write the book's text and its sound as one EPUB.

    EPUBCheck before 5.0 runs out of stack at some thousand sentences (github.com/w3c/epubcheck/issues/1358); it accepts
    them with `java -Xss64m`.

    Args:
        book: its segments are those the assembly has times for.
        assembly: its files are M4A, M4B or MP3, a chapter in each or all in one.
        modified: with a time zone; equal times give equal files.

    Raises:
        UsageError: the audio is of a kind that EPUB does not take.
        InputError: the EPUB cannot be written.
    """
    language = tags.book.language if is_language(tags.book.language) else _spoken_language(book)
    audio = _audio_items(assembly)
    chapters = list(zip(book.chapters, assembly.chapters, strict=True))
    items = [
        Item("nav", "nav.xhtml", "application/xhtml+xml", _contents_page(book, tags, language), properties="nav"),
        Item("style", STYLESHEET, "text/css", STYLE),
        *_cover_items(book),
        *(
            item
            for number, (chapter, times) in enumerate(chapters, start=1)
            for item in _chapter_items(number, chapter, times, audio[times.file].href, language, book)
        ),
        Item("colophon", COLOPHON, "application/xhtml+xml", _colophon(tags), is_page=True),
        *audio.values(),
    ]
    write_package(target, Package(tags, language, modified, items))


def _spoken_language(book: BookScript) -> str:
    """What most segments are in."""
    counts = Counter(segment.language for chapter in book.chapters for segment in chapter.script.segments)
    return counts.most_common(1)[0][0] if counts else "und"


def _audio_items(assembly: Assembly) -> dict[Path, Item]:
    """The audio files in the order of their first chapters."""
    items: dict[Path, Item] = {}
    for file in dict.fromkeys(chapter.file for chapter in assembly.chapters):
        suffix = file.suffix.lower()
        if suffix not in AUDIO_TYPES:
            raise UsageError(
                f"An EPUB cannot hold {file.name}.",
                "A read-along needs --format m4b, m4a or mp3, which every reader plays.",
            )
        number = len(items) + 1
        items[file] = Item(f"audio{number}", f"audio{number:04d}{suffix}", AUDIO_TYPES[suffix], file)
    return items


def _cover_items(book: BookScript) -> Iterator[Item]:
    cover = book.book.cover
    if cover is not None and cover.media_type in COVER_SUFFIXES:
        suffix = COVER_SUFFIXES[cover.media_type]
        yield Item("cover", f"cover.{suffix}", cover.media_type, cover.data, properties="cover-image")


def _chapter_items(
    number: int, chapter: ChapterScript, times: ChapterTimes, audio: str, language: str, book: BookScript
) -> Iterator[Item]:
    """The page, and the overlay where anything of it is spoken."""
    href = _href(number)
    content = chapter_page(chapter, language, book.book.obeys_markup)
    clips = _clips(times)
    overlay = f"overlay{number}" if clips else ""
    yield Item(f"chapter{number}", href, "application/xhtml+xml", content, overlay=overlay, is_page=True)
    if clips:
        length_ms = sum(end - start for _, start, end in clips)
        smil = _overlay(href, audio, clips)
        yield Item(overlay, f"chapter{number:04d}.smil", "application/smil+xml", smil, overlay_ms=length_ms)


def _clips(times: ChapterTimes) -> list[tuple[int, int, int]]:
    """Number, start and end of the sound of each segment, in milliseconds of the file.

    Players go from clip to clip, so that what lies between two is never heard: a clip lasts until the next begins, and
    the pauses stay.
    """
    starts = [start_s for start_s, _ in times.segments]
    edges = [round(1000 * edge_s) for edge_s in (times.start_s, *starts[1:], times.end_s)] if starts else []
    clips = ((number, start, end) for number, (start, end) in enumerate(pairwise(edges), start=1))
    return [(number, start, end) for number, start, end in clips if start < end]


def _overlay(page_href: str, audio: str, clips: Sequence[tuple[int, int, int]]) -> str:
    """The media overlay of a page ("EPUB 3.3", 9 Media overlays)."""
    return "\n".join(
        (
            '<?xml version="1.0" encoding="utf-8"?>',
            '<smil xmlns="http://www.w3.org/ns/SMIL" xmlns:epub="http://www.idpf.org/2007/ops" version="3.0">',
            f'<body><seq id="chapter" epub:textref="{page_href}#{PAGE_ID}" epub:type="chapter">',
            *(
                f'<par id="p{number}"><text src="{page_href}#{span_id(number)}"/>'
                f'<audio src="{audio}" clipBegin="{clock(start)}" clipEnd="{clock(end)}"/></par>'
                for number, start, end in clips
            ),
            "</seq></body>",
            "</smil>",
            "",
        )
    )


def _contents_page(book: BookScript, tags: Tags, language: str) -> str:
    entries = [(_href(number), chapter.chapter) for number, chapter in enumerate(book.chapters, start=1)]
    colophon = (COLOPHON, Chapter(ABOUT, 0, ()))
    contents = _nested_list([*entries, colophon])
    return page(tags.book.title, language, '<nav epub:type="toc">', contents, "</nav>")


def _nested_list(entries: Sequence[tuple[str, Chapter]]) -> str:
    """Chapters as a list; those of a deeper level are a list inside the one before."""
    items, first = [], 0
    while first < len(entries):
        href, chapter = entries[first]
        last = first + 1
        while last < len(entries) and entries[last][1].level > chapter.level:
            last += 1
        inner = _nested_list(entries[first + 1 : last]) if last > first + 1 else ""
        items.append(f'<li><a href="{href}">{text(chapter.title.strip()) or "…"}</a>{inner}</li>')
        first = last
    return "<ol>\n{}\n</ol>".format("\n".join(items))


def _colophon(tags: Tags) -> str:
    return page(ABOUT, "en", "<section>", f"<p>{text(tags.comment)}</p>", "</section>")


def _href(number: int) -> str:
    return f"chapter{number:04d}.xhtml"
