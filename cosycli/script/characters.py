"""Which characters can be spoken, and the plain form of those that are.

A letter or digit of any script is kept. Typographic forms become the plain ones that models know best (curly quotes,
dashes, ligatures, full-width letters, combining accents). What has no sound is named, never dropped silently.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Glyph", "is_hanzi", "is_kana", "read_glyphs", "says_something"]


@dataclass(frozen=True)
class Glyph:
    """Source characters `start` to `end` and their `plain` form, which is empty when they are skipped for `reason`."""

    start: int
    end: int
    plain: str
    reason: str = ""


# A base character with its combining marks, or a run of white space.
_MARKS = "\\u0300-\\u036f\\u0483-\\u0487\\u0591-\\u05c7\\u3099\\u309a\\u1ab0-\\u1aff\\u1dc0-\\u1dff"
_CLUSTER = re.compile(rf"\s+|.[{_MARKS}]*", re.DOTALL)

_PLAIN = {
    "‘": "'", "’": "'", "‚": "'", "‛": "'", "′": "'", "ʼ": "'",
    "“": '"', "”": '"', "„": '"', "‟": '"', "″": '"', "«": '"', "»": '"',
    "‐": "-", "‑": "-", "‒": "-", "–": "--", "—": "--", "―": "--", "−": "-",
    "…": "...", "‥": "..", "•": ",", "·": "·",
    "[": "(", "]": ")", "{": "(", "}": ")", "⟨": "(", "⟩": ")",
}  # fmt: skip
# Punctuation and signs that the normaliser or the model understands; brackets are kept for the model's tokens.
_KEPT = frozenset(" !\"#$%&'()*+,-./:;=?@~°¢£¥€§·×÷±、。「」『』《》【】〈〉！（），：；？～￥")
_KEPT_AS_SIGN = frozenset("<>^_|\\½¼¾⅓⅔⅛⅜⅝⅞²³¹µ№®©™†‡₹₽₩")


def is_hanzi(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff" or "\u3400" <= char <= "\u4dbf" or "\U00020000" <= char <= "\U0003ffff"


def is_kana(char: str) -> bool:
    return "\u3041" <= char <= "\u30ff" or "\u31f0" <= char <= "\u31ff" or "\uff66" <= char <= "\uff9f"


def says_something(text: str) -> bool:
    """True when `text` holds a letter or a digit of any script."""
    return any(char.isalnum() for char in text)


def read_glyphs(text: str, start: int, end: int) -> Iterator[Glyph]:
    """Every character of `text[start:end]`, in order and exactly once."""
    for match in _CLUSTER.finditer(text, start, end):
        cluster = match.group()
        if len(cluster) > 1 and not cluster.isspace():
            cluster = unicodedata.normalize("NFC", cluster)
        if len(cluster) == 1 or cluster.isspace():
            plain, reason = _read(cluster)
            yield Glyph(match.start(), match.end(), plain, reason)
        else:
            yield from _read_apart(match.group(), match.start())


def _read_apart(cluster: str, start: int) -> Iterator[Glyph]:
    """A base whose marks do not compose with it: the marks are kept only on a letter."""
    plain, reason = _read(cluster[0])
    marked = plain.isalpha() and len(plain) == 1
    yield Glyph(start, start + 1, plain, reason)
    for offset, mark in enumerate(cluster[1:], start + 1):
        yield Glyph(offset, offset + 1, mark, "") if marked else Glyph(offset, offset + 1, "", "stray accent")


@lru_cache(maxsize=4096)
def _read(char: str) -> tuple[str, str]:
    """The plain form of a character or run of white space, and the reason when it has none."""
    if char.isspace():
        return " ", ""
    if char in _PLAIN:
        return _PLAIN[char], ""
    if char in _KEPT or char in _KEPT_AS_SIGN:
        return char, ""
    category = unicodedata.category(char)
    if category[0] in "LN":
        return _plain_letter(char)
    if category[0] == "M":
        return char, ""
    return _nearest_sign(char, category)


def _plain_letter(char: str) -> tuple[str, str]:
    """Compatibility letters and digits such as ﬁ, Ａ, ① and 𝐛 in their ordinary form."""
    plain = unicodedata.normalize("NFKC", char)
    return (plain, "") if plain.isalnum() else (char, "")


def _nearest_sign(char: str, category: str) -> tuple[str, str]:
    plain = unicodedata.normalize("NFKC", char)
    if plain != char and all(part in _KEPT or part.isalnum() for part in plain):
        return plain, ""
    if category in ("Cc", "Cs", "Cn", "Co"):
        return "", {"Cc": "control character", "Cs": "half of a character (lone surrogate)"}.get(
            category, "unassigned or private character"
        )
    if category == "Cf":
        return "", "invisible formatting character"
    if category in ("So", "Sk"):
        return "", "emoji or pictogram"
    if category in ("Ps", "Pi"):
        return "(", ""
    if category in ("Pe", "Pf"):
        return ")", ""
    if category == "Pd":
        return "-", ""
    return "", "sign without a spoken form"
