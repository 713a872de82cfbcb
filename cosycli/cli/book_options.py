"""What `cosy plan` and `cosy book` are told about a source, and how it is read."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cosycli.errors import UsageError

if TYPE_CHECKING:
    from cosycli.jobs.plan import BookRequest

__all__ = [
    "MAX_WARNINGS",
    "Reading",
    "Source",
    "book_request",
    "given",
]

MAX_PAUSE_S = 60
MAX_WARNINGS = 10  # told on the screen; all of them are in the report

Source = Annotated[
    str,
    typer.Argument(metavar="SOURCE|-", help="EPUB, Markdown, HTML, text or SSML, a folder of them, or - for stdin."),
]


@dataclass(frozen=True)
class Reading:
    """How the source is read; values of a job by these names."""

    language: Annotated[
        str | None, typer.Option(help="ISO 639-1 code of the words in Latin letters; else the book's own.")
    ] = None
    lexicon: Annotated[
        list[str] | None, typer.Option(metavar="FILE", help="Pronunciations (YAML or PLS); may be repeated.")
    ] = None
    read: Annotated[
        list[str] | None, typer.Option(metavar="KIND", help="Read what is skipped else: notes, code, …")
    ] = None
    skip: Annotated[
        list[str] | None, typer.Option(metavar="KIND", help="Skip what is read else: tables, captions, …")
    ] = None
    chapters: Annotated[
        str | None, typer.Option(metavar="LIST", help="Only some, as `cosy plan` counts them: 2-5,7")
    ] = None
    dialogue_voice: Annotated[
        str | None, typer.Option(metavar="VOICE", help="Speaks what stands in quotation marks.")
    ] = None
    cast: Annotated[
        str | None, typer.Option(metavar="FILE", help="YAML: the voice for each name in [voice: NAME].")
    ] = None
    pause: Annotated[
        list[str] | None,
        typer.Option(metavar="WHERE=S", help="Seconds of silence, such as paragraph=1; may be repeated."),
    ] = None


def given(**options: Any) -> dict[str, Any]:
    """The options that were given, by the names that a job of a jobs file uses for them."""
    return {
        name.replace("_", "-"): value
        for name, value in options.items()
        if value is not None and value is not False and value != []
    }


def book_request(source: str, options: dict[str, Any]) -> BookRequest:
    """The request that the options make.

    Raises:
        UsageError: an option says what it cannot.
        InputError: a file cannot be read.
    """
    from cosycli.documents.plain_text import MAX_BYTES
    from cosycli.jobs.book_values import request_of

    if "pause" in options:
        options = options | {"pause": dict(map(_pause, options["pause"]))}
    if source != "-":
        return request_of(options | {"source": source}, Path)
    return replace(request_of(options, Path), stdin=sys.stdin.buffer.read(MAX_BYTES + 1))


def _pause(option: str) -> tuple[str, float]:
    """paragraph=1 -> ("paragraph", 1.0)."""
    place, _, number = option.partition("=")
    try:
        seconds = float(number)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= MAX_PAUSE_S:
        raise UsageError(f"--pause {option} gives no number of seconds.", "Give 0 to 60: --pause paragraph=1")
    return place, seconds
