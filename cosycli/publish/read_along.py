"""Makes a read-along: an EPUB 3 whose sentences are highlighted while they are spoken (media overlays)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from cosycli.errors import UsageError
from cosycli.publish.chapter_page import PAGE_ID, chapter_page, is_language, page, span_id, text
from cosycli.publish.epub_writer import AUDIO_TYPES, Overlay, Page, Publication, clock, write_epub
from cosycli.publish.tags import Tags

if TYPE_CHECKING:
    from cosycli.publish.assembly import Assembly, ChapterTimes
    from cosycli.script.book_script import BookScript

ABOUT = "About this edition"


def write_read_along(target: Path, book: BookScript, assembly: Assembly, tags: Tags, modified: datetime) -> None:
    """Write the text and the sound of a book as one EPUB.

    EPUBCheck before 5.0 overflows its stack at some thousand sentences (github.com/w3c/epubcheck/issues/1358); with
    `java -Xss64m` it accepts them.

    Args:
        book: its segments are those of the assembly.
        assembly: its files are M4A, M4B or MP3, with one chapter each or all in one.
        modified: with a time zone; equal times give equal files.

    Raises:
        UsageError: EPUB does not support the type of the audio.
        InputError: the EPUB cannot be written.
    """
    language = tags.book.language if is_language(tags.book.language) else _spoken_language(book)
    audio = _audio_names(assembly)
    pages = [*_pages(book, assembly, audio, language), _colophon(tags)]
    files = {name: file for file, name in audio.items()}
    write_epub(target, Publication(tags, language, modified, pages, files, book.book.cover))


def _spoken_language(book: BookScript) -> str:
    """The language of most segments."""
    counts = Counter(segment.language for chapter in book.chapters for segment in chapter.script.segments)
    return counts.most_common(1)[0][0] if counts else "und"


def _audio_names(assembly: Assembly) -> dict[Path, str]:
    names: dict[Path, str] = {}
    for file in dict.fromkeys(chapter.file for chapter in assembly.chapters):
        if file.suffix.lower() not in AUDIO_TYPES:
            raise UsageError(
                f"An EPUB cannot hold {file.name}.",
                "A read-along needs --format m4b, m4a or mp3, which every reader plays.",
            )
        names[file] = f"audio{len(names) + 1:04d}{file.suffix.lower()}"
    return names


def _pages(book: BookScript, assembly: Assembly, audio: dict[Path, str], language: str) -> Iterator[Page]:
    for number, (chapter, times) in enumerate(zip(book.chapters, assembly.chapters, strict=True), start=1):
        name = f"chapter{number:04d}"
        xhtml = chapter_page(chapter, language)
        overlay = _overlay(name, audio[times.file], _clips(times))
        yield Page(name, chapter.chapter.title, chapter.chapter.level, xhtml, overlay)


def _clips(times: ChapterTimes) -> list[tuple[int, int, int]]:
    """Number, start and end of the sound of each segment, in milliseconds of the file.

    Players go from clip to clip and skip what lies between: a clip lasts until the next one, to keep the pauses.
    """
    starts = [start_s for start_s, _ in times.segments]
    edges = [round(1000 * edge_s) for edge_s in (times.start_s, *starts[1:], times.end_s)] if starts else []
    clips = ((number, start, end) for number, (start, end) in enumerate(pairwise(edges), start=1))
    return [(number, start, end) for number, start, end in clips if start < end]


def _overlay(name: str, audio: str, clips: Sequence[tuple[int, int, int]]) -> Overlay | None:
    """The media overlay of a page ("EPUB 3.3", 9 Media overlays); None if nothing on it is spoken."""
    if not clips:
        return None
    lines = (
        '<?xml version="1.0" encoding="utf-8"?>',
        '<smil xmlns="http://www.w3.org/ns/SMIL" xmlns:epub="http://www.idpf.org/2007/ops" version="3.0">',
        f'<body><seq id="chapter" epub:textref="{name}.xhtml#{PAGE_ID}" epub:type="chapter">',
        *(
            f'<par id="p{number}"><text src="{name}.xhtml#{span_id(number)}"/>'
            f'<audio src="{audio}" clipBegin="{clock(start)}" clipEnd="{clock(end)}"/></par>'
            for number, start, end in clips
        ),
        "</seq></body>",
        "</smil>",
        "",
    )
    return Overlay("\n".join(lines), sum(end - start for _, start, end in clips))


def _colophon(tags: Tags) -> Page:
    return Page("colophon", ABOUT, 0, page(ABOUT, "en", "<section>", f"<p>{text(tags.comment)}</p>", "</section>"))
