"""Lexicons: pronunciations of words and phrases, and where a text contains them.

Only whole words are found, but in Chinese, Japanese and Korean anywhere; English names also with a possessive 's. Of
the words that begin at one place the longest wins; of several entries for it the one spelled as in the text, then the
one with the most conditions. `lexicon_files` reads them from files.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from cosycli.script.pronunciation import possessive_ending

MAX_WORD_CHARS = 100  # limits the work at each word of a text
# Scripts that are written without spaces, or (Korean) with particles attached to the names.
_CJK = "\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_CJK_CHAR = re.compile(f"[{_CJK}]")
_TOKEN = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+|\S")
# Languages that join an article to its noun by an apostrophe: l'homme, dell'arte, l'amic.
_ELIDING = frozenset({"fr", "it", "ca"})
_SAME = str.maketrans(dict.fromkeys("\t\n\r\u00a0\u2009\u202f\u3000", " ") | {"’": "'", "\u2011": "-"})


@dataclass(frozen=True)
class Entry:
    """The pronunciation of a word or phrase: tokens of the model, or other words.

    Attributes:
        word: as written, in Unicode form NFC.
        tokens: `("[W]", "[IY1]", "[N]", "[AH0]")`, `("[y]", "[ín]", "[h]", "[áng]")`; empty if `alias` is set.
        alias: words to say instead.
        exact_case: the text must have the capitals of `word`.
        language: ISO 639-1 code that the text must have; empty for any.
        after, before: words, one of which must precede or follow it; empty for any.
    """

    word: str
    tokens: tuple[str, ...] = ()
    alias: str = ""
    exact_case: bool = False
    language: str = ""
    after: tuple[str, ...] = ()
    before: tuple[str, ...] = ()

    @property
    def num_conditions(self) -> int:
        return sum(map(bool, (self.exact_case, self.language, self.after, self.before)))


@dataclass(frozen=True)
class Found:
    """Characters `start` to `end` of a text, and their `entry`, which includes the sound of a possessive 's."""

    start: int
    end: int
    entry: Entry


@dataclass(frozen=True)
class Lexicon:
    """Entries in the order of their source; `warnings` name the parts that cannot be used."""

    entries: tuple[Entry, ...] = ()
    warnings: tuple[str, ...] = ()

    def merge(self, other: Lexicon) -> Lexicon:
        """Merges both; where they disagree, `other` wins."""
        overridden = {_fold(entry.word) for entry in other.entries if not entry.num_conditions}
        kept = tuple(entry for entry in self.entries if _fold(entry.word) not in overridden)
        return Lexicon(kept + other.entries, self.warnings + other.warnings)

    def find(self, text: str, language: str) -> Iterator[Found]:
        """Finds the entries that the text contains, in order and without overlap.

        Args:
            text: in Unicode form NFC.
            language: ISO 639-1 code, or a BCP 47 tag that begins with one.
        """
        search = _Search(text, _fold(text), language.partition("-")[0].lower())
        position = 0
        for match in _TOKEN.finditer(search.folded) if self.entries else ():
            lengths = self._lengths.get(match.group()) if match.start() >= position else None
            found = self._longest(search, match.start(), lengths) if lengths else None
            if found:
                yield found
                position = found.end

    def _longest(self, search: _Search, start: int, lengths: tuple[int, ...]) -> Found | None:
        for length in lengths:
            entries = self._entries.get(search.folded[start : start + length])
            found = search.match(start, start + length, entries) if entries else None
            if found:
                return found
        return None

    @cached_property
    def _entries(self) -> dict[str, list[Entry]]:
        """The entries of each folded word: those with more conditions first, then those of later sources."""
        index: dict[str, list[Entry]] = {}
        for entry in reversed(self.entries):
            index.setdefault(_fold(entry.word), []).append(entry)
        return {word: sorted(entries, key=lambda entry: -entry.num_conditions) for word, entries in index.items()}

    @cached_property
    def _lengths(self) -> dict[str, tuple[int, ...]]:
        """For the first token of a folded word, the lengths of all words that begin with it, the longest first."""
        lengths: dict[str, set[int]] = {}
        for word in self._entries:
            lengths.setdefault(_TOKEN.findall(word)[0], set()).add(len(word))
        return {token: tuple(sorted(sizes, reverse=True)) for token, sizes in lengths.items()}


def is_word(text: str) -> bool:
    """True if this can be the word or phrase of an entry: a line of limited length with a letter or digit."""
    return any(map(str.isalnum, text)) and len(text) <= MAX_WORD_CHARS and "\n" not in text


def _fold(text: str) -> str:
    """Returns the text in small letters, with one kind of space, apostrophe and hyphen; its length stays."""
    lower = text.lower()
    if len(lower) != len(text):  # only "İ" becomes two characters
        lower = "".join(small if len(small := char.lower()) == 1 else char for char in text)
    return lower.translate(_SAME)


@dataclass(frozen=True)
class _Search:
    text: str
    folded: str
    language: str

    def match(self, start: int, end: int, entries: list[Entry]) -> Found | None:
        """Returns the best entry for the characters `start` to `end`, if they are a word and its conditions hold."""
        is_possessive = self.language == "en" and self.folded[end : end + 2] == "'s" and not self._is_inside(end + 2)
        if self._is_inside(start) or (self._is_inside(end) and not is_possessive):
            return None
        fitting = [entry for entry in entries if self._fits(entry, start, end)]
        if not fitting:
            return None
        best = max(fitting, key=lambda entry: entry.word == self.text[start:end])
        return Found(start, end + 2, _possessive(best)) if is_possessive else Found(start, end, best)

    def _fits(self, entry: Entry, start: int, end: int) -> bool:
        return (
            (not entry.language or entry.language == self.language)
            and (not entry.exact_case or entry.word.translate(_SAME) == self.text[start:end].translate(_SAME))
            and (not entry.after or any(self._comes_before(start, _fold(word)) for word in entry.after))
            and (not entry.before or any(self._comes_after(end, _fold(word)) for word in entry.before))
        )

    def _comes_before(self, start: int, word: str) -> bool:
        while start and self.folded[start - 1] == " ":
            start -= 1
        return self.folded.endswith(word, 0, start) and not self._is_inside(start - len(word))

    def _comes_after(self, end: int, word: str) -> bool:
        while self.folded.startswith(" ", end):
            end += 1
        return self.folded.startswith(word, end) and not self._is_inside(end + len(word))

    def _is_inside(self, position: int) -> bool:
        """True if the characters on both sides belong to one word."""
        before, after = self.folded[max(0, position - 2) : position], self.folded[position : position + 2]
        if not before or not after:
            return False
        if "'" in (before[-1], after[0]) and self.language not in _ELIDING:
            letters = before[:-1] + after[:1] if before[-1] == "'" else before[-1] + after[1:]
            return len(letters) == 2 and all(map(_is_letter, letters))
        return _is_letter(before[-1]) and _is_letter(after[0])


def _is_letter(char: str) -> bool:
    """True for letters, marks and digits of scripts with spaces between words."""
    return unicodedata.category(char)[0] in "LMN" and not _CJK_CHAR.match(char)


def _possessive(entry: Entry) -> Entry:
    """Adds the sound of a possessive 's to an English entry."""
    if entry.alias:
        return replace(entry, alias=f"{entry.alias}'s")
    ending = possessive_ending(entry.tokens[-1].strip("[]"))
    return replace(entry, tokens=(*entry.tokens, *(f"[{phone}]" for phone in ending)))
