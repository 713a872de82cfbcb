"""Words of a book whose pronunciation its maker should look at: names, acronyms, unknown words, doubtful characters.

English words, and those in Latin letters in Chinese, are looked up in the CMU dictionary. Chinese characters are looked
at where they are rare (outside the first level of both GB 2312 and Big5), or where a tenth of the phrases that pypinyin
knows read them in a second way. Words of other languages are not judged.

The Time Machine (33,000 words) takes 3 s on one core, two of them to learn how English is spelled.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from itertools import chain, groupby

from cosycli.documents.book import Book
from cosycli.script.languages import dominant_language, is_hanzi, latin_language, primary_language
from cosycli.script.letter_sounds import guess_phones
from cosycli.script.pinyin import pinyin_tokens
from cosycli.script.pronunciation import phones_of, possessive_ending

__all__ = ["Kind", "Suggestion", "lexicon_of", "suggest"]

CONTEXT_CHARS = 30  # shown on each side of a word
MAX_ACRONYM = 5  # letters; longer words in capitals are shouted
MIN_PHRASES, MIN_SHARE = 3, 0.1  # phrases that read a character in a second way, for it to be doubtful

_LETTER = "[A-Za-z\u00c0-\u024f]"
_WORD = re.compile(f"{_LETTER}+(?:['’]{_LETTER}+)*")
_POSSESSIVE = re.compile(r"'s\Z", re.IGNORECASE)
_SENTENCE_START = re.compile(r"(?:^|[.!?:;…—])[\s\"'“”‘’([_*—]*\Z")
_ROMAN = re.compile("[IVXLCDM]+")


class Kind(Enum):
    """Why a word is suggested, as a heading of the lexicon says it."""

    NAME = "Names, with a guess at how they are said"
    ACRONYM = "Acronyms, spelled letter by letter"
    WORD = "Words that the dictionary lacks, with a guess"
    KNOWN_NAME = "Names that the dictionary has, as it says them"
    RARE = "Rare characters, with their usual reading"
    POLYPHONE = "Characters of several readings: put the word they are in, as in 银行: yín háng"


@dataclass(frozen=True)
class Suggestion:
    """A word to look at.

    Attributes:
        count: how often the book has it.
        context: the words around its first place.
        say: how it is probably pronounced, as a lexicon writes it; empty where there is no telling.
    """

    word: str
    kind: Kind
    count: int
    context: str
    say: str


def suggest(book: Book) -> list[Suggestion]:
    """Suggestions by kind, what is met oftenest first."""
    words: dict[str, _Tally] = {}
    characters: dict[str, _Tally] = {}
    for block in chain.from_iterable(chapter.blocks for chapter in book.chapters):
        told = primary_language(block.language or book.metadata.language)
        if latin_language(told) == "en":
            _count_words(block.text, words)
        if dominant_language(block.text, told) == "zh":
            _count_characters(block.text, characters)
    found = [*_judge_words(words), *_judge_characters(characters)]
    order = list(Kind)
    return sorted(found, key=lambda item: (order.index(item.kind), -item.count, item.word))


def lexicon_of(suggestions: Iterable[Suggestion], title: str) -> str:
    """A YAML lexicon with a comment for each suggestion, which becomes an entry when its first # is removed."""
    lines = [f"# Words of {title}. Listen, correct, and remove the first # of each line that is to count.\n"]
    for kind, group in groupby(suggestions, key=lambda suggestion: suggestion.kind):
        lines.append(f"\n# {kind.value}:\n")
        for item in group:
            entry = f"# {item.word}: {item.say}"
            lines.append(f"{entry:<40} # {item.count} × {item.context}\n")
    return "".join(lines)


@dataclass
class _Tally:
    """How often a word is met: at all, inside a sentence with a capital, in small letters, in capitals alone."""

    context: str
    spellings: Counter[str] = field(default_factory=Counter)
    num_inside: int = 0
    num_small: int = 0
    num_capitals: int = 0

    @property
    def count(self) -> int:
        return self.spellings.total()


def _count_words(text: str, tallies: dict[str, _Tally]) -> None:
    is_shouted = text.isupper()  # a heading in capitals says nothing about its words
    for match in _WORD.finditer(text):
        word = _POSSESSIVE.sub("", match.group().replace("’", "'"))
        if len(word) < 2 or _ROMAN.fullmatch(word):
            continue
        tally = tallies.get(word.lower())
        if tally is None:
            tally = tallies[word.lower()] = _Tally(_context(text, match.start(), match.end()))
        tally.spellings[word] += 1
        if word.islower():
            tally.num_small += 1
        elif word.isupper():
            tally.num_capitals += not is_shouted
        elif not _SENTENCE_START.search(text, max(0, match.start() - 20), match.start()):
            tally.num_inside += 1


def _context(text: str, start: int, end: int) -> str:
    """The word among its neighbours, on one line."""
    before, after = text[max(0, start - CONTEXT_CHARS) : start], text[end : end + CONTEXT_CHARS]
    if len(before) == CONTEXT_CHARS and " " in before:  # perhaps cut within a word
        before = before.partition(" ")[2]
    if len(after) == CONTEXT_CHARS and " " in after:
        after = after.rpartition(" ")[0]
    return " ".join((before + text[start:end] + after).split())


def _judge_words(tallies: dict[str, _Tally]) -> Iterator[Suggestion]:
    for key, tally in tallies.items():
        word = tally.spellings.most_common(1)[0][0]
        known = phones_of(key)
        is_name = tally.num_inside > tally.num_small
        if known:
            kind, phones = Kind.KNOWN_NAME, known
        elif tally.num_capitals > tally.count / 2 and len(word) <= MAX_ACRONYM:
            kind, phones = Kind.ACRONYM, _names_of_letters(word)
        else:
            kind, phones = Kind.NAME if is_name else Kind.WORD, _guess(key)
        if is_name or not known:
            yield Suggestion(word, kind, tally.count, tally.context, " ".join(phones))


def _guess(word: str) -> tuple[str, ...]:
    """Phones of an unknown word; those of a known one and an ending, where it is a plural."""
    noun = phones_of(word[:-1]) if word.endswith("s") else None
    return (*noun, *possessive_ending(noun[-1])) if noun else guess_phones(word) or ()


def _names_of_letters(acronym: str) -> tuple[str, ...]:
    """ "UTF" -> the phones of its letters' names; none where a letter has no name in English."""
    names = [phones_of(f"{letter}.") for letter in acronym]
    return tuple(phone for name in names if name for phone in name) if all(names) else ()


def _count_characters(text: str, tallies: dict[str, _Tally]) -> None:
    for place, char in enumerate(text):
        if char in _polyphones() or (char not in _common_characters() and is_hanzi(char)):
            if char not in tallies:
                tallies[char] = _Tally(_context(text, place, place + 1))
            tallies[char].spellings[char] += 1


def _judge_characters(tallies: dict[str, _Tally]) -> Iterator[Suggestion]:
    from pypinyin.constants import PINYIN_DICT

    for char, tally in tallies.items():
        if char in _polyphones():
            yield Suggestion(char, Kind.POLYPHONE, tally.count, tally.context, " or ".join(_polyphones()[char]))
        else:
            reading = PINYIN_DICT.get(ord(char), "").split(",")[0]
            say = reading if reading and pinyin_tokens(reading) else ""
            yield Suggestion(char, Kind.RARE, tally.count, tally.context, say)


@cache
def _common_characters() -> frozenset[str]:
    """The first levels of GB 2312 (3755 characters from B0A1) and of Big5 (5401 from A440 to C67E)."""
    gb_2312 = (bytes((row, cell)) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF))
    big5 = (bytes((row, cell)) for row in range(0xA4, 0xC7) for cell in (*range(0x40, 0x7F), *range(0xA1, 0xFF)))
    level_1 = (code for code in big5 if code <= b"\xc6\x7e")
    return frozenset(b"".join(gb_2312).decode("gb2312", "ignore") + b"".join(level_1).decode("big5", "ignore"))


@cache
def _polyphones() -> dict[str, tuple[str, ...]]:
    """Characters that a good part of the phrases pypinyin knows read in a second way, and their common readings."""
    from pypinyin.constants import PHRASES_DICT

    readings: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for phrase, syllables in PHRASES_DICT.items():
        for char, syllable in zip(phrase, syllables, strict=False):
            readings[char][syllable[0]] += 1
    common = {
        char: tuple(reading for reading, count in counts.most_common() if count >= _fewest(counts))
        for char, counts in readings.items()
    }
    return {char: ways for char, ways in common.items() if len(ways) > 1}


def _fewest(counts: Counter[str]) -> float:
    return max(MIN_PHRASES, MIN_SHARE * counts.total())
