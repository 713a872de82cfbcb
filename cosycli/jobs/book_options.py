"""The options of a book: what it is made into, and how its source is read.

Each field declares its flag of `cosy book`, its key in jobs files, and its keyword for `cosycli.make_book`; what its
value means is told in `book_values`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cosycli.option import NAME_OR_FOLDER, NUMBER, PATH, PATHS, SECONDS, TEXT, TEXTS, YES_OR_NO, option

Texts = str | Sequence[str]


@dataclass(frozen=True)
class FileOptions:
    """What a book is made into."""

    out: str | None = option(
        None,
        PATH,
        flags=("-o", "--output"),
        metavar="FILE|FOLDER",
        help="Output file, or folder of chapters; SOURCE.m4b in this folder by default.",
    )
    format: str | None = option(
        None, TEXT, metavar="FORMAT", help="m4b, mp3, flac, opus or wav; by the name of FILE by default."
    )
    layout: str | None = option(None, TEXT, help="file, chapters (one file each) or audiobookshelf.")
    loudness: float | None = option(None, NUMBER, metavar="DB", help="RMS level of each chapter; -20 by default.")
    subtitles: Texts | None = option(None, TEXTS, metavar="FORMAT", help="srt, vtt or lrc; may be repeated.")
    read_along: bool = option(
        False, YES_OR_NO, help="Also write an EPUB whose sentences light up while they are spoken."
    )


@dataclass(frozen=True)
class ReadingOptions:
    """How the source of a book is read."""

    language: str | None = option(
        None, TEXT, help="ISO 639-1 code of the words in Latin letters; the book's own by default."
    )
    lexicon: Texts | None = option(None, PATHS, metavar="FILE", help="Pronunciations (YAML or PLS); may be repeated.")
    read: Texts | None = option(
        None, TEXTS, metavar="KIND", help="Read a kind of text that is skipped by default: notes, code, …"
    )
    skip: Texts | None = option(
        None, TEXTS, metavar="KIND", help="Skip a kind of text that is read by default: tables, captions, …"
    )
    chapters: str | None = option(
        None, TEXT, metavar="LIST", help="Only these chapters, as `cosy plan` counts them: 2-5,7"
    )
    dialogue_voice: str | None = option(
        None, NAME_OR_FOLDER, metavar="VOICE", help="Voice for what stands in quotation marks."
    )
    cast: str | None = option(None, PATH, metavar="FILE", help="YAML file: the voice for each name in [voice: NAME].")
    pause: Mapping[str, float] | Sequence[str] | None = option(
        None, SECONDS, metavar="WHERE=S", help="Seconds of silence, such as paragraph=1; may be repeated."
    )
