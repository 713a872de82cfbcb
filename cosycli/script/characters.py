"""Which characters can be spoken, and the plain form of those that are.

A letter or digit of any script is kept. Typographic forms become the plain ones that models know best (apostrophes,
hyphens, ligatures, full-width letters, combining accents). What has no sound is named, never dropped silently.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["NAME", "TOKENS", "Glyphs", "is_wide", "read_glyphs", "says_something"]

# These stand in plain text for what is said as given: a sound or a word, and a word with a capital. They are private
# characters, and those are skipped in any source.
TOKENS, NAME = "\ue000", "\ue001"


@dataclass(frozen=True)
class Glyphs:
    """Source characters `start` to `end` and their `plain` form, which is empty when they are skipped for `reason`."""

    start: int
    end: int
    plain: str
    reason: str = ""


_MARKS = r"\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u3099\u309a\u1ab0-\u1aff\u1dc0-\u1dff"
_AS_IT_IS = (
    r"!-Z^_a-z|~\\\u00e0-\u00ff\u2014\u201c\u201d\u2026\u3001-\u3003\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff"
    r"\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f"
)
_FIGURES = "〇○一二三四五六七八九十"  # beside which a circle is a zero: 二○○八年
# « Bonjour », as French has it with spaces within its quotes, and »Guten Tag«, as German books have it.
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
_KEPT_SIGNS = 3  # of a long row of signs: an ellipsis stays whole, a ruled line does not become a segment
_KEPT_MARKS = 3  # on one letter: Vietnamese needs two, stacks of more only decorate

_PLAIN = {
    "‘": "'", "’": "'", "‚": "'", "‛": "'", "′": "'", "ʼ": "'", "`": "'", "´": "'",
    "„": "“", "‟": "“", "«": "“", "»": "”", "″": '"',
    "‐": "-", "‑": "-", "‒": "-", "–": "-", "―": "—", "−": "-", "‥": "..", "•": ",",
    "[": "(", "]": ")", "{": "(", "}": ")", "⟨": "(", "⟩": ")",
}  # fmt: skip
# Punctuation and signs that the normaliser or the model understands. Brackets are kept for the model's own tokens.
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
_WIDE = re.compile(r"[\u3000-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uff00-\uff60\U00020000-\U0003ffff]")


def is_wide(char: str) -> bool:
    """True for Chinese and Japanese characters and their punctuation, which take two columns and no space between."""
    return bool(_WIDE.match(char))


def says_something(text: str) -> bool:
    """True when `text` holds a letter or a digit of any script."""
    return any(char.isalnum() for char in text)


def read_glyphs(text: str, start: int, end: int) -> Iterator[Glyphs]:
    """Every character of `text[start:end]`, in order and exactly once; white space comes as one space."""
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
    """The first signs of a long row."""
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
    """A character with the combining marks that follow it."""
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
    """The plain form of a character, and the reason when it has none."""
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
