"""From a passage to its segments: rewrite, cut, join, and account for every character."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from cosycli.script.characters import is_hanzi
from cosycli.script.cutting import Cut, Piece, Ruler, join, pieces_of
from cosycli.script.duration import seconds_of
from cosycli.script.languages import dominant_language
from cosycli.script.normalisation import Rewriting, rewrite
from cosycli.script.passages import TOKENS, Passage
from cosycli.script.segment import Fate, Segment, Span
from cosycli.script.sentences import sentence_ends

__all__ = ["DEFAULT_PAUSES", "Pauses", "Said", "segments_of"]

_SENTENCE_FINAL = tuple(".?!。？！")


@dataclass(frozen=True)
class Pauses:
    """Silence after a segment, in seconds, by what ends there.

    Pauses of readers fall into three groups, under 0.2 s, 0.2 to 1 s, and longer (Campione and Véronis, "A large-scale
    multilingual study of silent pause duration", Speech Prosody 2002): clauses get the first, sentences and
    paragraphs the second. A cut inside a clause gets none.
    """

    cut_s: float = 0.0
    clause_s: float = 0.15
    sentence_s: float = 0.4
    paragraph_s: float = 0.8


DEFAULT_PAUSES = Pauses()


@dataclass(frozen=True)
class Said:
    """The segments of one passage, and the fate of each of its characters."""

    segments: list[Segment]
    spans: list[Span]


def segments_of(passage: Passage, latin: str, pauses: Pauses) -> Said:
    """Segments of a passage, in order; none if it has nothing to say."""
    spans = [Span(start, end, Fate.SKIPPED, reason) for start, end, reason in passage.skipped]
    speaker = _Speaker(passage, latin)
    whole = Piece(0, len(passage.plain), Cut.SENTENCE)
    if not passage.has_words:
        return Said([], [*spans, *speaker.skip(whole.start, whole.end, "punctuation without words")])
    ends = sorted({*sentence_ends(passage.plain, speaker.language), *_line_ends(passage.plain)})
    pieces = join(speaker.ruler, pieces_of(speaker.ruler, ends))
    segments = []
    for piece in pieces:
        start, end = speaker.trim(piece)
        spans += speaker.skip(piece.start, start, "white space")
        spans += speaker.account(start, end)
        spans += speaker.skip(end, piece.end, "white space")
        pause_s = _pause_inside(piece, pauses) if piece is not pieces[-1] else _pause_at_end(passage, pauses)
        segments.append(speaker.segment(start, end, pause_s))
    return Said(segments, spans)


def _line_ends(plain: str) -> list[int]:
    return [match.end() for match in re.finditer("\n", plain)]


def _pause_inside(piece: Piece, pauses: Pauses) -> float:
    by_cut = {Cut.SENTENCE: pauses.sentence_s, Cut.CLAUSE: pauses.clause_s}
    return by_cut.get(piece.cut, pauses.cut_s)


def _pause_at_end(passage: Passage, pauses: Pauses) -> float:
    if passage.pause_s is not None:
        return passage.pause_s
    if passage.ends_paragraph:
        return pauses.paragraph_s
    return pauses.sentence_s if passage.plain.rstrip(" \"')").endswith(_SENTENCE_FINAL) else pauses.clause_s


class _Speaker:
    """Says any stretch of one passage."""

    def __init__(self, passage: Passage, latin: str) -> None:
        self.passage = passage
        self.language = dominant_language(passage.plain, latin)
        self.rewritings = {found.start: found for found in rewrite(passage.plain, self.language, latin)}
        self.ruler = self.measure()

    def measure(self) -> Ruler:
        plain = self.passage.plain
        seconds = [0.0] * len(plain)
        solid = bytearray(len(plain) + 1)
        words = [char.isalnum() or char == TOKENS for char in plain]
        for start, end, spoken in self.units(0, len(plain)):
            seconds[start] = seconds_of(spoken)
            words[start] = words[start] or any(char.isalnum() for char in spoken)
            solid[start + 1 : end] = b"\1" * (end - start - 1)
        return Ruler(plain, [0.0, *accumulate(seconds)], solid, [0, *accumulate(words)])

    def units(self, start: int, end: int) -> Iterator[tuple[int, int, str]]:
        """Start, end and spoken form of every rewriting, token and single character between."""
        index = start
        while index < end:
            rewriting = self.rewritings.get(index) or Rewriting(index, index + 1, self.say(index))
            yield rewriting.start, rewriting.end, rewriting.spoken
            index = rewriting.end

    def say(self, index: int) -> str:
        char = self.passage.plain[index]
        if char == TOKENS:
            return self.passage.tokens[index]
        if char == "\n":
            return self.line_break(index)
        return char

    def line_break(self, index: int) -> str:
        """A line of verse that ends without a mark is followed by a comma, so that it is not run into the next."""
        before = self.passage.plain[index - 1] if index else ""
        if not before.isalnum():
            return " "
        return "，" if is_hanzi(before) else ", "

    def trim(self, piece: Piece) -> tuple[int, int]:
        start, end = piece.start, piece.end
        while start < end and self.passage.plain[start].isspace():
            start += 1
        while end > start and self.passage.plain[end - 1].isspace():
            end -= 1
        return start, end

    def segment(self, start: int, end: int, pause_s: float) -> Segment:
        passage = self.passage
        return Segment(
            text=self.text(start, end),
            source=(passage.starts[start], passage.ends[end - 1]),
            voice=passage.voice,
            style=passage.style,
            language=self.language,
            pause_after_s=pause_s,
        )

    def text(self, start: int, end: int) -> str:
        """The words with the tag pairs around them, each opened and closed within the segment."""
        said: list[str] = []
        around: tuple[str, ...] = ()
        for index, _, spoken in self.units(start, end):
            said += [*_change(around, self.passage.enclosing[index]), spoken]
            around = self.passage.enclosing[index]
        said += _change(around, ())
        spaced = re.sub(r"\s+", " ", "".join(said)).strip()
        return re.sub(r" (?=[,.;:!?)])", "", spaced)

    def account(self, start: int, end: int) -> Iterator[Span]:
        """The fate of every source character behind `plain[start:end]`."""
        starts, ends = self.passage.starts, self.passage.ends
        for first, last, spoken in self.units(start, end):
            if not spoken:
                yield from self.skip(first, last, "sign without a spoken form")
            elif last - first > 1 or spoken != self.passage.plain[first]:
                yield Span(starts[first], ends[last - 1], Fate.REWRITTEN)
            else:
                yield Span(starts[first], ends[first], self.fate(first))

    def fate(self, index: int) -> Fate:
        source = self.passage.source(index)
        return Fate.SPOKEN if source.isspace() or source == self.passage.plain[index] else Fate.REWRITTEN

    def skip(self, start: int, end: int, reason: str) -> Iterator[Span]:
        for index in range(start, end):
            yield Span(self.passage.starts[index], self.passage.ends[index], Fate.SKIPPED, reason)


def _change(before: tuple[str, ...], after: tuple[str, ...]) -> list[str]:
    """Tags that lead from inside the pairs `before` to inside the pairs `after`, outermost first in both."""
    shared = 0
    while shared < min(len(before), len(after)) and before[shared] == after[shared]:
        shared += 1
    closing = [f"</{name}>" for name in reversed(before[shared:])]
    return [*closing, *(f"<{name}>" for name in after[shared:])]
