"""Where text is divided for a screen: into cues of two lines, and those into lines.

A line has 42 columns and a cue two lines (Netflix, "Timed Text Style Guide": English 42 characters, 2 lines maximum).
Chinese, Japanese and Korean characters take two columns (Unicode Standard Annex 11), so that 21 fit. "The ideal
line-break will be at a piece of punctuation" (BBC, "Subtitle Guidelines", Break at natural points).
"""

from __future__ import annotations

import math
import unicodedata
from itertools import accumulate

from cosycli.script.characters import is_wide

__all__ = ["LINE_COLUMNS", "columns_of", "divide", "lines_of"]

LINE_COLUMNS = 42
CUE_LINES = 2

# How many columns further from the middle of a text a better place may be; choices of ours.
_SENTENCE, _CLAUSE, _SPACE, _INSIDE_WORD = 0, 10, 25, 1000

_CLOSING = "\"'”’»)]）」』》】"
_SENTENCE_MARKS = tuple(".!?…。！？")
_CLAUSE_MARKS = tuple(",;:—–，；：、")
# No line starts with these, besides closing brackets and marks: JLREQ, "Requirements for Japanese Text Layout", 3.1.7.
_NOT_FIRST = "ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々"
_ZERO_WIDTH_JOINER = "\u200d"


def columns_of(text: str) -> int:
    """How wide the text is on a screen."""
    return sum(map(_columns, text))


def divide(text: str) -> list[str]:
    """The text in parts that each fit into a cue, of like width and parted at the best places."""
    breaks = _breaks(text)
    if not breaks or lines_of(text) is not None:
        return [text]
    before = [0, *accumulate(map(_columns, text))]
    num_cues = max(2, math.ceil(before[-1] / (CUE_LINES * LINE_COLUMNS)))
    middle = before[-1] * (num_cues // 2) / num_cues
    place = min(breaks, key=lambda place: breaks[place] + abs(before[place] - middle))
    return divide(text[:place].rstrip()) + divide(text[place:].lstrip())


def lines_of(text: str) -> list[str] | None:
    """The lines of a cue, or None if the text does not fit into one."""
    before = [0, *accumulate(map(_columns, text))]
    width = before[-1]
    if width <= LINE_COLUMNS:
        return [text]
    if width > CUE_LINES * LINE_COLUMNS + 1:  # 1 for the space where the line ends
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
    """The places where a line may end, as the position of the next character, and what each costs."""
    costs = {place: _cost(text, place) for place in range(1, len(text))}
    return {place: cost for place, cost in costs.items() if cost is not None}


def _cost(text: str, place: int) -> int | None:
    """What it costs to part the text before `place`; None if it may not be."""
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
    """What it costs to end a line after this text, judged by its last mark."""
    ended = text.rstrip(_CLOSING)
    if ended.endswith(_SENTENCE_MARKS):
        return _SENTENCE
    return _CLAUSE if ended.endswith(_CLAUSE_MARKS) or ended != text else _SPACE
