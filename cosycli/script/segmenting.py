"""Turns passages into segments: rewrites, cuts, joins, and accounts for every character."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby

from cosycli.documents.text_layout import is_wide
from cosycli.script.characters import NAME, TOKENS
from cosycli.script.cutting import Cut, Fragment, MeasuredText, fragments_of, join
from cosycli.script.japanese import in_katakana
from cosycli.script.languages import dominant_language, latin_language
from cosycli.script.normalisation import NAME_LETTER, rewrite
from cosycli.script.passages import Passage, Run, SourceMap
from cosycli.script.segment import Fate, Segment, Span
from cosycli.script.sentences import sentence_ends
from cosycli.script.timing import Boundary, Pauses, seconds_of, seconds_of_tokens

_BOUNDARIES = {Cut.SENTENCE: Boundary.SENTENCE, Cut.CLAUSE: Boundary.CLAUSE}
_SPACES = re.compile(r"\s*")
_SENTENCE_FINAL = tuple(".?!。？！")


@dataclass(frozen=True)
class SegmentedText:
    """The segments of a text or a chapter, and the fate of each of its characters, in order."""

    segments: tuple[Segment, ...]
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class _Word:
    """`plain[start:end]` and its spoken form: "" if it is skipped, None if it is spoken as written.

    Attributes:
        words: what the spoken form says in words; see `Part`.
    """

    start: int
    end: int
    spoken: str | None
    words: str = ""


def segments_of(passages: Iterable[Passage], pauses: Pauses, *, katakana: bool = False) -> SegmentedText:
    """Returns the segments of passages that follow each other.

    Args:
        katakana: Japanese becomes katakana.

    Raises:
        MissingError: the library that reads Japanese in katakana is not installed.
    """
    segments: list[Segment] = []
    spans: list[Span] = []
    before_s = 0.0
    for passage in passages:
        found, fates = _say(passage, pauses, katakana)
        spans += fates
        if found and not segments:
            found[0] = replace(found[0], pause_before_s=before_s)
        segments += found
        if not found and segments:
            segments[-1] = replace(segments[-1], pause_after_s=_longer(segments[-1].pause_after_s, passage, pauses))
        elif not found:
            before_s += passage.pause_s or 0.0
    return SegmentedText(tuple(segments), tuple(_merge(spans)))


def _longer(pause_s: float, passage: Passage, pauses: Pauses) -> float:
    """Returns the pause after a segment that a passage without words follows, such as a pause of its own."""
    if passage.pause_s is not None:
        return pause_s + passage.pause_s
    if passage.boundary is None:
        return pause_s
    signs = passage.plain and not passage.plain.isspace()  # a row of stars or dashes ends a scene
    scene_s = pauses.scene_break_s if signs and passage.boundary is Boundary.PARAGRAPH else 0.0
    return max(pause_s, pauses.after(passage.boundary), scene_s)


def _say(passage: Passage, pauses: Pauses, katakana: bool) -> tuple[list[Segment], list[Span]]:
    """Returns the segments of a passage, none if it has no words, and the fate of its characters."""
    spans = [Span(start, end, Fate.SKIPPED, reason) for start, end, reason in passage.skipped]
    if not passage.runs:
        return [], spans
    speakable = _SpeakablePassage(passage, katakana)
    if not speakable.measured.has_words(0, len(speakable.plain)):
        reason = "white space" if speakable.plain.isspace() else "punctuation without words"
        return [], [*spans, *speakable.skip(0, len(speakable.plain), reason)]
    fragments = join(speakable.measured, fragments_of(speakable.measured, speakable.ends()))
    segments = []
    for fragment in fragments:
        start, end = speakable.trim(fragment)
        spans += speakable.skip(fragment.start, start, "white space")
        spans += speakable.account(start, end)
        spans += speakable.skip(end, fragment.end, "white space")
        is_last = fragment is fragments[-1]
        inside_s = pauses.after(_BOUNDARIES.get(fragment.cut, Boundary.CUT))
        segments.append(speakable.segment(start, end, _pause_at_end(passage, pauses) if is_last else inside_s))
    return segments, spans


def _merge(spans: Iterable[Span]) -> Iterator[Span]:
    """Joins neighbouring characters with the same fate and reason into one span."""
    ordered = sorted((span for span in spans if span.start < span.end), key=lambda span: span.start)
    for (fate, reason), group in groupby(ordered, key=lambda span: (span.fate, span.reason)):
        same = list(group)
        yield Span(same[0].start, same[-1].end, fate, reason)


def _pause_at_end(passage: Passage, pauses: Pauses) -> float:
    if passage.pause_s is not None:
        return passage.pause_s
    ends_sentence = passage.plain.rstrip(" \"')」』”").endswith(_SENTENCE_FINAL)
    return pauses.after(passage.boundary or (Boundary.SENTENCE if ends_sentence else Boundary.CLAUSE))


def _longest_language(stretches: Sequence[tuple[int, int, str]]) -> str:
    lengths: Counter[str] = Counter()
    for start, end, language in stretches:
        lengths[language] += end - start
    return lengths.most_common(1)[0][0]


class _SpeakablePassage:
    """A passage with its rewritings, from which the text of any stretch can be made."""

    def __init__(self, passage: Passage, katakana: bool) -> None:
        self.passage = passage
        self.katakana = katakana
        self.plain = passage.plain
        self.sources = SourceMap(passage.runs)
        self.stretches = self.find_stretches()
        self.language = _longest_language(self.stretches)
        self.words = self.find_words(latin_language(passage.declared))
        self.word_starts = [word.start for word in self.words]
        self.measured = self.measure()

    def find_stretches(self) -> list[tuple[int, int, str]]:
        """Returns start, end and language of neighbouring runs in one language."""
        marked = groupby(zip(self.sources.offsets, self.passage.runs, strict=False), key=lambda item: item[1].language)
        starts = [(next(runs)[0], language) for language, runs in marked]
        if all(language is None for _, language in starts):
            return [(0, len(self.plain), dominant_language(self.plain, self.passage.declared))]
        ends = [start for start, _ in starts[1:]] + [len(self.plain)]
        own = "".join(run.plain for run in self.passage.runs if run.language is None)
        language_of_passage = dominant_language(own, self.passage.declared)
        return [
            (start, end, language or language_of_passage) for (start, language), end in zip(starts, ends, strict=True)
        ]

    def ends(self) -> list[int]:
        """Returns the places where sentences and lines of verse end."""
        found = {match.end() for match in re.finditer("\n", self.plain)}
        found.update(sentence_ends(self.plain.replace(NAME, NAME_LETTER), self.language))
        found.difference_update(self.abbreviation_ends())
        for start, end, language in self.stretches:
            if language != self.language:
                found.difference_update(range(start + 1, end))
                found.update(start + inside for inside in sentence_ends(self.plain[start:end], language)[:-1])
        return sorted(found)

    def abbreviation_ends(self) -> Iterator[int]:
        """Yields ends of abbreviations and ordinals whose full stop ends no sentence; sentencex knows English ones."""
        for word in self.words if self.language != "en" else ():
            if self.plain[word.end - 1] == "." and word.spoken and not word.spoken.endswith("."):
                following = _SPACES.match(self.plain, word.end)
                yield following.end() if following else word.end

    def find_words(self, latin: str) -> list[_Word]:
        """Returns everything that is not spoken as written: rewritings, tokens and ends of lines."""
        words = [
            _Word(start + found.start, start + found.end, found.spoken, found.spoken)
            for start, end, language in self.stretches
            for found in rewrite(
                self.plain[start:end], language, latin, is_heading=self.passage.is_heading, katakana=self.katakana
            )
        ]
        offsets = self.sources.offsets
        words += [
            self.line_break(offset) if run.plain == "\n" else self.replaced(run, offset)
            for offset, run in zip(offsets, self.passage.runs, strict=False)
            if run.plain in (TOKENS, NAME, "\n")
        ]
        return sorted(words, key=lambda word: word.start)

    def replaced(self, run: Run, index: int) -> _Word:
        """Returns the spoken form of the placeholder at `index`."""
        if not self.katakana or self.language != "ja":
            return _Word(index, index + 1, run.spoken, run.words)
        space = " " if self.plain[index - 1 : index].isalnum() else ""
        return _Word(index, index + 1, space + in_katakana(run.spoken), space + in_katakana(run.words))

    def line_break(self, index: int) -> _Word:
        """Ends a line of verse without a mark with a comma, so that it does not run into the next line."""
        before = self.plain[index - 1] if index else ""
        mark = ("，" if is_wide(before) else ", ") if before.isalnum() else " "
        return _Word(index, index + 1, mark, mark)

    def measure(self) -> MeasuredText:
        seconds = seconds_of(self.plain)
        worded = [char.isalnum() for char in self.plain]
        solid = bytearray(len(self.plain) + 1)
        for word in self.words:
            spoken, length = word.spoken or "", word.end - word.start
            seconds[word.start : word.end] = [seconds_of_tokens(spoken), *[0.0] * (length - 1)]
            worded[word.start : word.end] = [any(map(str.isalnum, spoken)), *[False] * (length - 1)]
            solid[word.start + 1 : word.end] = b"\1" * (length - 1)
        return MeasuredText(self.plain, [0.0, *accumulate(seconds)], solid, [0, *accumulate(worded)])

    def clip(self, start: int, end: int) -> Iterator[_Word]:
        """Yields the words of `plain[start:end]` and the text between them; a word is never cut."""
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

    def trim(self, fragment: Fragment) -> tuple[int, int]:
        """Returns the ends of the fragment without white space at its edges."""
        text = self.plain[fragment.start : fragment.end]
        start = fragment.start + len(text) - len(text.lstrip())
        return start, max(start, fragment.end - len(text) + len(text.rstrip()))

    def segment(self, start: int, end: int, pause_s: float) -> Segment:
        runs = list(self.sources.clip(start, end))
        text, words = self.speech(start, end)
        return Segment(
            text=text,
            words=words,
            source=(runs[0].start, runs[-1].end),
            voice=self.passage.voice,
            style=self.passage.style,
            language=self.language,
            pause_after_s=pause_s,
            speed=self.passage.speed,
        )

    def speech(self, start: int, end: int) -> tuple[str, str]:
        """Returns text and words of a segment, with each tag pair opened and closed within the text."""
        text: list[str] = []
        words: list[str] = []
        around: tuple[str, ...] = ()
        for word in self.clip(start, end):
            for spoken, in_words, enclosing in self.speak(word):
                text += [*_change(around, enclosing), spoken]
                words.append(in_words)
                around = enclosing
        return _tidy([*text, *_change(around, ())]), _tidy(words)

    def speak(self, word: _Word) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """Yields the spoken form of a word, what it says in words, and the tag pairs around it."""
        runs = list(self.sources.clip(word.start, word.end))
        if word.spoken is None:
            yield from ((run.plain, run.plain, run.enclosing) for run in runs)
        else:
            yield word.spoken, word.words, runs[0].enclosing if runs else ()

    def account(self, start: int, end: int) -> Iterator[Span]:
        """Yields the fate of every source character behind `plain[start:end]`."""
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


def _tidy(parts: Iterable[str]) -> str:
    """Joins the parts, with single spaces and none before a punctuation mark."""
    spaced = re.sub(r"\s+", " ", "".join(parts)).strip()
    return re.sub(r" (?=[,.;:!?)])", "", spaced)


def _change(before: tuple[str, ...], after: tuple[str, ...]) -> list[str]:
    """Returns the tags that close the pairs `before` and open the pairs `after`, the outermost first in both."""
    shared = 0
    while shared < min(len(before), len(after)) and before[shared] == after[shared]:
        shared += 1
    closing = [f"</{name}>" for name in reversed(before[shared:])]
    return [*closing, *(f"<{name}>" for name in after[shared:])]
