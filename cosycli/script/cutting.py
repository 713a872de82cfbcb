"""Cuts a passage into segments of a good length.

Long sentences are cut at clause marks, else at spaces, else between characters. Then neighbouring fragments are joined
so that few segments are short: dynamic programming finds the joining with the lowest total cost, in time linear in the
text because a segment contains a bounded number of fragments.
"""

from __future__ import annotations

import math
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

# Length of a segment in seconds: our choice, well below the 30 s that the speech tokenizer takes at once.
MIN_S, MAX_S = 8.0, 15.0
_FRAGMENT_S = 14.0  # maximum, so that a one-word sentence always fits beside its neighbour
_LONE_WORD_S = 1.5
_EARLIEST = 0.6  # of an even share: a cut may move back this far to find a clause mark
_CLAUSE_END = re.compile(r"[,;:)](?=\s)|--(?=\S)|(?<=\s)--?(?=\s)|—+|[，；：、）」』》]")

_SEGMENT_COST = 0.05
_SHORT_COST = 1.0  # of an empty segment; falls with the square to 0 at MIN_S
_LONE_WORD_COST = 10.0


class Cut(IntEnum):
    """The kind of place where a fragment ends, the best first."""

    SENTENCE = 0
    CLAUSE = 1
    SPACE = 2
    CHARACTER = 3


_CUT_COST = {Cut.SENTENCE: 0.0, Cut.CLAUSE: 0.6, Cut.SPACE: 1.2, Cut.CHARACTER: 2.4}


@dataclass(frozen=True)
class Fragment:
    """`plain[start:end]`; `cut` is the kind of place at its end."""

    start: int
    end: int
    cut: Cut


@dataclass(frozen=True)
class MeasuredText:
    """The text of a passage with what is needed to measure it.

    Attributes:
        plain: the text.
        clock: estimated start of each character in seconds, and the end of the last.
        solid: for each position, 1 if no cut is allowed before it.
        worded: for each position, the number of characters before it that belong to words or tokens.
    """

    plain: str
    clock: Sequence[float]
    solid: Sequence[int]
    worded: Sequence[int]

    def seconds(self, start: int, end: int) -> float:
        return self.clock[end] - self.clock[start]

    def has_words(self, start: int, end: int) -> bool:
        return self.worded[end] > self.worded[start]

    def is_one_word(self, start: int, end: int) -> bool:
        return len(self.plain[start:end].split()) == 1


def fragments_of(text: MeasuredText, ends: Sequence[int]) -> list[Fragment]:
    """Returns the sentences that end at `ends`, long ones divided; each contains words, if any does."""
    whole: list[Fragment] = []
    start = 0
    for end in ends:
        if end < len(text.plain) and text.solid[end]:
            continue
        if text.has_words(start, end):
            whole.append(Fragment(start, end, Cut.SENTENCE))
            start = end
        elif whole:
            whole[-1] = Fragment(whole[-1].start, end, Cut.SENTENCE)
            start = end
    if whole and start < len(text.plain):
        whole[-1] = Fragment(whole[-1].start, len(text.plain), Cut.SENTENCE)
    return _divide_long(text, whole or [Fragment(0, len(text.plain), Cut.SENTENCE)])


def _divide_long(text: MeasuredText, sentences: Sequence[Fragment]) -> list[Fragment]:
    clauses = [match.end() for match in _CLAUSE_END.finditer(text.plain)]
    spaces = [index + 1 for index, char in enumerate(text.plain) if char.isspace()]
    fragments = []
    for sentence in sentences:
        start = sentence.start
        while text.seconds(start, sentence.end) > _FRAGMENT_S:
            fragment = _first_fragment(text, start, sentence.end, clauses, spaces)
            if not text.has_words(fragment.end, sentence.end):
                break
            fragments.append(fragment)
            start = fragment.end
        fragments.append(Fragment(start, sentence.end, Cut.SENTENCE))
    return fragments


def _first_fragment(
    text: MeasuredText, start: int, end: int, clauses: Sequence[int], spaces: Sequence[int]
) -> Fragment:
    """Returns the first fragment of a sentence that is too long, near an even share of it."""
    total = text.seconds(start, end)
    share = total / math.ceil(total / _FRAGMENT_S)
    origin = text.clock[start]
    earliest = bisect_left(text.clock, origin + share * _EARLIEST)
    latest = bisect_right(text.clock, origin + _FRAGMENT_S) - 1
    even = bisect_left(text.clock, origin + share)
    for cut, places in ((Cut.CLAUSE, clauses), (Cut.SPACE, spaces)):
        near = [
            place
            for place in places[bisect_left(places, max(earliest, start + 1)) : bisect_right(places, min(latest, end))]
            if not text.solid[place] and text.has_words(start, place) and text.has_words(place, end)
        ]
        if near:
            return Fragment(start, min(near, key=lambda place: abs(place - even)), cut)
    place = min(max(even, start + 1), end)
    while place < end and not _can_part(text, start, place):
        place += 1
    return Fragment(start, place, Cut.CHARACTER)


def _can_part(text: MeasuredText, start: int, place: int) -> bool:
    is_mark = unicodedata.combining(text.plain[place]) != 0
    return not text.solid[place] and not is_mark and text.has_words(start, place)


def join(text: MeasuredText, fragments: Sequence[Fragment]) -> list[Fragment]:
    """Joins neighbouring fragments; a joined fragment is at most MAX_S long."""
    costs = [0.0]
    firsts = [0]
    for last, fragment in enumerate(fragments):
        best, best_first = math.inf, last
        cut = _CUT_COST[fragment.cut]
        for first in range(last, -1, -1):
            seconds = text.seconds(fragments[first].start, fragment.end)
            if first < last and seconds > MAX_S:
                break
            cost = costs[first] + cut + _cost(seconds)
            if seconds < _LONE_WORD_S and text.is_one_word(fragments[first].start, fragment.end):
                cost += _LONE_WORD_COST
            if cost < best:
                best, best_first = cost, first
        costs.append(best)
        firsts.append(best_first)
    joined = []
    last = len(fragments)
    while last > 0:
        first = firsts[last]
        joined.append(Fragment(fragments[first].start, fragments[last - 1].end, fragments[last - 1].cut))
        last = first
    return joined[::-1]


def _cost(seconds: float) -> float:
    missing = max(0.0, 1 - seconds / MIN_S)
    return _SEGMENT_COST + _SHORT_COST * missing**2
