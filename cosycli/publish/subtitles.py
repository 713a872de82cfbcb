"""Writes subtitles of a book as SRT, WebVTT or LRC.

Cues contain the printed text, not its normalised form. A long segment is divided into several cues, each with a share
of its time in proportion to the estimated duration of the words.

A cue has two lines of 42 columns (Netflix, "Timed Text Style Guide": English 42 characters, 2 lines maximum). Chinese,
Japanese and Korean characters take two columns (Unicode Standard Annex 11), so that 21 fit. Lines end at punctuation if
possible (BBC, "Subtitle Guidelines", Break at natural points).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from cosycli.documents.book import Metadata
from cosycli.documents.text_layout import is_wide
from cosycli.folders import write_whole
from cosycli.option import check_choice
from cosycli.script.timing import seconds_of

if TYPE_CHECKING:
    from cosycli.publish.assembly import Assembly, ChapterTimes
    from cosycli.script.book_script import BookScript, ChapterScript

FORMATS = ("srt", "vtt", "lrc")
_WORD_JOINER = "\u2060"  # has no width and prevents a line break
# SRT has no escapes: a word joiner breaks up what players would read as a time, a tag or an override.
_SRT_SIGNS = re.compile(r"--(?=>)|<(?=[/A-Za-z])|\{(?=\\)")

LINE_COLUMNS = 42
CUE_LINES = 2

# The cost of a break, in columns of distance from the middle of the text; chosen by us.
_SENTENCE, _CLAUSE, _SPACE, _INSIDE_WORD = 0, 10, 25, 1000

_CLOSING = "\"'”’»)]）」』》】"
_SENTENCE_MARKS = tuple(".!?…。！？")
_CLAUSE_MARKS = tuple(",;:—–，；：、")
# Characters that must not start a line (JLREQ, "Requirements for Japanese Text Layout", 3.1.7).
_NOT_FIRST = "ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々"
_ZERO_WIDTH_JOINER = "\u200d"


@dataclass(frozen=True)
class Cue:
    """Text shown from `start_s` to `end_s`, in seconds of the audio file; it fits into two lines."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class LrcTags:
    """The tags at the start of an LRC file."""

    title: str
    artist: str
    album: str


def chapter_cues(chapter: ChapterScript, times: ChapterTimes) -> Iterator[Cue]:
    """Yield the cues of a chapter, in the time of its audio file."""
    script = chapter.script
    for segment, (start_s, end_s) in zip(script.segments, times.segments, strict=True):
        yield from _segment_cues(script.printed(*segment.source), start_s, end_s)


def write_subtitles(book: BookScript, assembly: Assembly, metadata: Metadata, format: str) -> list[Path]:
    """Write a subtitle file next to each audio file, with the same name, and return their paths.

    Args:
        metadata: of the book, for the tags of LRC.

    Raises:
        InputError: a file cannot be written.
    """
    written = []
    pairs = zip(book.chapters, assembly.chapters, strict=True)
    for audio, held in groupby(pairs, key=lambda pair: pair[1].file):
        chapters = list(held)
        cues = (cue for script, times in chapters for cue in chapter_cues(script, times))
        path = audio.with_suffix(f".{format}")
        write_whole(path, _formatted(cues, format, _lrc_tags(metadata, [times for _, times in chapters])))
        written.append(path)
    return written


def check_formats(names: Sequence[str]) -> tuple[str, ...]:
    """The format names without duplicates.

    Raises:
        UsageError: a name is not in `FORMATS`.
    """
    for name in names:
        check_choice("subtitle format", name, FORMATS)
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
        ("WEBVTT\n", *(f"{_clock(c.start_s, '.')} --> {_clock(c.end_s, '.')}\n{escape(_lines(c))}\n" for c in cues))
    )


def to_lrc(cues: Iterable[Cue], tags: LrcTags) -> str:
    """LRC: one line per cue, after its start as [minutes:seconds]; minutes may exceed 99."""
    values = [("ti", tags.title), ("ar", tags.artist), ("al", tags.album)]
    lines = [f"[{tag}:{' '.join(value.split()).replace(']', ')')}]" for tag, value in values if value]
    end_s = 0.0
    for cue in cues:
        lines.append(_lrc_time(cue.start_s) + (" " if cue.text.startswith("[") else "") + cue.text)
        end_s = cue.end_s
    return "\n".join([*lines, _lrc_time(end_s), ""])


def _formatted(cues: Iterable[Cue], format: str, tags: LrcTags) -> str:
    if format == "lrc":
        return to_lrc(cues, tags)
    return to_srt(cues) if format == "srt" else to_vtt(cues)


def _lrc_tags(metadata: Metadata, chapters: list[ChapterTimes]) -> LrcTags:
    title = chapters[0].title if len(chapters) == 1 else metadata.title
    return LrcTags(title, ", ".join(metadata.authors), metadata.title)


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


def divide(text: str) -> list[str]:
    """Divide a text into parts of similar width that fit into a cue, at the breaks of lowest cost."""
    breaks = _breaks(text)
    if not breaks or lines_of(text) is not None:
        return [text]
    before = [0, *accumulate(map(_columns, text))]
    num_cues = max(2, math.ceil(before[-1] / (CUE_LINES * LINE_COLUMNS)))
    middle = before[-1] * (num_cues // 2) / num_cues
    place = min(breaks, key=lambda place: breaks[place] + abs(before[place] - middle))
    return divide(text[:place].rstrip()) + divide(text[place:].lstrip())


def lines_of(text: str) -> list[str] | None:
    """Split a text into the lines of a cue; None if it does not fit."""
    before = [0, *accumulate(map(_columns, text))]
    width = before[-1]
    if width <= LINE_COLUMNS:
        return [text]
    if width > CUE_LINES * LINE_COLUMNS + 1:  # 1 for the space at the line break
        return None
    breaks = {
        place: cost
        for place, cost in _breaks(text).items()
        if before[len(text[:place].rstrip())] <= LINE_COLUMNS and width - before[place] <= LINE_COLUMNS
    }
    if not breaks:
        return None
    place = min(breaks, key=lambda place: breaks[place] + abs(before[place] - width / 2))
    return [text[:place].rstrip(), text[place:]]


def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _breaks(text: str) -> dict[int, int]:
    """The cost of each possible line break, by the position of the next character."""
    costs = {place: _cost(text, place) for place in range(1, len(text))}
    return {place: cost for place, cost in costs.items() if cost is not None}


def _cost(text: str, place: int) -> int | None:
    """The cost of a break before `place`; None if it is not allowed."""
    last, first = text[place - 1], text[place]
    if last == " ":
        return _cost_after(text[max(0, place - 6) : place - 1])
    if is_wide(last) or is_wide(first):
        opens = unicodedata.category(last) in ("Ps", "Pi")
        closes = unicodedata.category(first) in ("Pe", "Pf", "Po") or first in _NOT_FIRST
        return None if opens or closes or first == " " else _cost_after(text[max(0, place - 5) : place])
    if last in "—–":
        return _CLAUSE if first.isalnum() else None
    is_one_character = unicodedata.category(first) in ("Mn", "Me", "Cf") or last == _ZERO_WIDTH_JOINER
    return None if is_one_character else _INSIDE_WORD


def _cost_after(text: str) -> int:
    """The cost of ending a line after this text, by its last punctuation mark."""
    ended = text.rstrip(_CLOSING)
    if ended.endswith(_SENTENCE_MARKS):
        return _SENTENCE
    return _CLAUSE if ended.endswith(_CLAUSE_MARKS) or ended != text else _SPACE
