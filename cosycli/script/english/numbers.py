"""Writes English numbers as words, and Roman numerals of chapters, of rulers, and alone in a heading."""

from __future__ import annotations

import re

from cosycli.script import number_words
from cosycli.script.forms import Form
from cosycli.script.roman import NUMERAL, roman_value

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
_NOT_PRONOUN = re.compile(r"\s*(?:$|[^\w\s]|\n|of\b|[A-Z])")  # follows the I of "Part I", not of "the part I like"


def digits(text: str) -> str:
    """ "305" -> "three zero five"; anything but digits is dropped."""
    return number_words.digits(text, "en") or ""


def cardinal(text: str) -> str:
    """ "1,200" -> "one thousand two hundred"; "007" -> "zero zero seven"."""
    return number_words.cardinal(text.replace(",", ""), "en") or text


def ordinal(text: str) -> str:
    """ "21" -> "twenty first"."""
    return number_words.ordinal(text.replace(",", ""), "en") or text


def decimal(text: str) -> str:
    """ "3.05" -> "three point zero five"; ".5" -> "point five"; whole numbers as `cardinal`."""
    whole, point, fraction = text.partition(".")
    said = [cardinal(whole)] if whole else []
    return " ".join([*said, "point", digits(fraction)]) if point and fraction else " ".join(said)


def year(text: str) -> str:
    """ "1984" -> "nineteen eighty four"; "2005" -> "two thousand five"; "98" -> "ninety eight"; "05" -> "oh five"."""
    value = int(text)
    if len(text) == 2 and value < 10:
        return f"oh {digits(text[1])}" if value else "two thousand"
    if 2000 <= value < 2010 or value < 1000 or value % 1000 == 0:
        return cardinal(str(value)).replace(" and ", " ")
    return number_words.year_words(text, "en") or text


def pairs(text: str) -> str:
    """House and flight numbers: "1428" -> "fourteen twenty eight", "305" -> "three oh five"."""
    if len(text) <= 2 or text.startswith("0") or int(text) % 100 == 0:
        return cardinal(text)
    if len(text) > 4:
        return digits(text)
    tail = text[-2:]
    return f"{cardinal(text[:-2])} {'oh ' + digits(tail[1]) if tail[0] == '0' else cardinal(tail)}"


def plural(number: str) -> str:
    """ "nineteen eighty" -> "nineteen eighties", "nineteen ten" -> "nineteen tens"."""
    return f"{number[:-1]}ies" if number.endswith("y") else f"{number}s"


def _is_numeral(match: re.Match[str]) -> bool:
    """True unless a single letter can be the pronoun or a name such as "Part C"."""
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
    """Reads a line such as "XIV."; of single letters only I (with a stop), V and X."""
    roman, stop = match["roman"], match["stop"]
    is_numeral = len(roman) > 1 or roman in ("V", "X") or (roman == "I" and stop)
    return cardinal(str(roman_value(roman))) + stop if is_numeral else None


ROMAN_NUMERALS = (
    Form("Roman numeral", re.compile(rf"\b(?P<word>(?i:{_DIVISIONS})) {_ROMAN}"), _division),
    Form("ruler", re.compile(rf"\b(?P<word>{_RULERS}) {_ROMAN}"), _ruler),
    Form("heading", re.compile(rf"\A\s*(?=[IVXLC])(?P<roman>{NUMERAL})(?P<stop>\.?)(?=\s*\Z)"), _heading),
)
