"""Which language a stretch of text is in, told by its letters.

Scripts are told apart, not the languages that share one: Latin letters are `latin`, which the caller chooses
("en" unless `--language` says otherwise).
"""

from __future__ import annotations

import re

__all__ = ["dominant_language", "is_hanzi"]

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


def is_hanzi(char: str) -> bool:
    """True for a Chinese character."""
    return bool(_HANZI.match(char))


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
