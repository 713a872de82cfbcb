"""Writes whole numbers as words, in Chinese by wetext, in other languages by num2words."""

from __future__ import annotations

from functools import lru_cache

_MAX_DIGITS = 15  # longer numbers are read digit by digit
_CHINESE_DIGITS = "零一二三四五六七八九"


def cardinal(figures: str, language: str) -> str | None:
    """("21", "de") -> "einundzwanzig"; one by one for many figures or a leading zero; None in unknown languages."""
    if len(figures) > _MAX_DIGITS or (len(figures) > 1 and figures[0] == "0"):
        return digits(figures, language)
    return _words(int(figures), "cardinal", language)


def ordinal(figures: str, language: str) -> str | None:
    """("21", "fr") -> "vingt et unième"; None in unknown languages."""
    return _words(int(figures), "ordinal", language) if len(figures) <= _MAX_DIGITS else None


def year_words(figures: str, language: str) -> str | None:
    """("1984", "de") -> "neunzehnhundertvierundachtzig"; None in unknown languages."""
    return _words(int(figures), "year", language)


def digits(figures: str, language: str) -> str | None:
    """("305", "es") -> "tres cero cinco"; None in unknown languages."""
    words = [_words(int(figure), "cardinal", language) for figure in figures if figure.isdecimal()]
    known = [word for word in words if word]
    return ("" if language in ("zh", "ja") else " ").join(known) if known and len(known) == len(words) else None


@lru_cache(maxsize=8192)
def _words(value: int, kind: str, language: str) -> str | None:
    if language == "zh":
        return _chinese(value, kind)
    from num2words import num2words

    try:
        words = str(num2words(value, to=kind, lang=language))
    except (NotImplementedError, OverflowError, IndexError):
        return None
    return words.replace("-", " ").replace(",", "") if language == "en" else words


def _chinese(value: int, kind: str) -> str:
    if value < 10 and kind == "cardinal":
        return _CHINESE_DIGITS[value]
    from cosycli.script.chinese import rewrite_cjk

    written = f"{value}个"
    (rewriting,) = rewrite_cjk(written, "zh")
    return ("第" if kind == "ordinal" else "") + rewriting.spoken
