"""What `cosy plan` and `cosy book` are told about a source, and how it is read."""

from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cosycli.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from cosycli.jobs.plan import BookRequest
    from cosycli.script import Pauses

__all__ = [
    "MAX_WARNINGS",
    "Cast",
    "Chapters",
    "DialogueVoice",
    "Language",
    "Lexicon",
    "Model",
    "Pause",
    "Progress",
    "Quiet",
    "Read",
    "Seed",
    "Skip",
    "Source",
    "Speed",
    "Style",
    "Voice",
    "book_request",
]

MAX_WARNINGS = 10  # told on the screen; all of them are in the report

Source = Annotated[
    str,
    typer.Argument(metavar="SOURCE|-", help="EPUB, Markdown, HTML, text or SSML, a folder of them, or - for stdin."),
]
Voice = Annotated[str | None, typer.Option(help="A voice of `cosy voices list`, or a voice folder.")]
Model = Annotated[str | None, typer.Option(help="A model of `cosy models list`, or a model folder.")]
Style = Annotated[str | None, typer.Option(help="A style such as happy, or an instruction in words.")]
Speed = Annotated[float | None, typer.Option(help="0.5 to 2; 1 is the voice's own.")]
Seed = Annotated[int | None, typer.Option(help="Another number gives another reading.")]
Language = Annotated[
    str | None, typer.Option(help="ISO 639-1 code of the words in Latin letters; else the book's own.")
]
Lexicon = Annotated[
    list[Path] | None, typer.Option(metavar="FILE", help="Pronunciations (YAML or PLS); may be repeated.")
]
Read = Annotated[list[str] | None, typer.Option(metavar="KIND", help="Read what is skipped else: notes, code, …")]
Skip = Annotated[list[str] | None, typer.Option(metavar="KIND", help="Skip what is read else: tables, captions, …")]
Chapters = Annotated[str | None, typer.Option(metavar="LIST", help="Only some, as `cosy plan` counts them: 2-5,7")]
DialogueVoice = Annotated[str | None, typer.Option(metavar="VOICE", help="Speaks what stands in quotation marks.")]
Cast = Annotated[Path | None, typer.Option(metavar="FILE", help="YAML: the voice for each name in [voice: NAME].")]
Pause = Annotated[
    list[str] | None, typer.Option(metavar="WHERE=S", help="Seconds of silence, such as paragraph=1; may be repeated.")
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print nothing but errors.")]
Progress = Annotated[str, typer.Option(help="auto, rich, plain, json or none.")]


def book_request(
    source: str,
    *,
    language: str | None,
    lexicon: list[Path] | None,
    read: list[str] | None,
    skip: list[str] | None,
    chapters: str | None,
    dialogue_voice: str | None,
    cast: Path | None,
    pause: list[str] | None,
) -> BookRequest:
    """The request that the options make.

    Raises:
        UsageError: an option says what it cannot.
        InputError: a file cannot be read.
    """
    from cosycli.documents.plain_text import MAX_BYTES
    from cosycli.jobs.cast import read_cast
    from cosycli.jobs.plan import BookRequest, ChapterRange

    is_stdin = source == "-"
    return BookRequest(
        source=None if is_stdin else Path(source),
        stdin=sys.stdin.buffer.read(MAX_BYTES + 1) if is_stdin else None,
        read=_kinds(read),
        skip=_kinds(skip),
        language=language,
        lexicons=tuple(lexicon or ()),
        dialogue_voice=dialogue_voice,
        cast=read_cast(cast) if cast else None,
        pauses=_pauses(pause or []),
        chapters=ChapterRange.parse(chapters) if chapters else ChapterRange(),
    )


def _kinds(options: list[str] | None) -> frozenset[str]:
    """`--read notes,code` and `--read notes --read code` say the same."""
    return frozenset(kind.strip() for option in options or () for kind in option.split(",") if kind.strip())


def _pauses(options: list[str]) -> Pauses:
    from cosycli.script import Pauses

    places = [field.name.removesuffix("_s") for field in fields(Pauses)]
    values = {}
    for option in options:
        place, _, number = option.partition("=")
        if place not in places:
            hint = f"{did_you_mean(place, places)}Valid: {', '.join(places)}; for example --pause paragraph=1"
            raise UsageError(f"There is no pause {place!r}.", hint)
        values[f"{place}_s"] = _seconds(option, number)
    return Pauses(**values)


def _seconds(option: str, number: str) -> float:
    try:
        seconds = float(number)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 60:
        raise UsageError(f"--pause {option} gives no number of seconds.", "Give 0 to 60: --pause paragraph=1")
    return seconds
