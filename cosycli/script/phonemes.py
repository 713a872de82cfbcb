"""Pronunciations in braces: which word a brace is for, and its sounds as the model's tokens.

CMU phones as in `{R EH1 D}`; pinyin as in `{yin2 hang2}` or `{yínháng}`. CosyVoice 3 spells a syllable as initial and
final with the tone mark on the vowel: hǎo is `[h][ǎo]`, ān is `[ān]`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from cosycli.script.languages import is_hanzi
from cosycli.script.vocabulary import CMU_PHONEMES, PINYIN_FINALS, PINYIN_INITIALS

__all__ = ["Reading", "cmu_tokens", "pinyin_tokens", "read_phonemes", "syllable_tokens"]

_WORD_BEFORE = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*\Z")
_MAX_WORD = 60  # characters looked at before a brace; the longest entry of the CMU dictionary has 34
_TONE_MARKS = ("\u0304", "\u0301", "\u030c", "\u0300")  # tones 1 to 4
_NUMBERED = re.compile(r"([a-zü]+?)([1-5])")


@dataclass(frozen=True)
class Reading:
    """The word that a brace follows begins at `word_start`, and sounds as `tokens`."""

    word_start: int
    tokens: tuple[str, ...]


def read_phonemes(text: str, brace: int, inside: str) -> Reading | None:
    """What `{inside}`, opened at `text[brace]`, says about the word before it; None if it is ordinary text."""
    return _read_cmu(text, brace, inside) or _read_pinyin(text, brace, inside)


def _read_cmu(text: str, brace: int, inside: str) -> Reading | None:
    tokens = cmu_tokens(inside)
    word = _WORD_BEFORE.search(text[max(0, brace - _MAX_WORD) : brace])
    return Reading(brace - len(word.group()), tokens) if tokens and word else None


def cmu_tokens(phones: str) -> tuple[str, ...] | None:
    """ "R EH1 D" -> ("[R]", "[EH1]", "[D]"); None if one is not a CMU phone, or none is a vowel."""
    tokens = tuple(f"[{phone}]" for phone in phones.split())
    has_vowel = any(token[1] in "AEIOU" for token in tokens)
    return tokens if has_vowel and all(token in CMU_PHONEMES for token in tokens) else None


def _read_pinyin(text: str, brace: int, inside: str) -> Reading | None:
    syllables = pinyin_tokens(inside)
    if not syllables:
        return None
    word_start = brace - len(syllables)
    word = text[max(0, word_start) : brace]
    if len(word) < len(syllables) or not all(map(is_hanzi, word)):
        return None
    return Reading(word_start, tuple(token for syllable in syllables for token in syllable))


def pinyin_tokens(pinyin: str) -> list[tuple[str, ...]] | None:
    """The tokens of each syllable of "yin2 hang2", "yín háng", "yínháng" or "xī'ān"; None if it is not pinyin."""
    syllables: list[tuple[str, ...]] = []
    for chunk in re.split(r"[\s'’-]+", unicodedata.normalize("NFC", pinyin.strip().lower())):
        if any(char.isdigit() for char in chunk):
            spelled = "".join(_mark_tone(*match.groups()) for match in _NUMBERED.finditer(chunk))
            if "".join(match.group() for match in _NUMBERED.finditer(chunk)) != chunk:
                return None
            found = [syllable_tokens(_mark_tone(*match.groups())) for match in _NUMBERED.finditer(chunk)]
            whole = None if None in found else tuple(tokens for tokens in found if tokens)
        else:
            spelled = chunk
            whole = _split_marked(spelled)
        if not whole:
            return None
        syllables += whole
    return syllables


def _mark_tone(syllable: str, tone: str) -> str:
    """("hao", "3") -> "hǎo": the mark goes on a or e, on the o of ou, else on the last vowel."""
    syllable = syllable.replace("u:", "ü")
    if tone == "5":
        return syllable
    vowels = [index for index, char in enumerate(syllable) if char in "aeiouüv"]
    if not vowels:
        return syllable
    place = next((index for index in vowels if syllable[index] in "ae"), vowels[-1])
    if "ou" in syllable:
        place = syllable.index("o")
    vowel = "ü" if syllable[place] == "v" else syllable[place]
    marked = unicodedata.normalize("NFC", vowel + _TONE_MARKS[int(tone) - 1])
    return syllable[:place] + marked + syllable[place + 1 :]


@lru_cache(maxsize=2048)
def syllable_tokens(syllable: str) -> tuple[str, ...] | None:
    """ "hǎo" -> ("[h]", "[ǎo]"); None when the model's vocabulary lacks the initial or the final."""
    for size in (2, 1, 0):
        initial, final = syllable[:size], syllable[size:]
        final = final.replace("ü", "v") if final in ("üè", "üe") else final
        if (not initial or initial in PINYIN_INITIALS) and final in PINYIN_FINALS:
            return (f"[{initial}]", f"[{final}]") if initial else (f"[{final}]",)
    return None


def _split_marked(pinyin: str) -> tuple[tuple[str, ...], ...] | None:
    """Syllables written together with tone marks, each as long as possible ("xiān" is one syllable)."""
    if not pinyin or len(pinyin) > _MAX_WORD:
        return None
    if not any(ord(char) > 127 for char in pinyin):
        return None  # no tone at all: an ordinary word in braces
    best: list[tuple[tuple[str, ...], ...] | None] = [None] * len(pinyin) + [()]
    for start in reversed(range(len(pinyin))):
        for size in range(6, 0, -1):
            tokens = syllable_tokens(pinyin[start : start + size])
            rest = best[start + size] if start + size <= len(pinyin) else None
            if tokens and rest is not None and (best[start] is None or len(rest) + 1 < len(best[start] or ())):
                best[start] = (tokens, *rest)
    return best[0]
