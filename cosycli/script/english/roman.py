"""Roman numerals: of chapters, of rulers, and alone in a heading."""

from __future__ import annotations

import re

from cosycli.script.english.numbers import cardinal, ordinal
from cosycli.script.forms import Form
from cosycli.script.roman import NUMERAL, roman_value

__all__ = ["ROMAN_NUMERALS"]

_DIVISIONS = (
    "act|appendix|article|book|bowl|canto|chapter|lesson|part|phase|plate|psalm|rule|scene|section|stage|stave|table|title"
    "|volume|war"
)
_RULERS = (
    "Adrian|Albert|Alexander|Alfonso|Benedict|Boniface|Carlos|Catherine|Celestine|Charles|Christian|Clement|Constantine"
    "|Darius|David|Edward|Elizabeth|Felipe|Ferdinand|Francis|Frederick|George|Gregory|Gustav|Haakon|Harald|Henry|Innocent"
    "|Ivan|James|John|Joseph|Juan|Julius|Leo|Leopold|Louis|Malcolm|Mary|Napoleon|Nicholas|Olaf|Otto|Paul|Pedro|Peter"
    "|Philip|Pius|Ptolemy|Ramses|Richard|Robert|Rudolf|Sixtus|Umberto|Urban|Victor|Wilhelm|William"
)
_ROMAN = rf"(?=[IVXLCivxlc])(?P<roman>{NUMERAL}|{NUMERAL.lower()})(?![\w'-])"
_NOT_PRONOUN = re.compile(r"\s*(?:$|[^\w\s]|\n|of\b|[A-Z])")  # what follows the I of "Part I", not of "the part I like"


def _is_numeral(match: re.Match[str]) -> bool:
    """A single letter is a numeral only where it cannot be the pronoun or a name such as "Part C"."""
    roman = match["roman"]
    if len(roman) > 1:
        return True
    if roman == "I":
        return match.group()[0].isupper() and bool(_NOT_PRONOUN.match(match.string, match.end()))
    return roman in ("V", "X")


def _division(match: re.Match[str]) -> str | None:
    return f"{match['word']} {cardinal(str(roman_value(match['roman'])))}" if _is_numeral(match) else None


def _ruler(match: re.Match[str]) -> str | None:
    return f"{match['word']} the {ordinal(str(roman_value(match['roman'])))}" if _is_numeral(match) else None


def _heading(match: re.Match[str]) -> str | None:
    """A line of its own, such as "XIV."; of single letters I (with its stop), V and X."""
    roman, stop = match["roman"], match["stop"]
    is_numeral = len(roman) > 1 or roman in ("V", "X") or (roman == "I" and stop)
    return cardinal(str(roman_value(roman))) + stop if is_numeral else None


ROMAN_NUMERALS = (
    Form("Roman numeral", re.compile(rf"\b(?P<word>(?i:{_DIVISIONS})) {_ROMAN}"), _division),
    Form("ruler", re.compile(rf"\b(?P<word>{_RULERS}) {_ROMAN}"), _ruler),
    Form("heading", re.compile(rf"\A\s*(?=[IVXLC])(?P<roman>{NUMERAL})(?P<stop>\.?)(?=\s*\Z)"), _heading),
)
