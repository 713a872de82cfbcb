"""Text of which its source says what it is, such as a telephone number.

The names are the `interpret-as` values of W3C "SSML 1.0 say-as attribute values" (Working Group Note, 26 May 2005), and
those of the synthesizers that have read SSML since.
"""

from __future__ import annotations

import re

from cosycli.script.number_words import cardinal, digits, ordinal

__all__ = ["can_interpret", "say_as"]

_SPELLING = frozenset({"characters", "spell-out", "verbatim", "letters"})
_NUMBERS = {"cardinal": cardinal, "number": cardinal, "ordinal": ordinal, "digits": digits}
_TELEPHONE = "telephone"
# The normaliser knows these when it sees them.
_AS_WRITTEN = frozenset({"date", "time", "currency", "unit", "fraction", "measure", "address", "name", "net", "text"})
_SIGNS = {
    ".": "dot", "@": "at", "/": "slash", "-": "dash", "_": "underscore", ":": "colon", "?": "question mark",
    "=": "equals", "&": "and", "#": "hash", "%": "percent", "+": "plus", "*": "star", ",": "comma", "!": "bang",
}  # fmt: skip


def can_interpret(interpret_as: str) -> bool:
    return interpret_as in _SPELLING | _NUMBERS.keys() | _AS_WRITTEN | {_TELEPHONE}


def say_as(text: str, interpret_as: str, language: str | None) -> str | None:
    """What is said for `text`; None where it is to be read as ordinary text, or is not what it should be.

    ("NATO", "characters") -> "N A T O"; ("3", "ordinal") -> "third"; ("0160-12", "telephone") -> "zero one six zero,
    one two". Dates, times and amounts are ordinary text: the normaliser tells them by their form.
    """
    spoken_in = language or "en"
    if interpret_as in _SPELLING:
        return _spelled(text, spoken_in)
    if interpret_as == _TELEPHONE:
        groups = [digits(group, spoken_in) for group in re.findall(r"\d+", text)]
        plus = "plus " if text.strip().startswith("+") else ""
        return plus + ", ".join(filter(None, groups)) if groups and all(groups) else None
    figures = re.sub(r"[\s,.\u202f]", "", text)
    if interpret_as in _NUMBERS and figures.isdecimal():
        return _NUMBERS[interpret_as](figures, spoken_in)
    return None


def _spelled(text: str, language: str) -> str:
    names = _SIGNS if language == "en" else {}
    said = [digits(char, language) or names.get(char, char.upper()) for char in text if not char.isspace()]
    return " ".join(said)
