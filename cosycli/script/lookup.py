"""Looks up the pronunciation of a word in dictionaries or guesses it, and shows what a model is given for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from cosycli.documents.book import Alphabet
from cosycli.script.capabilities import Capabilities, say_phonemes
from cosycli.script.languages import is_hanzi
from cosycli.script.letter_sounds import guess_phones
from cosycli.script.lexicon import Entry
from cosycli.script.phonemes import tokens_of
from cosycli.script.pronunciation import can_respell, pronunciations_of


class Origin(str, Enum):
    """The source of a pronunciation."""

    CMU = "CMU dictionary"
    PYPINYIN = "pypinyin"
    GUESS = "guess"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class WordSounds:
    """Pronunciations of a word as a lexicon writes them, the usual one first."""

    word: str
    ways: tuple[str, ...]
    origin: Origin

    @property
    def entry(self) -> Entry | None:
        """The lexicon entry for the usual pronunciation, if there is one."""
        alphabet = Alphabet.PINYIN if self.origin is Origin.PYPINYIN else Alphabet.CMU
        tokens = tokens_of(self.word, self.ways[0], alphabet) if self.ways else None
        return Entry(self.word, tokens) if tokens else None


def look_up(word: str) -> WordSounds:
    """Looks up the CMU phones of an English word or the pinyin of Chinese characters; guesses other words."""
    if word and all(map(is_hanzi, word)):
        return WordSounds(word, _pinyin(word), Origin.PYPINYIN)
    known = tuple(" ".join(phones) for phones in pronunciations_of(word))
    if known:
        return WordSounds(word, known, Origin.CMU)
    guess = guess_phones(word)
    return WordSounds(word, (" ".join(guess),), Origin.GUESS) if guess else WordSounds(word, (), Origin.UNKNOWN)


def _pinyin(word: str) -> tuple[str, ...]:
    """Returns all readings of a single character, or the reading of a word by its phrases."""
    from pypinyin import Style, pinyin

    syllables = pinyin(word, style=Style.TONE, heteronym=True)
    return tuple(syllables[0]) if len(word) == 1 else (" ".join(ways[0] for ways in syllables),)


class Fit(str, Enum):
    """How close the input of a model comes to a pronunciation."""

    EXACT = "exact"
    APPROXIMATE = "approximate"
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True)
class ModelInput:
    """The text that a model is given for a word, and how close it comes to the pronunciation."""

    text: str
    fit: Fit


def input_for(entry: Entry, capabilities: Capabilities) -> ModelInput:
    """Returns tokens if the model has them, else the nearest spelling in a writing system that the model reads."""
    if entry.alias:
        return ModelInput(entry.alias, Fit.EXACT)
    text = say_phonemes(entry.word, entry.tokens, capabilities)
    if all(token in capabilities.phonemes for token in entry.tokens):
        return ModelInput(text, Fit.EXACT)
    is_read = not any(map(is_hanzi, text)) or "zh" in capabilities.languages
    is_near = is_read and can_respell(entry.word, entry.tokens)
    return ModelInput(text, Fit.APPROXIMATE if is_near else Fit.IMPOSSIBLE)
