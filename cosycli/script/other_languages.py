"""Numbers in the languages that have no forms of their own here: num2words knows their words."""

from __future__ import annotations

import re
from functools import lru_cache

from cosycli.script.addresses import address_forms
from cosycli.script.european import TONGUES
from cosycli.script.european.grammar import forms_of
from cosycli.script.forms import DECORATION, Form
from cosycli.script.number_words import cardinal
from cosycli.script.roman import division_forms

__all__ = ["forms_for"]

# What parts a fraction, and its name. Every other language here writes its fractions after a point and is left alone.
_COMMAS = {"nl": "komma", "pt": "vírgula"}
_GROUPED = re.compile(r"(?<![\w.,])\d{1,3}(?:[. \u202f]\d{3}){1,5}(?!\w|[.,]\d)")
_DECIMAL = re.compile(r"(?<![\w.,])(?P<whole>\d{1,15}),(?P<fraction>\d{1,40})(?!\w|[.,]\d)")
_NUMBER = re.compile(r"\d{1,40}")


@lru_cache(maxsize=8)
def forms_for(language: str) -> tuple[Form, ...]:
    """The forms of a language; at the least whole numbers, fractions after a comma, addresses and decorations."""
    if language in TONGUES:
        return forms_of(TONGUES[language])

    def grouped(match: re.Match[str]) -> str | None:
        return cardinal(re.sub(r"\D", "", match.group()), language)

    def decimal(match: re.Match[str]) -> str | None:
        parts = [cardinal(part, language) for part in (match["whole"], *match["fraction"])]
        known = [part for part in parts if part]
        return " ".join([known[0], _COMMAS[language], *known[1:]]) if len(known) == len(parts) else None

    def number(match: re.Match[str]) -> str | None:
        return cardinal(match.group(), language)

    plain = (*address_forms(language), *division_forms(language), Form("number", _NUMBER, number), DECORATION)
    if language not in _COMMAS:
        return plain
    return (Form("grouped number", _GROUPED, grouped), Form("decimal", _DECIMAL, decimal), *plain)
