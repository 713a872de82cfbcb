"""Suggests words of a book whose pronunciation should be checked: names, acronyms, unknown words, doubtful characters.

English words, and words in Latin letters in Chinese, are looked up in the CMU dictionary. A Chinese character is
suggested if it is rare (outside the first level of both GB 2312 and Big5), or if a tenth of the phrases of pypinyin
read it in a second way. Words of other languages are ignored.
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

CONTEXT_CHARS = 30  # shown on each side of a word
MAX_ACRONYM = 5  # letters; longer words in capitals are emphasised
MIN_PHRASES, MIN_SHARE = 3, 0.1  # phrases that read a character in a second way, to make it doubtful

_LETTER = "[A-Za-z\u00c0-\u024f]"
_WORD = re.compile(f"{_LETTER}+(?:['’]{_LETTER}+)*")
_POSSESSIVE = re.compile(r"'s\Z", re.IGNORECASE)
_SENTENCE_START = re.compile(r"(?:^|[.!?:;…—])[\s\"'“”‘’([_*—]*\Z")
_ROMAN = re.compile("[IVXLCDM]+")


class SuggestionKind(Enum):
    """Why a word is suggested, as the headings in the lexicon."""

    NAME = "Names, with a guess at their pronunciation"
    ACRONYM = "Acronyms, spelled letter by letter"
    WORD = "Words that the dictionary lacks, with a guess at their pronunciation"
    KNOWN_NAME = "Names with the pronunciation of the dictionary"
    RARE = "Rare characters, with their usual reading"
    POLYPHONE = "Characters with several readings: write the word that contains them, as in 银行: yín háng"


@dataclass(frozen=True)
class Suggestion:
    """A word to check.

    Attributes:
        count: the number of times that the book contains it.
        context: the words around its first occurrence.
        say: the probable pronunciation as a lexicon writes it; empty if there is none.
    """

    word: str
    kind: SuggestionKind
    count: int
    context: str
    say: str


def suggest(book: Book) -> list[Suggestion]:
    """Returns suggestions by kind, the most frequent first."""
    words: dict[str, _Tally] = {}
    characters: dict[str, _Tally] = {}
    for block in chain.from_iterable(chapter.blocks for chapter in book.chapters):
        declared = primary_language(block.language or book.metadata.language)
        if latin_language(declared) == "en":
            _count_words(block.text, words)
        if dominant_language(block.text, declared) == "zh":
            _count_characters(block.text, characters)
    found = [*_judge_words(words), *_judge_characters(characters)]
    order = list(SuggestionKind)
    return sorted(found, key=lambda item: (order.index(item.kind), -item.count, item.word))


def lexicon_of(suggestions: Iterable[Suggestion], title: str) -> str:
    """Writes a YAML lexicon with a comment for each suggestion, which becomes an entry without its first #."""
    lines = [f"# Words of {title}. Listen, correct, and remove the first # of each line that is to take effect.\n"]
    for kind, group in groupby(suggestions, key=lambda suggestion: suggestion.kind):
        lines.append(f"\n# {kind.value}:\n")
        for item in group:
            entry = f"# {item.word}: {item.say}"
            lines.append(f"{entry:<40} # {item.count} × {item.context}\n")
    return "".join(lines)


@dataclass
class _Tally:
    """Counts of a word: by spelling, inside a sentence with a capital, in small letters, all in capitals."""

    context: str
    spellings: Counter[str] = field(default_factory=Counter)
    num_inside: int = 0
    num_small: int = 0
    num_capitals: int = 0

    @property
    def count(self) -> int:
        return self.spellings.total()


def _count_words(text: str, tallies: dict[str, _Tally]) -> None:
    is_shouted = text.isupper()  # a heading in capitals shows nothing about its words
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
    """Returns the word with its neighbours, on one line."""
    before, after = text[max(0, start - CONTEXT_CHARS) : start], text[end : end + CONTEXT_CHARS]
    if len(before) == CONTEXT_CHARS and " " in before:  # may begin within a word
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
            kind, phones = SuggestionKind.KNOWN_NAME, known
        elif tally.num_capitals > tally.count / 2 and len(word) <= MAX_ACRONYM:
            kind, phones = SuggestionKind.ACRONYM, _names_of_letters(word)
        else:
            kind, phones = SuggestionKind.NAME if is_name else SuggestionKind.WORD, _guess(key)
        if is_name or not known:
            yield Suggestion(word, kind, tally.count, tally.context, " ".join(phones))


def _guess(word: str) -> tuple[str, ...]:
    """Guesses the phones of an unknown word; a plural of a known word is that word with an ending."""
    noun = phones_of(word[:-1]) if word.endswith("s") else None
    return (*noun, *possessive_ending(noun[-1])) if noun else guess_phones(word) or ()


def _names_of_letters(acronym: str) -> tuple[str, ...]:
    """ "UTF" -> the phones of the names of its letters; empty if a letter has no English name."""
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
            yield Suggestion(
                char, SuggestionKind.POLYPHONE, tally.count, tally.context, " or ".join(_polyphones()[char])
            )
        else:
            reading = PINYIN_DICT.get(ord(char), "").split(",")[0]
            say = reading if reading and pinyin_tokens(reading) else ""
            yield Suggestion(char, SuggestionKind.RARE, tally.count, tally.context, say)


@cache
def _common_characters() -> frozenset[str]:
    """Returns the first levels of GB 2312 (3755 characters from B0A1) and of Big5 (5401 from A440 to C67E)."""
    gb_2312 = (bytes((row, cell)) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF))
    big5 = (bytes((row, cell)) for row in range(0xA4, 0xC7) for cell in (*range(0x40, 0x7F), *range(0xA1, 0xFF)))
    level_1 = (code for code in big5 if code <= b"\xc6\x7e")
    return frozenset(b"".join(gb_2312).decode("gb2312", "ignore") + b"".join(level_1).decode("big5", "ignore"))


@cache
def _polyphones() -> dict[str, tuple[str, ...]]:
    """Returns the characters that many phrases of pypinyin read in a second way, with their common readings."""
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
