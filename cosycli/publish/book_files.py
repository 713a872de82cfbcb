"""Writes a book at one loudness into one file, or into one file per chapter.

Each chapter is measured and encoded before the next one is requested, so that a book can be written while its later
chapters are still being rendered. FLAC and Opus begin with the chapter marks: there all chapters are measured first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import accumulate, pairwise
from pathlib import Path

from cosycli.documents.book import Cover, Metadata
from cosycli.errors import InputError
from cosycli.option import check_choice
from cosycli.publish.assembly import Assembly, ChapterPlan, ChapterSound, ChapterTimes, chapter_blocks, plan_chapter
from cosycli.publish.audiobookshelf import book_folder, chapter_name, safe_name, write_extras
from cosycli.publish.cover import Picture, read_cover
from cosycli.publish.formats import BOOK_FORMATS, Contents, open_book_file
from cosycli.publish.loudness import AUDIOBOOK, Loudness
from cosycli.publish.tags import ChapterMark, Tags, book_tags, chapter_tags, tag_text
from cosycli.sound.encode import check_encoder, check_target, check_writable


class Layout(str, Enum):
    """The files of a book.

    FILE is one file. CHAPTERS is a folder with one file per chapter. AUDIOBOOKSHELF is a library folder, in which the
    book gets the folders that this server expects, as one M4B or as one file per chapter in other formats.
    """

    FILE = "file"
    CHAPTERS = "chapters"
    AUDIOBOOKSHELF = "audiobookshelf"


@dataclass(frozen=True)
class Target:
    """The destination of a book.

    Attributes:
        path: the file, the folder of the chapters, or the library folder.
        audio_format: one of `BOOK_FORMATS`.

    Raises:
        UsageError: the format does not exist.
    """

    path: Path
    audio_format: str
    layout: Layout = Layout.FILE

    def __post_init__(self) -> None:
        check_choice("book format", self.audio_format, BOOK_FORMATS)

    @property
    def suffix(self) -> str:
        return BOOK_FORMATS[self.audio_format]


@dataclass(frozen=True)
class _Chapter:
    sound: ChapterSound
    sample_rate: int
    loudness: Loudness

    @cached_property
    def plan(self) -> ChapterPlan:
        """Measured on first access."""
        return plan_chapter(self.sound, self.sample_rate, self.loudness)


@dataclass(frozen=True)
class _File:
    """A file to write, and its chapters."""

    path: Path
    chapters: tuple[_Chapter, ...]
    sample_rate: int
    tags: dict[str, str]
    cover: Picture | None

    @property
    def bounds(self) -> tuple[int, ...]:
        """The start of each chapter and the end of the last one, in samples."""
        return tuple(accumulate((chapter.plan.num_samples for chapter in self.chapters), initial=0))

    def marks(self) -> tuple[ChapterMark, ...]:
        titles = (tag_text(chapter.sound.title) for chapter in self.chapters)
        return tuple(ChapterMark(title, *span) for title, span in zip(titles, pairwise(self.bounds), strict=True))


def check_book_target(target: Target) -> None:
    """Check before the work starts that the book can be written.

    Raises:
        InputError: the folder is missing or read-only, or a file exists in its place.
        MissingError: the format needs ffmpeg, which is not installed.
    """
    if target.layout is Layout.FILE:
        check_target(target.path, target.audio_format)
        return
    nearest = next(path for path in (target.path, *target.path.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise InputError(f"{nearest} is a file, not a folder.", "Name a folder with -o.")
    check_encoder(target.audio_format)
    check_writable(nearest)


def files_folder(target: Target, book: Metadata) -> Path:
    """The folder of the files of a book."""
    if target.layout is Layout.FILE:
        return target.path.parent
    return book_folder(target.path, book) if target.layout is Layout.AUDIOBOOKSHELF else target.path


def write_book(
    chapters: Sequence[ChapterSound],
    sample_rate: int,
    target: Target,
    tags: Tags,
    cover: Cover | None = None,
    loudness: Loudness = AUDIOBOOK,
    on_chapter: Callable[[int, int], None] = lambda done, total: None,
) -> Assembly:
    """Write a book.

    The pieces of each chapter are iterated twice, one in memory at a time. A file appears under its name only when it
    is complete; complete files of a book stay if a later one fails.

    Args:
        on_chapter: called with the number of chapters written and their total; for the last chapter of a file, after
            the file has appeared.

    Raises:
        InputError: there are no chapters, or a file or folder cannot be written.
        MissingError: the format needs ffmpeg, which is not installed.
    """
    if not chapters:
        raise InputError(
            f"{target.path} was not written: the book has no chapters.", "See `cosy plan` for what is read."
        )
    picture, warnings = read_cover(cover)
    files = _files([_Chapter(chapter, sample_rate, loudness) for chapter in chapters], target, tags, picture)
    num_written = 0

    def wrote_chapter() -> None:
        nonlocal num_written
        num_written += 1
        on_chapter(num_written, len(chapters))

    for file in files:
        _write(file, target.audio_format, wrote_chapter)
    times = tuple(times for file in files for times in _times(file))
    if target.layout is Layout.AUDIOBOOKSHELF:
        write_extras(files[0].path.parent, tags, times, picture)
    return Assembly(times, warnings)


def _files(chapters: Sequence[_Chapter], target: Target, tags: Tags, cover: Picture | None) -> list[_File]:
    """Assign the chapters to files, and create the folders."""
    rate = chapters[0].sample_rate
    if target.layout is Layout.FILE:
        return [_File(target.path, tuple(chapters), rate, book_tags(tags), cover)]
    folder = files_folder(target, tags.book)
    _make(folder)
    if target.layout is Layout.AUDIOBOOKSHELF and target.audio_format == "m4b":
        path = folder / f"{safe_name(tags.book.title, 'Untitled')}.m4b"
        return [_File(path, tuple(chapters), rate, book_tags(tags), cover)]
    files = []
    for number, chapter in enumerate(chapters, start=1):
        title = chapter.sound.title
        path = folder / f"{chapter_name(number, len(chapters), title)}{target.suffix}"
        files.append(_File(path, (chapter,), rate, chapter_tags(tags, title, number, len(chapters)), cover))
    return files


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"The folder {folder} cannot be created: {error.strerror or error}."
        raise InputError(problem, "Choose another place with -o.") from None


def _write(file: _File, audio_format: str, wrote_chapter: Callable[[], None]) -> None:
    contents = Contents(file.sample_rate, file.tags, file.marks, file.cover)
    with open_book_file(file.path, audio_format, contents) as sink:
        for number, chapter in enumerate(file.chapters):
            if number:
                wrote_chapter()
            for block in chapter_blocks(chapter.sound, chapter.plan, file.sample_rate):
                sink.write(block)
    wrote_chapter()  # the last chapter counts when the file has appeared


def _times(file: _File) -> list[ChapterTimes]:
    rate = file.sample_rate
    return [
        ChapterTimes(
            title=chapter.sound.title,
            file=file.path,
            start_s=start / rate,
            end_s=(start + chapter.plan.num_samples) / rate,
            segments=tuple(((start + first) / rate, (start + last) / rate) for first, last in chapter.plan.segments),
            gain_db=chapter.plan.gain_db,
            rms_db=chapter.plan.rms_db,
            peak_db=chapter.plan.peak_db,
        )
        for chapter, start in zip(file.chapters, file.bounds[:-1], strict=True)
    ]
