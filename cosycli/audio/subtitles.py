"""Timed text: the book's own words beside its sound, as SRT, WebVTT or LRC.

Cues hold the text as it is printed, never as it was rewritten for the speaker. A long segment is divided into several
cues, and its time among them in proportion to how long each takes to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from pathlib import Path
from typing import TYPE_CHECKING

from cosycli.audio.line_breaks import divide, lines_of
from cosycli.documents.book import Metadata
from cosycli.errors import UsageError, did_you_mean
from cosycli.script.printed import marks_of, printed
from cosycli.script.timing import seconds_of
from cosycli.whole_files import write_whole

if TYPE_CHECKING:
    from cosycli.audio.assembly import Assembly, ChapterTimes
    from cosycli.script.book_script import BookScript, ChapterScript

__all__ = [
    "FORMATS",
    "Cue",
    "Heading",
    "chapter_cues",
    "check_formats",
    "to_lrc",
    "to_srt",
    "to_vtt",
    "write_subtitles",
]

FORMATS = ("srt", "vtt", "lrc")
_WORD_JOINER = "\u2060"  # has no width and forbids a break
# SRT has no way to escape: what players take for a time, a tag or an override is broken up invisibly.
_SRT_SIGNS = re.compile(r"--(?=>)|<(?=[/A-Za-z])|\{(?=\\)")


@dataclass(frozen=True)
class Cue:
    """Words on the screen from `start_s` to `end_s`, in seconds of the audio file; never more than fit two lines."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Heading:
    """What a file of timed text says about itself."""

    title: str
    artist: str
    album: str


def chapter_cues(chapter: ChapterScript, times: ChapterTimes, obeys_markup: bool) -> Iterator[Cue]:
    """The cues of one chapter, in the time of the file that holds it."""
    script = chapter.script
    marks = marks_of(script, obeys_markup)
    for segment, (start_s, end_s) in zip(script.segments, times.segments, strict=True):
        yield from _segment_cues(printed(script.source, marks, *segment.source), start_s, end_s)


def write_subtitles(book: BookScript, assembly: Assembly, metadata: Metadata, format: str) -> list[Path]:
    """Timed text beside each audio file and under its name: one for a book in one file, else one for each chapter.

    Args:
        metadata: of the book, for formats that can name it.

    Raises:
        InputError: a file cannot be written.
    """
    written = []
    pairs = zip(book.chapters, assembly.chapters, strict=True)
    for audio, held in groupby(pairs, key=lambda pair: pair[1].file):
        chapters = list(held)
        cues = (cue for script, times in chapters for cue in chapter_cues(script, times, book.book.obeys_markup))
        path = audio.with_suffix(f".{format}")
        write_whole(path, _formatted(cues, format, _heading(metadata, [times for _, times in chapters])))
        written.append(path)
    return written


def check_formats(names: Sequence[str]) -> tuple[str, ...]:
    """`names`, each once.

    Raises:
        UsageError: one of them is not in `FORMATS`.
    """
    for name in names:
        if name not in FORMATS:
            hint = f"{did_you_mean(name, FORMATS)}Valid: {', '.join(FORMATS)}."
            raise UsageError(f"There is no format of subtitles {name!r}.", hint)
    return tuple(dict.fromkeys(names))


def to_srt(cues: Iterable[Cue]) -> str:
    """SubRip: numbered cues, times as 00:00:00,000."""
    return "\n".join(
        f"{number}\n{_clock(cue.start_s, ',')} --> {_clock(cue.end_s, ',')}\n{_SRT_SIGNS.sub(_broken, _lines(cue))}\n"
        for number, cue in enumerate(cues, start=1)
    )


def to_vtt(cues: Iterable[Cue]) -> str:
    """WebVTT (W3C, "WebVTT: The Web Video Text Tracks Format"): its cue text may not hold `-->`, `<` or `&` as such."""
    return "\n".join(
        ("WEBVTT\n", *(f"{_clock(c.start_s, '.')} --> {_clock(c.end_s, '.')}\n{_escaped(_lines(c))}\n" for c in cues))
    )


def to_lrc(cues: Iterable[Cue], heading: Heading) -> str:
    """LRC: a line for each cue after the time it starts, [minutes:seconds]; minutes go beyond 99."""
    tags = [("ti", heading.title), ("ar", heading.artist), ("al", heading.album)]
    lines = [f"[{tag}:{' '.join(value.split()).replace(']', ')')}]" for tag, value in tags if value]
    end_s = 0.0
    for cue in cues:
        lines.append(_lrc_time(cue.start_s) + (" " if cue.text.startswith("[") else "") + cue.text)
        end_s = cue.end_s
    return "\n".join([*lines, _lrc_time(end_s), ""])


def _formatted(cues: Iterable[Cue], format: str, heading: Heading) -> str:
    if format == "lrc":
        return to_lrc(cues, heading)
    return to_srt(cues) if format == "srt" else to_vtt(cues)


def _heading(metadata: Metadata, chapters: list[ChapterTimes]) -> Heading:
    title = chapters[0].title if len(chapters) == 1 else metadata.title
    return Heading(title, ", ".join(metadata.authors), metadata.title)


def _segment_cues(text: str, start_s: float, end_s: float) -> Iterator[Cue]:
    parts = divide(text)
    said = [0.0, *accumulate(sum(seconds_of(part)) for part in parts)]
    pace = (end_s - start_s) / said[-1] if said[-1] else 0.0
    for part, before, after in zip(parts, said, said[1:], strict=False):
        yield Cue(part, start_s + before * pace, start_s + after * pace)


def _lines(cue: Cue) -> str:
    return "\n".join(lines_of(cue.text) or [cue.text])


def _clock(seconds: float, point: str) -> str:
    minutes, thousandths = divmod(round(seconds * 1000), 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{thousandths // 1000:02d}{point}{thousandths % 1000:03d}"


def _lrc_time(seconds: float) -> str:
    minutes, hundredths = divmod(round(seconds * 100), 6000)
    return f"[{minutes:02d}:{hundredths // 100:02d}.{hundredths % 100:02d}]"


def _broken(sign: re.Match[str]) -> str:
    return sign.group() + _WORD_JOINER


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
