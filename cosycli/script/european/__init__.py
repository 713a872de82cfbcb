"""Writes the figures, signs and abbreviations of European languages other than English as words.

Each language has a YAML file of its words (`de.yaml`), which a native speaker can edit, and a class for the rules that
no table can hold; `grammar` has what the languages share. In any other language num2words writes whole numbers, and
fractions and Roman numerals are read if there is a YAML file.
"""

from __future__ import annotations

import re
from functools import lru_cache

from cosycli.script.addresses import address_forms
from cosycli.script.european.german import German
from cosycli.script.european.grammar import Grammar, forms_of
from cosycli.script.european.romance import French, Italian, Spanish
from cosycli.script.european.russian import Russian
from cosycli.script.european.words import Words, read_words
from cosycli.script.forms import DECORATION, Form
from cosycli.script.number_words import cardinal
from cosycli.script.roman import division_forms

GRAMMARS: dict[str, type[Grammar]] = {grammar.code: grammar for grammar in (German, French, Spanish, Italian, Russian)}

_GROUPED = re.compile(r"(?<![\w.,])\d{1,3}(?:[. \u202f]\d{3}){1,5}(?!\w|[.,]\d)")
_DECIMAL = re.compile(r"(?<![\w.,])(?P<whole>\d{1,15}),(?P<fraction>\d{1,40})(?!\w|[.,]\d)")
_NUMBER = re.compile(r"\d{1,40}")


@lru_cache(maxsize=8)
def forms_for(language: str) -> tuple[Form, ...]:
    """Returns the forms of a language: at least whole numbers, addresses and decorations."""
    words = read_words(language)
    return forms_of(GRAMMARS[language](words)) if language in GRAMMARS else _number_forms(language, words)


def _number_forms(language: str, words: Words) -> tuple[Form, ...]:
    """Returns the forms of a language without a grammar; `words` may have its comma and its divisions."""

    def grouped(match: re.Match[str]) -> str | None:
        return cardinal(re.sub(r"\D", "", match.group()), language)

    def decimal(match: re.Match[str]) -> str | None:
        parts = [cardinal(part, language) for part in (match["whole"], *match["fraction"])]
        known = [part for part in parts if part]
        return " ".join([known[0], words.comma, *known[1:]]) if len(known) == len(parts) else None

    def number(match: re.Match[str]) -> str | None:
        return cardinal(match.group(), language)

    plain = (
        *address_forms(language),
        *division_forms(language, words.divisions),
        Form("number", _NUMBER, number),
        DECORATION,
    )
    if not words.comma:
        return plain
    return (Form("grouped number", _GROUPED, grouped), Form("decimal", _DECIMAL, decimal), *plain)
