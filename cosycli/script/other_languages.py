"""Numbers in the languages that have no grammar of their own here: num2words knows their words."""

from __future__ import annotations

import re
from functools import lru_cache

from cosycli.script.forms import DECORATION, Form

__all__ = ["forms_for"]

_MAX_DIGITS = 15  # longer numbers are read digit by digit
# What parts a fraction, and its name. Every other language here writes its fractions after a point and is left alone.
_COMMAS = {
    "de": "Komma",
    "es": "coma",
    "fr": "virgule",
    "it": "virgola",
    "nl": "komma",
    "pt": "vírgula",
    "ru": "запятая",
}
_GROUPED = re.compile(r"(?<![\w.,])\d{1,3}(?:[. \u202f]\d{3}){1,5}(?!\w|[.,]\d)")
_DECIMAL = re.compile(r"(?<![\w.,])(?P<whole>\d{1,15}),(?P<fraction>\d{1,40})(?!\w|[.,]\d)")
_NUMBER = re.compile(r"\d{1,40}")


@lru_cache(maxsize=8)
def forms_for(language: str) -> tuple[Form, ...]:
    """Whole numbers, fractions after a comma, and decorations."""

    def grouped(match: re.Match[str]) -> str | None:
        return _words(re.sub(r"\D", "", match.group()), language)

    def decimal(match: re.Match[str]) -> str | None:
        parts = [_words(part, language) for part in (match["whole"], *match["fraction"])]
        known = [part for part in parts if part]
        return " ".join([known[0], _COMMAS[language], *known[1:]]) if len(known) == len(parts) else None

    def number(match: re.Match[str]) -> str | None:
        return _words(match.group(), language)

    plain = (Form("number", _NUMBER, number), DECORATION)
    if language not in _COMMAS:
        return plain
    return (Form("grouped number", _GROUPED, grouped), Form("decimal", _DECIMAL, decimal), *plain)


def _words(number: str, language: str) -> str | None:
    """None when num2words does not know the language, and the figures are left to the model."""
    from num2words import num2words

    one_by_one = len(number) > _MAX_DIGITS or (len(number) > 1 and number[0] == "0")
    try:
        return " ".join(str(num2words(int(part), lang=language)) for part in (number if one_by_one else [number]))
    except (NotImplementedError, OverflowError):
        return None
