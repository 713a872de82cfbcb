"""Turns pinyin, ruby in pinyin or zhuyin, and Chinese characters in their context into the model's tokens.

CosyVoice 3 spells a syllable as initial and final, with the tone mark on the vowel: hǎo is `[h][ǎo]`, ān is `[ān]`, lüè
is `[l][vè]`; a bare final has the neutral tone. Of the 1549 readings that pypinyin knows, 34 have no tokens: most
neutral tones of long finals, such as jie5, and interjections such as ń.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache, lru_cache

from cosycli.script.chinese import simplify
from cosycli.script.languages import HANZI, is_hanzi
from cosycli.script.vocabulary import PINYIN_FINALS, PINYIN_INITIALS

MAX_CHARS = 60  # of pinyin without spaces that is divided into syllables
_TONE_MARKS = ("\u0304", "\u0301", "\u030c", "\u0300")  # tones 1 to 4
_NUMBERED = re.compile(r"([a-zêü:]+?)([0-5])")
_NEUTRAL = "05"
# Syllables of interjections, and the most similar ones that have tokens.
_INTERJECTIONS = {"m": "mu", "n": "en", "ng": "en", "hm": "heng", "hng": "heng", "ê": "ei"}
_ERHUA, _NEAR_ERHUA = ("r", "er"), "ér"
_HANZI_RUN = re.compile(f"[{HANZI}]+")
# The reading that two characters have in traditional text, except next to the characters that follow.
_TRADITIONAL_READINGS = {"著": ("zhe", "名作書者述稱顯編原論專合譯土卓"), "乾": ("gān", "隆坤卦陵元符")}
_KANA = re.compile("[\u3041-\u309f\u30a1-\u30ff\uff66-\uff9f\\s]+")
_ZHUYIN = re.compile("[\u3105-\u312f]{1,4}[ˊˇˋ˙]?")


def pinyin_tokens(pinyin: str) -> list[tuple[str, ...]] | None:
    """Returns the tokens of each syllable of "yin2 hang2", "yín háng", "yínháng" or "xī'ān".

    None if it is not pinyin, or has a syllable without tokens.
    """
    syllables: list[tuple[str, ...]] = []
    for chunk in _chunks(pinyin):
        numbered = _numbered(chunk)
        found = [_tokens(_mark_tone(*syllable)) for syllable in numbered] if numbered else _split_marked(chunk)
        if not found or None in found:
            return None
        syllables += filter(None, found)
    return syllables or None


def missing_syllables(pinyin: str) -> dict[str, str]:
    """Returns the Mandarin syllables without tokens, each with the nearest one that has tokens: {"jie5": "jiè"}.

    An r that colours a syllable becomes a syllable of its own: {"huār": "huā ér"}.
    """
    missing = {}
    for chunk in _chunks(pinyin):
        for letters, tone in _numbered(chunk) or [(chunk, "")]:
            syllable = _mark_tone(letters, tone) if tone else letters
            nearest = _nearest(syllable)
            if nearest and nearest != syllable:
                missing[letters + tone] = nearest
    return missing


def explain_missing(pinyin: str) -> str:
    """Says what to write for the syllables without tokens; empty if there are none."""
    missing = missing_syllables(pinyin).items()
    return " ".join(
        f"No model has tokens for the syllable {syllable!r}; the nearest is {near!r}." for syllable, near in missing
    )


def _chunks(pinyin: str) -> Iterator[str]:
    """Splits at spaces, apostrophes and hyphens, into small letters."""
    return filter(None, re.split(r"[\s'’-]+", unicodedata.normalize("NFC", pinyin.strip().lower())))


def _numbered(chunk: str) -> list[tuple[str, str]]:
    """ "yin2hang2" -> [("yin", "2"), ("hang", "2")]; empty if it is written another way."""
    matches = list(_NUMBERED.finditer(chunk))
    return [(match[1], match[2]) for match in matches] if "".join(match.group() for match in matches) == chunk else []


def _mark_tone(syllable: str, tone: str) -> str:
    """("hao", "3") -> "hǎo": marks a or e, the o of ou, or else the last vowel."""
    syllable = syllable.replace("u:", "ü").replace("v", "ü")
    vowels = [index for index, char in enumerate(syllable) if char in "aeiouüê"]
    if tone in _NEUTRAL:
        return syllable
    place = next((index for index in vowels if syllable[index] in "ae"), vowels[-1] if vowels else 0)
    if "ou" in syllable:
        place = syllable.index("o")
    marked = syllable[: place + 1] + _TONE_MARKS[int(tone) - 1] + syllable[place + 1 :]
    return unicodedata.normalize("NFC", marked)


@lru_cache(maxsize=4096)
def _tokens(syllable: str) -> tuple[str, ...] | None:
    """ "hǎo" -> ("[h]", "[ǎo]"); None if the vocabulary lacks the initial or the final."""
    syllable = _respell_u(syllable)
    for size in (2, 1, 0):
        initial, final = syllable[:size], syllable[size:]
        if (not initial or initial in PINYIN_INITIALS) and final in PINYIN_FINALS:
            return (f"[{initial}]", f"[{final}]") if initial else (f"[{final}]",)
    return None


def _respell_u(syllable: str) -> str:
    """Spells ü as the model does: as u after j, q, x and y, and as v in lüe and nüe."""
    syllable = unicodedata.normalize("NFD", syllable)
    if syllable[0] in "jqxy":
        syllable = syllable.replace("u\u0308", "u")
    elif syllable[0] in "ln":
        syllable = re.sub("u\u0308?(?=e)", "v", syllable)
    return unicodedata.normalize("NFC", syllable)


def _nearest(syllable: str) -> str | None:
    """Returns the syllable itself if it has tokens, else the most similar one that has; None if not Mandarin."""
    if _tokens(syllable):
        return syllable
    decomposed = unicodedata.normalize("NFD", syllable)
    tones = [mark for mark in decomposed if mark in _TONE_MARKS]
    bare = unicodedata.normalize("NFC", "".join(char for char in decomposed if char not in _TONE_MARKS))
    if len(bare) > 2 and bare.endswith("r") and _tokens(syllable[:-1]):
        return f"{syllable[:-1]} ér"
    if bare in _ERHUA and not tones:
        return _NEAR_ERHUA
    bare = _INTERJECTIONS.get(bare, bare)
    own = [str(_TONE_MARKS.index(mark) + 1) for mark in tones]
    near = (_mark_tone(bare, tone) for tone in (*own, "4", "1", "2", "3"))  # the neutral tone is most like the 4th
    return next((syllable for syllable in near if _tokens(syllable)), None)


def _split_marked(pinyin: str) -> list[tuple[str, ...] | None] | None:
    """Divides pinyin with tone marks into as few syllables as possible: "xiān" is one syllable."""
    if len(pinyin) > MAX_CHARS or pinyin.isascii():
        return None  # a word without tone marks is not pinyin
    best: list[list[tuple[str, ...] | None] | None] = [None] * len(pinyin) + [[]]
    for start in reversed(range(len(pinyin))):
        for size in range(6, 0, -1):
            tokens = _tokens(pinyin[start : start + size])
            rest = best[start + size] if start + size <= len(pinyin) else None
            if tokens and rest is not None and (best[start] is None or len(rest) + 1 < len(best[start] or ())):
                best[start] = [tokens, *rest]
    return best[0]


def spell_hanzi(text: str, chosen: Callable[[str], bool] = lambda word: True) -> str:
    """Replaces Chinese characters by the tokens of their reading: "他去银行。" -> "[t][ā][q][ù][y][ín][h][áng]。".

    The phrases of pypinyin give the reading in context; those of traditional characters are found by their simplified
    form. A reading without tokens takes the nearest one that has. A character without a reading stays.

    Args:
        chosen: returns whether a word is to be spelled; a word is a phrase of pypinyin or a single character.
    """
    hanzi = "".join(_HANZI_RUN.findall(text))
    is_traditional = bool(hanzi) and simplify(hanzi) != hanzi

    def spelled(match: re.Match[str]) -> str:
        words = _read_in_context(match.group(), is_traditional)
        return "".join(_spell(word, readings) if chosen(word) else word for word, readings in words)

    return _HANZI_RUN.sub(spelled, text)


def _read_in_context(run: str, is_traditional: bool) -> Iterator[tuple[str, list[str]]]:
    """Yields each word of a run of Chinese characters, with the reading of each character."""
    from pypinyin.contrib.mmseg import seg

    start = 0
    for word in seg.cut(simplify(run)):
        end = start + len(word)
        if is_traditional and word in _TRADITIONAL_READINGS:
            reading, exceptions = _TRADITIONAL_READINGS[word]
            is_exception = any(char in exceptions for char in run[max(0, start - 1) : end + 1])
            yield word, _readings_of(word) if is_exception else [reading]
        else:
            yield run[start:end], _readings_of(word)
        start = end


def _readings_of(word: str) -> list[str]:
    from pypinyin import Style, pinyin

    return [readings[0] for readings in pinyin(word, style=Style.TONE)]


def _spell(word: str, readings: list[str]) -> str:
    """("银行", ["yín", "háng"]) -> "[y][ín][h][áng]"; a character without a Mandarin reading stays."""
    return "".join(_tokens_near(reading) or char for char, reading in zip(word, readings, strict=True))


@lru_cache(maxsize=4096)
def _tokens_near(reading: str) -> str:
    """ "jie" -> "[j][iè]"; empty if it is not Mandarin."""
    syllables = (_nearest(reading) or "").split()
    return "".join(token for syllable in syllables for token in _tokens(syllable) or ())


def is_kana(ruby: str) -> bool:
    """True if ruby spells its characters in kana, which can be spoken in their place; dots are emphasis."""
    return bool(_KANA.fullmatch(ruby)) and any(map(str.isalpha, ruby))


def tokens_of_ruby(base: str, ruby: str) -> tuple[str, ...] | None:
    """("你好", "nǐ hǎo") or ("你好", "ㄋㄧˇ ㄏㄠˇ") -> ("[n]", "[ǐ]", "[h]", "[ǎo]").

    None unless the ruby is pinyin or zhuyin with one syllable for each Chinese character.
    """
    ruby = unicodedata.normalize("NFC", ruby).lower()
    syllables = pinyin_tokens(_with_tones(base, _pinyin_of_zhuyin(ruby) or ruby))
    if not syllables or len(syllables) != len(base) or not all(map(is_hanzi, base)):
        return None
    return tuple(token for syllable in syllables for token in syllable)


def _with_tones(base: str, pinyin: str) -> str:
    """("好吗", "hǎo ma") -> "hǎo ma5", ("眼睛", "yan jing") -> "yǎn jīng".

    A syllable without a tone takes the tone of the only reading of its character with that spelling. If there are
    several ("yan" above 燕) or none (the gloss "me" above 我), it stays as it is.
    """
    syllables = pinyin.split()
    if len(syllables) != len(base):
        return pinyin
    return " ".join(_readings(char).get(syllable, syllable) for char, syllable in zip(base, syllables, strict=True))


@lru_cache(maxsize=4096)
def _readings(char: str) -> dict[str, str]:
    """Returns the reading of a character for each syllable without tone: the neutral or the only one."""
    from pypinyin.constants import PINYIN_DICT
    from pypinyin.contrib.tone_convert import to_normal

    spelled: dict[str, list[str]] = {}
    for reading in filter(None, PINYIN_DICT.get(ord(char), "").split(",")):
        spelled.setdefault(to_normal(reading), []).append(reading)
    neutral = {bare: f"{bare}5" for bare, readings in spelled.items() if bare in readings}
    return {bare: readings[0] for bare, readings in spelled.items() if len(readings) == 1} | neutral


def _pinyin_of_zhuyin(ruby: str) -> str | None:
    """ "ㄋㄧˇ ㄏㄠˇ" -> "ni3 hao3"; None if it is not zhuyin."""
    ruby = re.sub(r"˙([\u3105-\u312f]+)", r"\1˙", ruby)  # the neutral tone is printed before its syllable
    spelled = [match.group() for match in _ZHUYIN.finditer(ruby)]
    if not spelled or "".join(spelled) != re.sub(r"\s", "", ruby):
        return None
    syllables = [_zhuyin_syllables().get(syllable) for syllable in spelled]
    return " ".join(filter(None, syllables)) if all(syllables) else None


@cache
def _zhuyin_syllables() -> dict[str, str]:
    """Returns the pinyin with tone digit of every Mandarin syllable in zhuyin, as pypinyin converts it."""
    from pypinyin import Style
    from pypinyin.constants import PINYIN_DICT
    from pypinyin.style import convert

    marked = {reading for readings in PINYIN_DICT.values() for reading in readings.split(",")}
    return {
        convert(syllable, Style.BOPOMOFO, strict=True): convert(syllable, Style.TONE3, strict=True, v_to_u=True)
        for syllable in marked
    }
