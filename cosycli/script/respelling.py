"""Ordinary spelling for a pronunciation, for models that have no phoneme tokens.

An English word becomes another word that sounds so, or is spelled by sound; a Chinese character becomes another with
that reading.
"""

from __future__ import annotations

from functools import cache

from cosycli.script.pronunciation import words_that_sound
from cosycli.script.vocabulary import PINYIN_INITIALS

__all__ = ["can_respell", "respell"]

_LETTERS = {
    "AA": "ah", "AE": "a", "AH": "uh", "AO": "aw", "AW": "ow", "AY": "eye", "EH": "eh", "ER": "er", "EY": "ay",
    "IH": "i", "IY": "ee", "OW": "oh", "OY": "oy", "UH": "oo", "UW": "oo", "DH": "th", "HH": "h", "JH": "j",
}  # fmt: skip


def respell(word: str, tokens: tuple[str, ...]) -> str:
    """("read", ("[R]", "[EH1]", "[D]")) -> "red"; ("行", ("[h]", "[áng]")) -> "航"."""
    phones = tuple(token[1:-1] for token in tokens)
    if phones[0][0].isupper():
        return _respell_english(phones)
    return "".join(_respell_chinese(char, syllable) for char, syllable in zip(word, _syllables(phones), strict=True))


def can_respell(word: str, tokens: tuple[str, ...]) -> bool:
    """Whether `respell` finds a spelling with this sound; English words can always be spelled by sound."""
    phones = tuple(token[1:-1] for token in tokens)
    if phones[0][0].isupper():
        return True
    syllables = zip(word, _syllables(phones), strict=True)
    return all(_usual_reading(char) == syllable or syllable in _homophones() for char, syllable in syllables)


def _respell_english(phones: tuple[str, ...]) -> str:
    alike = words_that_sound(phones)
    return alike[0] if alike else "".join(_LETTERS.get(bare := phone.rstrip("012"), bare.lower()) for phone in phones)


def _syllables(phones: tuple[str, ...]) -> list[str]:
    """("y", "ín", "h", "áng") -> ["yín", "háng"]; a final ends its syllable."""
    syllables = [""]
    for phone in phones:
        syllables[-1] += phone
        if phone not in PINYIN_INITIALS:
            syllables.append("")
    return [syllable.replace("v", "ü") for syllable in syllables[:-1]]


def _respell_chinese(char: str, syllable: str) -> str:
    """The character itself where this is its usual reading, else a common one that is always or usually read so."""
    return char if _usual_reading(char) == syllable else _homophones().get(syllable, char)


def _usual_reading(char: str) -> str:
    from pypinyin.constants import PINYIN_DICT

    return PINYIN_DICT.get(ord(char), "").split(",")[0]


@cache
def _homophones() -> dict[str, str]:
    """Syllable -> character. The 3755 characters of GB 2312 level 1 are the common ones."""
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
