"""The marks of a block laid over its parts: who speaks, how, and what is said instead of the characters."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from cosycli.documents.book import Alphabet, Mark, MarkKind
from cosycli.script.alphabets import tokens_of
from cosycli.script.capabilities import Capabilities, compile_style, say_phonemes, voice_named
from cosycli.script.characters import says_something
from cosycli.script.languages import primary_language
from cosycli.script.markup import MAX_PAUSE_S
from cosycli.script.normalisation import say_in_words
from cosycli.script.parts import Kind, Part, Replacement, cut, say_instead
from cosycli.script.ruby import is_kana
from cosycli.script.say_as import can_interpret, say_as

__all__ = ["MarkReader"]

_EMPHASIS = "strong"
_SAYS_INSTEAD = frozenset({MarkKind.PRONUNCIATION, MarkKind.ALIAS, MarkKind.SAY_AS})
_STANDS_ALONE = _SAYS_INSTEAD | {MarkKind.PAUSE, MarkKind.LITERAL}


@dataclass(frozen=True)
class _VoiceSettings:
    """How the characters under some marks are spoken; None where the marks do not say."""

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
        notes: start, end and message of what the writer should know.
    """

    capabilities: Capabilities
    cast: Mapping[str, str]
    notes: list[tuple[int, int, str]] = field(default_factory=list)
    _spellings: dict[tuple[str, tuple[str, ...]], str] = field(default_factory=dict)

    def lay(self, text: str, marks: Sequence[Mark], parts: Iterable[Part], told: str | None) -> Iterator[Part]:
        """The parts of a block as its marks have them spoken; what the text itself orders wins.

        Args:
            text: of which marks and parts name the characters.
            told: ISO 639-1 code of the block's language.

        Raises:
            UsageError: there is no such voice or style.
        """
        pieces = cut(parts, sorted({edge for mark in marks for edge in (mark.start, mark.end)}))
        changes = list(self._changes([mark for mark in marks if mark.kind not in _STANDS_ALONE]))
        spoken = _spoken_in(pieces, changes)
        pauses = [mark for mark in marks if mark.kind is MarkKind.PAUSE]
        return say_instead(_with_pauses(spoken, pauses), list(self._replacements(text, marks, told)))

    def _changes(self, marks: Iterable[Mark]) -> Iterator[tuple[int, _VoiceSettings]]:
        """Where the voice settings change, and what they are from there on."""
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
            return replace(around, style=compile_style(mark.value, self.capabilities.styles))
        if mark.kind is MarkKind.LANGUAGE:
            return replace(around, language=primary_language(mark.value))
        if mark.kind is MarkKind.RATE:
            return replace(around, speed=self._speed(mark))
        return replace(around, is_emphasized=self.capabilities.encloses(_EMPHASIS))

    def _speed(self, mark: Mark) -> float | None:
        """SSML 1.1, 3.2.4: a rate is a factor on the default rate, whatever is around it."""
        try:
            speed = float(mark.value)
        except ValueError:
            speed = math.nan
        if 0 < speed < math.inf:
            return speed
        self.notes.append((mark.start, mark.end, f"The rate {mark.value!r} is not a number above 0 and is ignored."))
        return None

    def _replacements(self, text: str, marks: Iterable[Mark], told: str | None) -> Iterator[Replacement]:
        position = 0
        for mark in marks:
            if mark.kind in _SAYS_INSTEAD and position <= mark.start < mark.end:
                spoken = self._say(mark, text[mark.start : mark.end], told)
                if spoken:
                    yield Replacement(mark.start, mark.end, spoken)
                    position = mark.end

    def _say(self, mark: Mark, word: str, told: str | None) -> str | None:
        """What is said instead of `word`; None where the mark cannot be obeyed, which is noted."""
        if mark.kind is MarkKind.ALIAS:
            return say_in_words(mark.value, told)
        if mark.kind is MarkKind.SAY_AS:
            if not can_interpret(mark.value):
                self.notes.append((mark.start, mark.end, f"say-as {mark.value!r} is not known and is ignored."))
            return say_as(word, mark.value, told)
        return self._pronounce(mark, word)

    def _pronounce(self, mark: Mark, word: str) -> str | None:
        if mark.alphabet is Alphabet.RUBY and is_kana(mark.value):
            return say_in_words(mark.value, "ja")
        tokens = tokens_of(word, mark.value, mark.alphabet) if mark.alphabet else None
        if tokens:
            return self.say_tokens(mark.start, word, tokens)
        if says_something(mark.value):  # dots above a word only emphasize it
            what = f"{word}: its pronunciation {mark.value!r} cannot be said and is ignored."
            self.notes.append((mark.start, mark.end, what))
        return None

    def say_tokens(self, start: int, word: str, tokens: tuple[str, ...]) -> str:
        """The word's sounds as the model takes them; noted where that is a respelling."""
        key = (word, tokens)
        if key not in self._spellings:
            self._spellings[key] = say_phonemes(word, tokens, self.capabilities)
            if not self._spellings[key].startswith("["):
                said = f"{word} is spoken as {self._spellings[key]!r}: this model has no tokens for its sounds."
                self.notes.append((start, start + len(word), said))
        return self._spellings[key]


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
    last = Part(0, 0, Kind.TEXT)
    for piece in chain(pieces, [None]):
        while number < len(pauses) and (piece is None or pauses[number].start <= piece.start):
            place = max(last.end, pauses[number].start)
            yield replace(last, start=place, end=place, kind=Kind.PAUSE, pause_s=_seconds(pauses[number]), tokens="")
            number += 1
        if piece:
            yield piece
            last = piece


def _seconds(pause: Mark) -> float:
    return min(max(float(pause.value), 0.0), MAX_PAUSE_S)
