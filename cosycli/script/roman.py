"""Reads Roman numerals, which are numbers only in headings and after words such as "chapter"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from cosycli.script.forms import Form
from cosycli.script.number_words import cardinal

_LETTERS = "(?:IX|IV|V?I{0,3})"
NUMERAL = rf"C{{0,3}}(?:XC|XL|L?X{{0,3}}){_LETTERS}"  # to 399; D and M are rarer than "MIX" and "CD"
_SMALL_NUMERAL = rf"(?:XL|L?X{{0,3}}){_LETTERS}"
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
_ALONE = re.compile(rf"\W*(?=[IVXLCivx])(?:{NUMERAL}|{_SMALL_NUMERAL.lower()})\W*")


def roman_value(numeral: str) -> int:
    """ "XIV" -> 14."""
    values = [_VALUES[letter] for letter in numeral.upper()]
    return sum(-value if value < after else value for value, after in zip(values, [*values[1:], 0], strict=True))


def is_numeral_alone(text: str) -> bool:
    """True for "III", " IV. " and "ii", whose letters do not show a language."""
    return bool(_ALONE.fullmatch(text))


def division_forms(language: str, divisions: Sequence[str]) -> tuple[Form, ...]:
    """ "Kapitel IV" -> "Kapitel vier", anywhere in a text; `divisions` are the words before numerals."""
    if not divisions:
        return ()
    pattern = rf"\b(?P<word>(?i:{'|'.join(divisions)}))\s(?=[IVXLC])(?P<roman>{NUMERAL})(?![\w'’-])"
    return (Form("Roman numeral", re.compile(pattern), lambda match: _after(match["word"], match, language)),)


@lru_cache(maxsize=16)
def heading_forms(language: str) -> tuple[Form, ...]:
    """Reads the numeral of a heading: "IV", "iv", "I. The Ferry", "II — Night", "XI The Ferry"; not "I Remember"."""
    patterns = (
        rf"\A\W*(?P<roman>(?=[IVXLCivx])(?:{NUMERAL}|{_SMALL_NUMERAL.lower()}))(?=\W*\Z)",
        rf"\A\W*(?P<roman>(?=[IVXLC]){NUMERAL})(?=[.:)]\s| ?[—–-])",
        rf"\A\W*(?P<roman>(?=[IVXL]{{2}}){_SMALL_NUMERAL})(?=\s[^\W\d_a-zß-ÿа-я])",
    )
    return tuple(
        Form("heading", re.compile(pattern), lambda match: _after("", match, language)) for pattern in patterns
    )


def _after(word: str, match: re.Match[str], language: str) -> str | None:
    number = cardinal(str(roman_value(match["roman"])), language)
    before = match.group()[: match.start("roman") - match.start()]
    return f"{word} {number}" if word and number else number and before + number
