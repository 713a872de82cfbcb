"""Where a passage may be cut, and which cuts give segments of a comfortable length.

Sentences longer than a piece may be are cut at clause marks, else at spaces, else between characters. Then pieces are
joined so that no segment is short without need: the joining with the lowest total cost is found by dynamic
programming, in time linear in the text because a segment holds a bounded number of pieces.
"""

from __future__ import annotations

import math
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

__all__ = ["MAX_S", "MIN_S", "Cut", "Piece", "Ruler", "join", "pieces_of"]

# Seconds that a segment lasts; a choice of ours, well inside the 30 s that the speech tokenizer hears at once.
MIN_S, MAX_S = 8.0, 15.0
_PIECE_S = 14.0  # no piece is longer, so that a one-word sentence always fits beside its neighbour
_LONE_WORD_S = 1.5
_EARLIEST = 0.6  # of an even share: how far a cut may move back to find a clause mark
_CLAUSE_END = re.compile(r"[,;:)](?=\s)|--(?=\S)|(?<=\s)--?(?=\s)|—+|[，；：、）」』》]")

_SEGMENT_COST = 0.05
_SHORT_COST = 1.0  # of a segment of no length; falls with the square to 0 at MIN_S
_LONE_WORD_COST = 10.0


class Cut(IntEnum):
    """What stands where a piece ends, the better place first."""

    SENTENCE = 0
    CLAUSE = 1
    SPACE = 2
    CHARACTER = 3


_CUT_COST = {Cut.SENTENCE: 0.0, Cut.CLAUSE: 0.6, Cut.SPACE: 1.2, Cut.CHARACTER: 2.4}


@dataclass(frozen=True)
class Piece:
    """`plain[start:end]`; `cut` is what stands at its end."""

    start: int
    end: int
    cut: Cut


@dataclass(frozen=True)
class Ruler:
    """A passage's text and what is needed to measure it.

    Attributes:
        plain: the text.
        clock: estimated second at which each character starts; one entry more than characters.
        solid: for each position, 1 if what stands there may not be parted from the character before.
        worded: how many characters before each position are words or tokens.
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


def pieces_of(ruler: Ruler, ends: Sequence[int]) -> list[Piece]:
    """The sentences that end at `ends`, long ones divided; each holds words, unless none of them does."""
    whole: list[Piece] = []
    start = 0
    for end in ends:
        if end < len(ruler.plain) and ruler.solid[end]:
            continue
        if ruler.has_words(start, end):
            whole.append(Piece(start, end, Cut.SENTENCE))
            start = end
        elif whole:
            whole[-1] = Piece(whole[-1].start, end, Cut.SENTENCE)
            start = end
    if whole and start < len(ruler.plain):
        whole[-1] = Piece(whole[-1].start, len(ruler.plain), Cut.SENTENCE)
    return _divide_long(ruler, whole or [Piece(0, len(ruler.plain), Cut.SENTENCE)])


def _divide_long(ruler: Ruler, sentences: Sequence[Piece]) -> list[Piece]:
    clauses = [match.end() for match in _CLAUSE_END.finditer(ruler.plain)]
    spaces = [index + 1 for index, char in enumerate(ruler.plain) if char.isspace()]
    pieces = []
    for sentence in sentences:
        start = sentence.start
        while ruler.seconds(start, sentence.end) > _PIECE_S:
            piece = _first_piece(ruler, start, sentence.end, clauses, spaces)
            if not ruler.has_words(piece.end, sentence.end):
                break
            pieces.append(piece)
            start = piece.end
        pieces.append(Piece(start, sentence.end, Cut.SENTENCE))
    return pieces


def _first_piece(ruler: Ruler, start: int, end: int, clauses: Sequence[int], spaces: Sequence[int]) -> Piece:
    """What to part from a sentence that is too long, near an even share of it."""
    total = ruler.seconds(start, end)
    share = total / math.ceil(total / _PIECE_S)
    origin = ruler.clock[start]
    earliest = bisect_left(ruler.clock, origin + share * _EARLIEST)
    latest = bisect_right(ruler.clock, origin + _PIECE_S) - 1
    even = bisect_left(ruler.clock, origin + share)
    for cut, places in ((Cut.CLAUSE, clauses), (Cut.SPACE, spaces)):
        near = [
            place
            for place in places[bisect_left(places, max(earliest, start + 1)) : bisect_right(places, min(latest, end))]
            if not ruler.solid[place] and ruler.has_words(start, place) and ruler.has_words(place, end)
        ]
        if near:
            return Piece(start, min(near, key=lambda place: abs(place - even)), cut)
    place = min(max(even, start + 1), end)
    while place < end and not _can_part(ruler, start, place):
        place += 1
    return Piece(start, place, Cut.CHARACTER)


def _can_part(ruler: Ruler, start: int, place: int) -> bool:
    is_mark = unicodedata.combining(ruler.plain[place]) != 0
    return not ruler.solid[place] and not is_mark and ruler.has_words(start, place)


def join(ruler: Ruler, pieces: Sequence[Piece]) -> list[Piece]:
    """The same text in fewer and longer pieces, none over MAX_S that was not over it before."""
    costs = [0.0]
    firsts = [0]
    for last, piece in enumerate(pieces):
        best, best_first = math.inf, last
        cut = _CUT_COST[piece.cut]
        for first in range(last, -1, -1):
            seconds = ruler.seconds(pieces[first].start, piece.end)
            if first < last and seconds > MAX_S:
                break
            cost = costs[first] + cut + _cost(seconds)
            if seconds < _LONE_WORD_S and ruler.is_one_word(pieces[first].start, piece.end):
                cost += _LONE_WORD_COST
            if cost < best:
                best, best_first = cost, first
        costs.append(best)
        firsts.append(best_first)
    joined = []
    last = len(pieces)
    while last > 0:
        first = firsts[last]
        joined.append(Piece(pieces[first].start, pieces[last - 1].end, pieces[last - 1].cut))
        last = first
    return joined[::-1]


def _cost(seconds: float) -> float:
    missing = max(0.0, 1 - seconds / MIN_S)
    return _SEGMENT_COST + _SHORT_COST * missing**2
