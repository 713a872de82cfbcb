"""From a passage to its segments: rewrite, cut, join, and account for every character."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from cosycli.script.characters import TOKENS, is_wide
from cosycli.script.cutting import Cut, Piece, Ruler, join, pieces_of
from cosycli.script.duration import seconds_of, seconds_of_tokens
from cosycli.script.languages import dominant_language
from cosycli.script.normalisation import rewrite
from cosycli.script.passages import Passage, Run, SourceMap
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


@dataclass(frozen=True)
class _Word:
    """`plain[start:end]` and how it is spoken: "" if it is skipped, None if it is spoken as it stands."""

    start: int
    end: int
    spoken: str | None


def segments_of(passage: Passage, latin: str, pauses: Pauses) -> Said:
    """Segments of a passage, in order; none if it has nothing to say."""
    spans = [Span(start, end, Fate.SKIPPED, reason) for start, end, reason in passage.skipped]
    speaker = _Speaker(passage, latin)
    if not speaker.ruler.has_words(0, len(speaker.plain)):
        return Said([], [*spans, *speaker.skip(0, len(speaker.plain), "punctuation without words")])
    ends = sorted({*sentence_ends(speaker.plain, speaker.language), *_line_ends(speaker.plain)})
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
    ends_sentence = passage.plain.rstrip(" \"')」』”").endswith(_SENTENCE_FINAL)
    return pauses.sentence_s if ends_sentence else pauses.clause_s


class _Speaker:
    """Says any stretch of one passage."""

    def __init__(self, passage: Passage, latin: str) -> None:
        self.passage = passage
        self.plain = passage.plain
        self.sources = SourceMap(passage.runs)
        self.language = dominant_language(self.plain, latin)
        self.words = self.find_words(latin)
        self.word_starts = [word.start for word in self.words]
        self.ruler = self.measure()

    def find_words(self, latin: str) -> list[_Word]:
        """Everything that is not spoken as it stands: rewritings, tokens and ends of lines."""
        words = [_Word(found.start, found.end, found.spoken) for found in rewrite(self.plain, self.language, latin)]
        offsets = self.sources.offsets
        words += [
            _Word(offset, offset + 1, run.tokens or self.line_break(offset))
            for offset, run in zip(offsets, self.passage.runs, strict=False)
            if run.plain in (TOKENS, "\n")
        ]
        return sorted(words, key=lambda word: word.start)

    def line_break(self, index: int) -> str:
        """A line of verse that ends without a mark is followed by a comma, so that it is not run into the next."""
        before = self.plain[index - 1] if index else ""
        if not before.isalnum():
            return " "
        return "，" if is_wide(before) else ", "

    def measure(self) -> Ruler:
        seconds = seconds_of(self.plain)
        worded = [char.isalnum() for char in self.plain]
        solid = bytearray(len(self.plain) + 1)
        for word in self.words:
            spoken, length = word.spoken or "", word.end - word.start
            seconds[word.start : word.end] = [seconds_of_tokens(spoken), *[0.0] * (length - 1)]
            worded[word.start : word.end] = [any(map(str.isalnum, spoken)), *[False] * (length - 1)]
            solid[word.start + 1 : word.end] = b"\1" * (length - 1)
        return Ruler(self.plain, [0.0, *accumulate(seconds)], solid, [0, *accumulate(worded)])

    def clip(self, start: int, end: int) -> Iterator[_Word]:
        """`plain[start:end]` in words and what stands between them; a word is never cut."""
        position = start
        for number in range(max(0, bisect_right(self.word_starts, start) - 1), len(self.words)):
            word = self.words[number]
            if word.start >= end:
                break
            if word.start < start:
                continue
            if position < word.start:
                yield _Word(position, word.start, None)
            yield word
            position = word.end
        if position < end:
            yield _Word(position, end, None)

    def trim(self, piece: Piece) -> tuple[int, int]:
        """The piece without white space at its edges."""
        text = self.plain[piece.start : piece.end]
        start = piece.start + len(text) - len(text.lstrip())
        return start, max(start, piece.end - len(text) + len(text.rstrip()))

    def segment(self, start: int, end: int, pause_s: float) -> Segment:
        runs = list(self.sources.clip(start, end))
        return Segment(
            text=self.text(start, end),
            source=(runs[0].start, runs[-1].end),
            voice=self.passage.voice,
            style=self.passage.style,
            language=self.language,
            pause_after_s=pause_s,
        )

    def text(self, start: int, end: int) -> str:
        """The words with the tag pairs around them, each opened and closed within the segment."""
        said: list[str] = []
        around: tuple[str, ...] = ()
        for word in self.clip(start, end):
            for spoken, enclosing in self.speak(word):
                said += [*_change(around, enclosing), spoken]
                around = enclosing
        said += _change(around, ())
        spaced = re.sub(r"\s+", " ", "".join(said)).strip()
        return re.sub(r" (?=[,.;:!?)])", "", spaced)

    def speak(self, word: _Word) -> Iterator[tuple[str, tuple[str, ...]]]:
        """What is spoken for a word, and the tag pairs around it."""
        runs = list(self.sources.clip(word.start, word.end))
        if word.spoken is None:
            yield from ((run.plain, run.enclosing) for run in runs)
        else:
            yield word.spoken, runs[0].enclosing if runs else ()

    def account(self, start: int, end: int) -> Iterator[Span]:
        """The fate of every source character behind `plain[start:end]`."""
        for word in self.clip(start, end):
            if word.spoken == "":
                yield from self.skip(word.start, word.end, "sign without a spoken form")
                continue
            for run in self.sources.clip(word.start, word.end):
                yield Span(run.start, run.end, _fate(run, word))

    def skip(self, start: int, end: int, reason: str) -> Iterator[Span]:
        for run in self.sources.clip(start, end):
            yield Span(run.start, run.end, Fate.SKIPPED, reason)


def _fate(run: Run, word: _Word) -> Fate:
    is_same = run.is_verbatim or run.plain.isspace()
    return Fate.SPOKEN if is_same and (word.spoken is None or word.spoken.isspace()) else Fate.REWRITTEN


def _change(before: tuple[str, ...], after: tuple[str, ...]) -> list[str]:
    """Tags that lead from inside the pairs `before` to inside the pairs `after`, outermost first in both."""
    shared = 0
    while shared < min(len(before), len(after)) and before[shared] == after[shared]:
        shared += 1
    closing = [f"</{name}>" for name in reversed(before[shared:])]
    return [*closing, *(f"<{name}>" for name in after[shared:])]
