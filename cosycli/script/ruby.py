"""Ruby, the small print above or beside Chinese and Japanese characters, as a way to say them."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from cosycli.script.languages import is_hanzi
from cosycli.script.pinyin import pinyin_tokens

__all__ = ["is_kana", "tokens_of_ruby"]

_KANA = re.compile("[\u3041-\u309f\u30a1-\u30ff\uff66-\uff9f\\s]+")
_ZHUYIN = re.compile("[\u3105-\u312f]{1,4}[ˊˇˋ˙]?")


def is_kana(ruby: str) -> bool:
    """True where ruby spells its characters in kana, which can be said instead of them; dots only emphasize."""
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

    A syllable without a tone is the one reading of its character that is spelled so. Where there are several ("yan"
    above 燕) or none (the gloss "me" above 我), it stays as it is.
    """
    syllables = pinyin.split()
    if len(syllables) != len(base):
        return pinyin
    return " ".join(_readings(char).get(syllable, syllable) for char, syllable in zip(base, syllables, strict=True))


@lru_cache(maxsize=4096)
def _readings(char: str) -> dict[str, str]:
    """Syllables without tone -> the reading of the character that is spelled so: the neutral or the only one."""
    from pypinyin.constants import PINYIN_DICT
    from pypinyin.contrib.tone_convert import to_normal

    spelled: dict[str, list[str]] = {}
    for reading in filter(None, PINYIN_DICT.get(ord(char), "").split(",")):
        spelled.setdefault(to_normal(reading), []).append(reading)
    neutral = {bare: f"{bare}5" for bare, readings in spelled.items() if bare in readings}
    return {bare: readings[0] for bare, readings in spelled.items() if len(readings) == 1} | neutral


def _pinyin_of_zhuyin(ruby: str) -> str | None:
    """ "ㄋㄧˇ ㄏㄠˇ" -> "ni3 hao3"; None where it is not zhuyin."""
    ruby = re.sub(r"˙([\u3105-\u312f]+)", r"\1˙", ruby)  # the neutral tone is printed before its syllable
    spelled = [match.group() for match in _ZHUYIN.finditer(ruby)]
    if not spelled or "".join(spelled) != re.sub(r"\s", "", ruby):
        return None
    syllables = [_zhuyin_syllables().get(syllable) for syllable in spelled]
    return " ".join(filter(None, syllables)) if all(syllables) else None


@cache
def _zhuyin_syllables() -> dict[str, str]:
    """Every syllable of Mandarin in zhuyin -> in pinyin with a tone digit, as pypinyin converts it."""
    from pypinyin import Style
    from pypinyin.constants import PINYIN_DICT
    from pypinyin.style import convert

    marked = {reading for readings in PINYIN_DICT.values() for reading in readings.split(",")}
    return {
        convert(syllable, Style.BOPOMOFO, strict=True): convert(syllable, Style.TONE3, strict=True, v_to_u=True)
        for syllable in marked
    }
