"""What options or a job of a jobs file say about a book, as the request and the publication that they mean.

Values go by the names of the long options of `cosy book`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from cosycli.documents.reading_policy import ReadingPolicy
from cosycli.errors import UsageError, did_you_mean
from cosycli.jobs.cast import read_cast
from cosycli.jobs.plan import BookRequest, ChapterRange
from cosycli.jobs.publishing import Publication
from cosycli.publish.book_files import Layout, Target
from cosycli.publish.formats import ACX, BOOK_FORMATS
from cosycli.publish.loudness import Loudness
from cosycli.publish.subtitles import check_formats
from cosycli.script import Pauses

__all__ = ["publication_of", "request_of"]

Values = Mapping[str, Any]


def request_of(values: Values, find: Callable[[str], Path]) -> BookRequest:
    """How a book is to be read.

    Args:
        values: without a source, the caller brings the bytes.
        find: gives the file of a relative path.

    Raises:
        UsageError: a kind of text, pause, chapter or file does not exist.
        InputError: the cast cannot be read.
    """
    policy = ReadingPolicy(_names(values.get("read", [])), _names(values.get("skip", [])))
    return BookRequest(
        source=find(values["source"]) if "source" in values else None,
        read=policy.read,
        skip=policy.skip,
        language=values.get("language"),
        lexicons=tuple(find(lexicon) for lexicon in _listed(values.get("lexicon", []))),
        dialogue_voice=values.get("dialogue-voice"),
        cast=read_cast(find(values["cast"])) if "cast" in values else None,
        pauses=_pauses(values.get("pause", {})),
        chapters=ChapterRange.parse(values["chapters"]) if "chapters" in values else ChapterRange(),
    )


def publication_of(values: Values, name: str, place: Callable[[str], Path], library: Path) -> Publication:
    """What a book is to be made into.

    Args:
        place: gives the path of an output that is nobody else's, and that is called so unless the job says otherwise.
        library: where the books of the layout audiobookshelf go, which many jobs may share.

    Raises:
        UsageError: a format or layout does not exist, or nothing says which format.
    """
    layout = _layout(values.get("layout", "chapters" if values.get("format") == ACX else "file"))
    audio_format = values.get("format") or _format_of(values.get("out"), layout)
    default = f"{name}{BOOK_FORMATS.get(audio_format, '')}" if layout is Layout.FILE else name
    path = library if layout is Layout.AUDIOBOOKSHELF else place(default)
    return Publication(
        target=Target(path, audio_format, layout),
        loudness=Loudness(float(values["loudness"])) if "loudness" in values else Loudness(),
        subtitles=check_formats(_listed(values.get("subtitles", []))),
        read_along=values.get("read-along", False),
    )


def _format_of(out: str | None, layout: Layout) -> str:
    """M4B, unless the name of a file says otherwise."""
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


def _listed(value: str | list[str]) -> list[str]:
    """`notes, code` and [notes, code] say the same."""
    texts = [value] if isinstance(value, str) else value
    return [name.strip() for text in texts for name in text.split(",") if name.strip()]


def _names(value: str | list[str]) -> frozenset[str]:
    return frozenset(_listed(value))


def _layout(name: str) -> Layout:
    valid = [layout.value for layout in Layout]
    if name not in valid:
        raise UsageError(f"There is no layout {name!r}.", f"{did_you_mean(name, valid)}Valid: {', '.join(valid)}.")
    return Layout(name)


def _pauses(values: Mapping[str, float]) -> Pauses:
    places = [field.name.removesuffix("_s") for field in fields(Pauses)]
    for place in values:
        if place not in places:
            hint = f"{did_you_mean(place, places)}Valid: {', '.join(places)}."
            raise UsageError(f"There is no pause {place!r}.", hint)
    return Pauses(**{f"{place}_s": float(seconds) for place, seconds in values.items()})
