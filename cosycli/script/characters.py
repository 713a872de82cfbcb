"""Decides which characters can be spoken, and gives their plain form.

Letters and digits of any script are kept. Typographic forms become the plain forms that models know best (apostrophes,
hyphens, ligatures, full-width letters, combining accents). Every skipped character gets a reason.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

# Placeholders in plain text for a sound or a word that is spoken as given, and for a word with a capital. They are
# private-use characters, which are skipped in every source.
TOKENS, NAME = "\ue000", "\ue001"


@dataclass(frozen=True)
class Glyphs:
    """Source characters `start` to `end` and their `plain` form, which is empty if they are skipped for `reason`."""

    start: int
    end: int
    plain: str
    reason: str = ""


_MARKS = r"\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u3099\u309a\u1ab0-\u1aff\u1dc0-\u1dff"
_AS_IT_IS = (
    r"!-Z^_a-z|~\\\u00e0-\u00ff\u2014\u201c\u201d\u2026\u3001-\u3003\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff"
    r"\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f"
)
_FIGURES = "〇○一二三四五六七八九十"  # a circle beside one of these is a zero: 二○○八年
# French quotes contain spaces, « Bonjour »; quotes in German books point inwards, »Guten Tag«.
_GAP, _SAID = r"[ \u00a0\u2009\u202f]", r"[\w.,;:!?…]"
_CLUSTER = re.compile(
    rf"(?P<opening>(?<!{_SAID})«{_GAP}|(?<!\S)»(?=[\w…]))"
    rf"|(?P<closing>{_GAP}»(?!\w)|(?<={_SAID})«(?!\w))"
    rf"|(?P<zero>(?<=[{_FIGURES}])○|○(?=[{_FIGURES}]))"
    rf"|(?P<signs>(?:[^\w\s]\s*){{8,}})"
    rf"|(?P<as_it_is>(?:(?!(?:[^\w\s]\s*){{8}})[{_AS_IT_IS}](?![{_MARKS}])| (?=[{_AS_IT_IS}]))+)"
    rf"|(?P<space>\s+)"
    rf"|.[{_MARKS}]*",
    re.DOTALL,
)
_KEPT_SIGNS = 3  # of a long row of signs: keeps an ellipsis whole, and a ruled line short

_PLAIN = {
    "‘": "'", "’": "'", "‚": "'", "‛": "'", "′": "'", "ʼ": "'", "`": "'", "´": "'",
    "„": "“", "‟": "“", "«": "“", "»": "”", "″": '"',
    "‐": "-", "‑": "-", "‒": "-", "–": "-", "―": "—", "−": "-", "‥": "..", "•": ",",
    "[": "(", "]": ")", "{": "(", "}": ")", "⟨": "(", "⟩": ")",
}  # fmt: skip
# Punctuation and signs that the normaliser or the model understands. Brackets are reserved for the model's tokens.
_KEPT = frozenset(
    " !\"#$%&'()*+,-./:;=?@~°¢£¥€§·×÷±“”…—、。「」『』《》【】〈〉！（），：；？～￥<>^_|\\½¼¾⅓⅔⅛⅜⅝⅞²³¹µ№®©™†‡₹₽₩℃℉‰ºª"
)
_REASONS = {
    "Cc": "control character",
    "Cf": "invisible formatting character",
    "Cn": "unassigned character",
    "Co": "private character",
    "Cs": "half of a character (lone surrogate)",
    "Sk": "emoji or pictogram",
    "So": "emoji or pictogram",
}
_PLAIN_BY_CATEGORY = {"Ps": "(", "Pi": '"', "Pe": ")", "Pf": '"', "Pd": "-"}


def says_something(text: str) -> bool:
    """True if `text` contains a letter or a digit of any script."""
    return any(char.isalnum() for char in text)


def plain_text(text: str) -> str:
    """Returns the plain form of all characters that can be spoken."""
    return "".join(glyphs.plain for glyphs in read_glyphs(text, 0, len(text)))


def read_glyphs(text: str, start: int, end: int) -> Iterator[Glyphs]:
    """Yields every character of `text[start:end]`, in order and exactly once; white space becomes one space."""
    for match in _CLUSTER.finditer(text, start, end):
        if match["opening"] or match["closing"]:
            yield Glyphs(match.start(), match.end(), "“" if match["opening"] else "”")
        elif match["zero"]:
            yield Glyphs(match.start(), match.end(), "零")
        elif match["as_it_is"]:
            yield Glyphs(match.start(), match.end(), match.group())
        elif match["space"]:
            yield Glyphs(match.start(), match.end(), " ")
        elif match["signs"]:
            yield from _read_signs(text, match.start(), match.end())
        else:
            yield from _read_cluster(match.group(), match.start())


def _read_signs(text: str, start: int, end: int) -> Iterator[Glyphs]:
    """Keeps the first signs of a long row."""
    kept = 0
    for position, char in enumerate(text[start:end], start):
        plain, reason = _read(char)
        if plain and not char.isspace():
            kept += 1
        if plain and kept > _KEPT_SIGNS:
            is_last = position == end - 1 and char.isspace()
            plain, reason = (" ", "") if is_last else ("", "white space" if char.isspace() else "repeated punctuation")
        yield Glyphs(position, position + 1, plain, reason)


def _read_cluster(cluster: str, start: int) -> Iterator[Glyphs]:
    """Reads a character with the combining marks that follow it."""
    composed = unicodedata.normalize("NFC", cluster)
    if len(composed) == 1:
        yield Glyphs(start, start + len(cluster), *_read(composed))
        return
    plain, reason = _read(cluster[0])
    keeps_marks = plain.isalpha()
    yield Glyphs(start, start + 1, plain, reason)
    for position, mark in enumerate(cluster[1:], start + 1):
        yield (
            Glyphs(position, position + 1, mark) if keeps_marks else Glyphs(position, position + 1, "", "stray accent")
        )


@lru_cache(maxsize=4096)
def _read(char: str) -> tuple[str, str]:
    """Returns the plain form of a character, and the reason if it has none."""
    if char.isspace():
        return " ", ""
    if char in _PLAIN:
        return _PLAIN[char], ""
    category = unicodedata.category(char)
    if char in _KEPT or category[0] == "M":
        return char, ""
    plain = unicodedata.normalize("NFKC", char)
    if category[0] in "LN":
        return (plain if plain.isalnum() else char), ""
    if plain != char and all(part in _KEPT or part.isalnum() for part in plain):
        return plain, ""
    if category in _PLAIN_BY_CATEGORY:
        return _PLAIN_BY_CATEGORY[category], ""
    return "", _REASONS.get(category, "sign without a spoken form")
