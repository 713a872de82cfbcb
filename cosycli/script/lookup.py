"""How a word is said, as far as dictionaries or a guess can tell, and what a model is given for it."""

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

__all__ = ["Fit", "Origin", "Told", "WordSounds", "look_up", "tell"]


class Origin(str, Enum):
    """Who says so."""

    CMU = "CMU dictionary"
    PYPINYIN = "pypinyin"
    GUESS = "guess"
    NOBODY = "nobody"


@dataclass(frozen=True)
class WordSounds:
    """Ways to say a word as a lexicon writes them, the usual one first."""

    word: str
    ways: tuple[str, ...]
    origin: Origin

    @property
    def entry(self) -> Entry | None:
        """A lexicon's entry for the usual way, if there is one."""
        alphabet = Alphabet.PINYIN if self.origin is Origin.PYPINYIN else Alphabet.CMU
        tokens = tokens_of(self.word, self.ways[0], alphabet) if self.ways else None
        return Entry(self.word, tokens) if tokens else None


def look_up(word: str) -> WordSounds:
    """CMU phones of an English word or pinyin of Chinese characters; for other words a guess, if there is one."""
    if word and all(map(is_hanzi, word)):
        return WordSounds(word, _pinyin(word), Origin.PYPINYIN)
    known = tuple(" ".join(phones) for phones in pronunciations_of(word))
    if known:
        return WordSounds(word, known, Origin.CMU)
    guess = guess_phones(word)
    return WordSounds(word, (" ".join(guess),), Origin.GUESS) if guess else WordSounds(word, (), Origin.NOBODY)


def _pinyin(word: str) -> tuple[str, ...]:
    """The readings of a single character; of a word the one that its phrases tell."""
    from pypinyin import Style, pinyin

    syllables = pinyin(word, style=Style.TONE, heteronym=True)
    return tuple(syllables[0]) if len(word) == 1 else (" ".join(ways[0] for ways in syllables),)


class Fit(str, Enum):
    """How near."""

    EXACT = "exact"
    APPROXIMATE = "approximate"
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True)
class Told:
    """The text that a model with certain capabilities is given, and how near it comes."""

    text: str
    fit: Fit


def tell(entry: Entry, capabilities: Capabilities) -> Told:
    """Tokens where the model has them, else the nearest spelling, in a script that the model reads."""
    if entry.alias:
        return Told(entry.alias, Fit.EXACT)
    text = say_phonemes(entry.word, entry.tokens, capabilities)
    if all(token in capabilities.phonemes for token in entry.tokens):
        return Told(text, Fit.EXACT)
    is_read = not any(map(is_hanzi, text)) or "zh" in capabilities.languages
    is_near = is_read and can_respell(entry.word, entry.tokens)
    return Told(text, Fit.APPROXIMATE if is_near else Fit.IMPOSSIBLE)
