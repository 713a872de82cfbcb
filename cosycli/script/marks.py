"""Applies the marks of a block to its parts: who speaks, how, and what is spoken in place of the characters."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from cosycli.documents.book import Alphabet, Mark, MarkKind
from cosycli.script.addresses import ENGLISH_SIGNS
from cosycli.script.capabilities import Capabilities, compile_style, respelling_note, say_phonemes, voice_named
from cosycli.script.characters import says_something
from cosycli.script.languages import primary_language
from cosycli.script.markup import MAX_PAUSE_S
from cosycli.script.normalisation import say_in_words
from cosycli.script.number_words import cardinal, digits, ordinal
from cosycli.script.parts import Part, PartKind, Replacement, apply_replacements, cut
from cosycli.script.phonemes import tokens_of
from cosycli.script.pinyin import is_kana

_EMPHASIS = "strong"
_SAYS_INSTEAD = frozenset({MarkKind.PRONUNCIATION, MarkKind.ALIAS, MarkKind.SAY_AS})
_STANDS_ALONE = _SAYS_INSTEAD | {MarkKind.PAUSE, MarkKind.LITERAL}
# `interpret-as` values of W3C "SSML 1.0 say-as attribute values" (Working Group Note, 26 May 2005), and those of the
# synthesizers that have read SSML since.
_SPELLING = frozenset({"characters", "spell-out", "verbatim", "letters"})
_NUMBERS = {"cardinal": cardinal, "number": cardinal, "ordinal": ordinal, "digits": digits}
_TELEPHONE = "telephone"
# The normaliser recognises these by their form.
_AS_WRITTEN = frozenset({"date", "time", "currency", "unit", "fraction", "measure", "address", "name", "net", "text"})
_SIGNS = ENGLISH_SIGNS | {"*": "star", ",": "comma", "!": "bang"}


@dataclass(frozen=True)
class _VoiceSettings:
    """How the characters under some marks are spoken; None for what the marks leave open."""

    voice: str | None = None
    style: str | None = None
    language: str | None = None
    speed: float | None = None
    is_emphasized: bool = False


_ORDINARY = _VoiceSettings()


@dataclass
class MarkReader:
    """Reads the marks of blocks.

    Attributes:
        notes: start, end and message of each note for the writer.
    """

    capabilities: Capabilities
    cast: Mapping[str, str]
    notes: list[tuple[int, int, str]] = field(default_factory=list)
    _pronounced: dict[tuple[str, tuple[str, ...], str | None], tuple[str, str]] = field(default_factory=dict)

    def apply(self, text: str, marks: Sequence[Mark], parts: Iterable[Part], declared: str | None) -> Iterator[Part]:
        """Applies the marks to the parts of a block; the notation in the text wins.

        Args:
            text: the text that marks and parts refer to.
            declared: ISO 639-1 code of the block's language.

        Raises:
            UsageError: a voice or style does not exist.
        """
        pieces = cut(parts, sorted({edge for mark in marks for edge in (mark.start, mark.end)}))
        changes = list(self._changes([mark for mark in marks if mark.kind not in _STANDS_ALONE]))
        spoken = _spoken_in(pieces, changes)
        pauses = [mark for mark in marks if mark.kind is MarkKind.PAUSE]
        return apply_replacements(_with_pauses(spoken, pauses), list(self._replacements(text, marks, declared)))

    def _changes(self, marks: Iterable[Mark]) -> Iterator[tuple[int, _VoiceSettings]]:
        """Yields the places where the voice settings change, and the settings from there on."""
        open_settings: list[tuple[float, _VoiceSettings]] = [(math.inf, _ORDINARY)]
        for mark in marks:
            yield from _close(open_settings, mark.start)
            open_settings.append((mark.end, self._within(mark, open_settings[-1][1])))
            yield mark.start, open_settings[-1][1]
        yield from _close(open_settings, sys.maxsize)

    def _within(self, mark: Mark, around: _VoiceSettings) -> _VoiceSettings:
        if mark.kind is MarkKind.VOICE:
            return replace(around, voice=voice_named(mark.value, self.capabilities, self.cast))
        if mark.kind is MarkKind.STYLE:
            return replace(
                around, style=compile_style(mark.value, self.capabilities.styles, self.capabilities.own_words)
            )
        if mark.kind is MarkKind.LANGUAGE:
            return replace(around, language=primary_language(mark.value))
        if mark.kind is MarkKind.RATE:
            return replace(around, speed=self._speed(mark))
        return replace(around, is_emphasized=self.capabilities.encloses(_EMPHASIS))

    def _speed(self, mark: Mark) -> float | None:
        """Returns the factor on the default rate, whatever the rate around it is (SSML 1.1, 3.2.4)."""
        try:
            speed = float(mark.value)
        except ValueError:
            speed = math.nan
        if 0 < speed < math.inf:
            return speed
        self.notes.append((mark.start, mark.end, f"The rate {mark.value!r} is ignored: it is not a number above 0."))
        return None

    def _replacements(self, text: str, marks: Iterable[Mark], declared: str | None) -> Iterator[Replacement]:
        position = 0
        for mark in marks:
            if mark.kind in _SAYS_INSTEAD and position <= mark.start < mark.end:
                replacement = self._replace(mark, text[mark.start : mark.end], declared)
                if replacement:
                    yield replacement
                    position = mark.end

    def _replace(self, mark: Mark, word: str, declared: str | None) -> Replacement | None:
        """Returns what is spoken in place of `word`; None, with a note, if the mark cannot be applied."""
        if mark.kind is MarkKind.ALIAS:
            spoken = say_in_words(mark.value, declared)
        elif mark.kind is MarkKind.SAY_AS:
            spoken = self._interpret(mark, word, declared)
        elif mark.alphabet is Alphabet.RUBY and is_kana(mark.value):
            spoken = say_in_words(mark.value, "ja")
        else:
            return self._pronounce_as_marked(mark, word, declared)
        return Replacement(mark.start, mark.end, spoken, spoken) if spoken else None

    def _interpret(self, mark: Mark, word: str, declared: str | None) -> str:
        if mark.value not in _SPELLING | _NUMBERS.keys() | _AS_WRITTEN | {_TELEPHONE}:
            self.notes.append((mark.start, mark.end, f"The say-as {mark.value!r} is ignored: it is unknown."))
        return _say_as(word, mark.value, declared) or ""

    def _pronounce_as_marked(self, mark: Mark, word: str, declared: str | None) -> Replacement | None:
        tokens = tokens_of(word, mark.value, mark.alphabet) if mark.alphabet else None
        if tokens:
            return self.pronounce(mark.start, word, tokens, declared)
        if says_something(mark.value):  # dots above a word are emphasis
            what = f"The pronunciation {mark.value!r} of {word} is ignored: it has no tokens."
            self.notes.append((mark.start, mark.end, what))
        return None

    def pronounce(self, start: int, word: str, tokens: tuple[str, ...], declared: str | None) -> Replacement:
        """Replaces `word`, which begins at `start`, by its sounds as the model takes them; notes a respelling."""
        key = (word, tokens, declared)
        if key not in self._pronounced:
            spoken = say_phonemes(word, tokens, self.capabilities)
            self._pronounced[key] = spoken, say_in_words(word, declared)
            if not spoken.startswith("["):
                what = f"The pronunciation of {word} {respelling_note(word, tokens, spoken, self.capabilities)}"
                self.notes.append((start, start + len(word), what))
        return Replacement(start, start + len(word), *self._pronounced[key])


def _close(open_settings: list[tuple[float, _VoiceSettings]], place: int) -> Iterator[tuple[int, _VoiceSettings]]:
    while open_settings[-1][0] <= place:
        end, _ = open_settings.pop()
        yield int(end), open_settings[-1][1]


def _spoken_in(pieces: Iterable[Part], changes: Sequence[tuple[int, _VoiceSettings]]) -> Iterator[Part]:
    number, settings = 0, _ORDINARY
    for piece in pieces:
        while number < len(changes) and changes[number][0] <= piece.start:
            settings = changes[number][1]
            number += 1
        yield _under(piece, settings)


def _under(piece: Part, settings: _VoiceSettings) -> Part:
    if settings == _ORDINARY:
        return piece
    emphasized = settings.is_emphasized and _EMPHASIS not in piece.enclosing
    return replace(
        piece,
        voice=settings.voice or piece.voice,
        style=settings.style or piece.style,
        language=settings.language,
        speed=settings.speed or 1.0,
        enclosing=(*piece.enclosing, _EMPHASIS) if emphasized else piece.enclosing,
    )


def _with_pauses(pieces: Iterable[Part], pauses: Sequence[Mark]) -> Iterator[Part]:
    number = 0
    last = Part(0, 0, PartKind.TEXT)
    for piece in chain(pieces, [None]):
        while number < len(pauses) and (piece is None or pauses[number].start <= piece.start):
            place = max(last.end, pauses[number].start)
            pause_s = min(max(float(pauses[number].value), 0.0), MAX_PAUSE_S)
            yield replace(last, start=place, end=place, kind=PartKind.PAUSE, pause_s=pause_s)
            number += 1
        if piece:
            yield piece
            last = piece


def _say_as(text: str, interpret_as: str, language: str | None) -> str | None:
    """Returns the words for `text`; None if it is read as ordinary text, or is not of the kind that the mark names.

    ("NATO", "characters") -> "N A T O"; ("3", "ordinal") -> "third"; ("0160-12", "telephone") -> "zero one six zero,
    one two". Dates, times and amounts are ordinary text: the normaliser recognises them by their form.
    """
    spoken_in = language or "en"
    if interpret_as in _SPELLING:
        return _spelled(text, spoken_in)
    if interpret_as == _TELEPHONE:
        groups = [digits(group, spoken_in) for group in re.findall(r"\d+", text)]
        plus = "plus " if text.strip().startswith("+") else ""
        return plus + ", ".join(filter(None, groups)) if groups and all(groups) else None
    figures = re.sub(r"[\s,.\u202f]", "", text)
    if interpret_as in _NUMBERS and figures.isdecimal():
        return _NUMBERS[interpret_as](figures, spoken_in)
    return None


def _spelled(text: str, language: str) -> str:
    names = _SIGNS if language == "en" else {}
    said = [digits(char, language) or names.get(char, char.upper()) for char in text if not char.isspace()]
    return " ".join(said)
