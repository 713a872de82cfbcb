"""Turns the options of a book into a job: how the source is read, and which files are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

import yaml

from cosycli.documents.reading_policy import ReadingPolicy
from cosycli.errors import InputError, UsageError
from cosycli.jobs.book import BookJob
from cosycli.jobs.book_options import FileOptions, ReadingOptions
from cosycli.jobs.book_plan import ALL_CHAPTERS, BookRequest, ChapterRange
from cosycli.jobs.publishing import Publication
from cosycli.option import check_choice
from cosycli.publish.book_files import Layout, Target
from cosycli.publish.formats import ACX, BOOK_FORMATS
from cosycli.publish.loudness import AUDIOBOOK, Loudness
from cosycli.publish.subtitles import check_formats
from cosycli.script import Pauses
from cosycli.script.timing import DEFAULT_PAUSES
from cosycli.settings import RenderOptions

MAX_CAST_BYTES = 64 * 1024
MAX_PAUSE_S = 60


def book_job(
    source: Path | None,
    files: FileOptions,
    reading: ReadingOptions,
    settings: RenderOptions,
    *,
    stdin: bytes | None = None,
    work: Path | None = None,
    redo: Sequence[str] = (),
) -> BookJob:
    """Returns the job of one book.

    Args:
        source: file or folder; None reads `stdin`.
        work: folder of the takes; beside the output by default.
        redo: ids of segments to re-render.

    Raises:
        UsageError: an option names something that does not exist, or the output is not named.
        InputError: the cast cannot be read.
    """
    if source is None and files.out is None:
        raise UsageError("Where should the book go?", "Name a file: cosy book - -o book.m4b")
    name = "book" if source is None else source.resolve().stem
    publication = publication_of(files, name, lambda default: Path(files.out or default), Path(files.out or name))
    request = request_of(source, reading, Path, stdin)
    return BookJob(name, request, publication, settings, work or _work_folder(publication.target, name), tuple(redo))


def _work_folder(target: Target, name: str) -> Path:
    """Beside the file or the folder of chapters; in the working folder for a library, which should hold no takes."""
    if target.layout is Layout.AUDIOBOOKSHELF:
        return Path(f"{name}.cosy")
    stem = target.path.stem if target.layout is Layout.FILE else target.path.name
    return target.path.with_name(f"{stem}.cosy")


def request_of(
    source: Path | None, options: ReadingOptions, find: Callable[[str], Path], stdin: bytes | None = None
) -> BookRequest:
    """Returns how a book is to be read.

    Args:
        find: resolves a relative path.

    Raises:
        UsageError: a kind of text, pause, chapter or file does not exist.
        InputError: the cast cannot be read.
    """
    policy = ReadingPolicy(frozenset(_listed(options.read)), frozenset(_listed(options.skip)))
    return BookRequest(
        source=source,
        stdin=stdin,
        read=policy.read,
        skip=policy.skip,
        language=options.language,
        lexicons=tuple(find(lexicon) for lexicon in _listed(options.lexicon)),
        dialogue_voice=options.dialogue_voice,
        cast=None if options.cast is None else read_cast(find(options.cast)),
        pauses=DEFAULT_PAUSES if options.pause is None else _pauses(options.pause),
        chapters=ALL_CHAPTERS if options.chapters is None else ChapterRange.parse(options.chapters),
    )


def publication_of(options: FileOptions, name: str, place: Callable[[str], Path], library: Path) -> Publication:
    """Returns which files a book is to become.

    Args:
        place: resolves the path of an output that no other job may write; gets its default name.
        library: folder for books of the layout audiobookshelf, which many jobs may share.

    Raises:
        UsageError: a format or layout does not exist, or the format is not named.
    """
    layout = _layout(options.layout or ("chapters" if options.format == ACX else "file"))
    audio_format = options.format or _format_of(options.out, layout)
    default = f"{name}{BOOK_FORMATS.get(audio_format, '')}" if layout is Layout.FILE else name
    path = library if layout is Layout.AUDIOBOOKSHELF else place(default)
    return Publication(
        target=Target(path, audio_format, layout),
        loudness=AUDIOBOOK if options.loudness is None else Loudness(float(options.loudness)),
        subtitles=check_formats(_listed(options.subtitles)),
        read_along=options.read_along,
    )


def _format_of(out: str | None, layout: Layout) -> str:
    """Format by the suffix of the output file; M4B without one."""
    if out is None or layout is not Layout.FILE:
        return "m4b"
    by_suffix = {suffix: known for known, suffix in BOOK_FORMATS.items() if known != ACX}
    suffix = Path(out).suffix.lower()
    if suffix not in by_suffix:
        raise UsageError(
            f"{out} does not say which format to write.",
            f"End its name in {', '.join(by_suffix)}, or give a format; for a folder of chapters, the layout chapters.",
        )
    return by_suffix[suffix]


def _listed(value: str | Sequence[str] | None) -> list[str]:
    """`notes, code` and [notes, code] -> ["notes", "code"]."""
    texts = [value] if isinstance(value, str) else value or ()
    return [name.strip() for text in texts for name in text.split(",") if name.strip()]


def _layout(name: str) -> Layout:
    check_choice("layout", name, [layout.value for layout in Layout])
    return Layout(name)


def _pauses(value: Mapping[str, float] | Sequence[str]) -> Pauses:
    """["paragraph=1"] and {"paragraph": 1} -> Pauses(paragraph_s=1.0)."""
    seconds = value if isinstance(value, Mapping) else dict(map(_pause, value))
    places = [field.name.removesuffix("_s") for field in fields(Pauses)]
    for place in seconds:
        check_choice("pause", place, places)
    return Pauses(**{f"{place}_s": float(length) for place, length in seconds.items()})


def _pause(text: str) -> tuple[str, float]:
    """paragraph=1 -> ("paragraph", 1.0)."""
    place, _, number = text.partition("=")
    try:
        seconds = float(number)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= MAX_PAUSE_S:
        raise UsageError(f"--pause {text} does not give a number of seconds.", "Give 0 to 60: --pause paragraph=1")
    return place, seconds


def read_cast(path: Path) -> dict[str, str]:
    """Returns the voice for each name of a cast file, which holds lines such as `Ann: michael`.

    Raises:
        InputError: the file cannot be read.
        UsageError: the file does not map names to voices.
    """
    try:
        if path.stat().st_size > MAX_CAST_BYTES:
            raise InputError(f"{path} is too large for a cast.", f"Keep it under {MAX_CAST_BYTES} bytes.")
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise InputError(f"{path} cannot be read: {error}", "Write lines of `name: voice`.") from None
    if not isinstance(values, dict) or not all(isinstance(item, str) for pair in values.items() for item in pair):
        raise UsageError(
            f"{path} does not map names to voices.", "Write lines of `name: voice`, such as `Ann: michael`."
        )
    return dict(values)
