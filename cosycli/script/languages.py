"""Which language a stretch of text is in, told by its letters.

Scripts are told apart, not the languages that share one: Latin letters are `latin`, which the caller chooses
("en" unless `--language` says otherwise).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cosycli.script.characters import is_hanzi, is_kana

__all__ = ["dominant_language", "language_at"]

_SCRIPTS = (
    (re.compile("[\u0400-\u04ff]"), "ru"),
    (re.compile("[\u0370-\u03ff]"), "el"),
    (re.compile("[\u0590-\u05ff]"), "he"),
    (re.compile("[\u0600-\u06ff]"), "ar"),
    (re.compile("[\u0900-\u097f]"), "hi"),
    (re.compile("[\uac00-\ud7af]"), "ko"),
)
_HANZI = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")
_KANA = re.compile("[\u3041-\u30ff]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]+")


def dominant_language(text: str, latin: str) -> str:
    """ISO 639-1 code of most of the words, a Chinese character counting as one word."""
    counts = {latin: len(_LATIN.findall(text))}
    if _KANA.search(text):
        counts["ja"] = len(_HANZI.findall(text)) + len(_KANA.findall(text))
    else:
        counts["zh"] = len(_HANZI.findall(text))
    for letters, language in _SCRIPTS:
        found = len(letters.findall(text))
        if found:
            counts[language] = counts.get(language, 0) + found
    return max(counts, key=lambda language: counts[language])


def language_at(text: str, start: int, end: int, dominant: str, latin: str) -> str:
    """The language in which `text[start:end]`, a number say, is spoken: that of the letters on both its sides.

    In "他说 I have 3 cats" the number is English, in "我有 iPhone 15 手机" it is Chinese.
    """
    if dominant not in ("zh", "ja"):
        return dominant
    before = _nearest_letter(text[max(0, start - 20) : start][::-1])
    after = _nearest_letter(text[end : end + 20])
    sides: Sequence[str] = [side for side in (before, after) if side]
    return latin if sides and all(side == "latin" for side in sides) and after == "latin" else dominant


def _nearest_letter(text: str) -> str:
    for char in text:
        if is_hanzi(char) or is_kana(char):
            return "cjk"
        if char.isalpha():
            return "latin"
    return ""
