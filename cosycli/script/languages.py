"""Tells the language of a text: the one that its source declares, if the letters agree with it.

Only writing systems are distinguished, not the languages that share one. Latin letters count as English, Cyrillic
letters as Russian, and Chinese characters without kana as Chinese, unless the source declares another language of that
writing system.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable

from cosycli.errors import counted
from cosycli.script.roman import is_numeral_alone

HANZI = "\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"  # Chinese characters, in a class of a pattern
_SCRIPTS = {
    "latin": re.compile("[A-Za-z\u00c0-\u024f]+"),
    "hanzi": re.compile(f"[{HANZI}]"),
    "kana": re.compile("[\u3041-\u30ff]"),
    "cyrillic": re.compile("[\u0400-\u04ff]"),
    "greek": re.compile("[\u0370-\u03ff]"),
    "hebrew": re.compile("[\u0590-\u05ff]"),
    "arabic": re.compile("[\u0600-\u06ff]"),
    "devanagari": re.compile("[\u0900-\u097f]"),
    "hangul": re.compile("[\uac00-\ud7af]"),
}
_USUAL = {
    "latin": "en", "hanzi": "zh", "kana": "ja", "cyrillic": "ru", "greek": "el", "hebrew": "he", "arabic": "ar",
    "devanagari": "hi", "hangul": "ko",
}  # fmt: skip
_WRITTEN_IN = {language: script for script, language in _USUAL.items()} | {
    "uk": "cyrillic", "be": "cyrillic", "bg": "cyrillic", "sr": "cyrillic", "mk": "cyrillic", "kk": "cyrillic",
    "mn": "cyrillic", "yi": "hebrew", "fa": "arabic", "ur": "arabic", "mr": "devanagari", "ne": "devanagari",
    "sa": "devanagari", "yue": "hanzi",
}  # fmt: skip


def is_hanzi(char: str) -> bool:
    """True for a Chinese character."""
    return bool(_SCRIPTS["hanzi"].match(char))


def primary_language(tag: str | None) -> str | None:
    """ "zh-Hant" -> "zh"; None for no tag and for "und", which means an unknown language (BCP 47)."""
    primary = re.split("[-_]", (tag or "").strip().lower())[0]
    return primary if primary.isalpha() and primary not in ("und", "mul", "zxx") else None


def written_language(language: str) -> str:
    """Returns the language whose rules of writing apply: Cantonese has the figures and full stops of Chinese."""
    return "zh" if language == "yue" else language


def latin_language(declared: str | None) -> str:
    """Returns the language of words in Latin letters, in a text that is declared to be in `declared`."""
    return declared if declared and _WRITTEN_IN.get(declared, "latin") == "latin" else "en"


def dominant_language(text: str, declared: str | None) -> str:
    """Returns the ISO 639-1 code of most words; a Chinese character counts as a word, a Roman numeral as none."""
    if is_numeral_alone(text):
        return declared or _USUAL["latin"]
    counts = {script: len(letters.findall(text)) for script, letters in _SCRIPTS.items()}
    if counts["kana"] or declared == "ja":
        counts["kana"] += counts.pop("hanzi")
    most = max(counts, key=lambda script: counts[script])
    if declared and (not counts[most] or _WRITTEN_IN.get(declared, "latin") == most):
        return declared
    return _USUAL[most]


def foreign_languages(spoken: Iterable[str], known: Collection[str]) -> list[str]:
    """Warns of segments in a language that the model was not trained on.

    Args:
        spoken: the language of each segment.
        known: the languages of the model; empty if they are unknown.
    """
    if not known:
        return []
    return [
        f"This model was not trained on the language {language!r} of {counted(count, 'segment')}, and "
        f"speaks {', '.join(known)}: choose another with --model (`cosy models list`)."
        for language, count in Counter(spoken).most_common()
        if language not in known
    ]
