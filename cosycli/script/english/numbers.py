"""English number words. The words come from num2words; here is only which of its readings applies."""

from __future__ import annotations

from functools import lru_cache

__all__ = ["cardinal", "decimal", "digits", "ordinal", "pairs", "plural", "year"]

_MAX_CARDINAL_DIGITS = 15  # "nine hundred trillion"; longer numbers are read digit by digit
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@lru_cache(maxsize=4096)
def _words(value: int, kind: str) -> str:
    from num2words import num2words

    return str(num2words(value, to=kind)).replace("-", " ").replace(",", "")


def digits(text: str) -> str:
    """ "305" -> "three zero five"; anything but digits is left out."""
    return " ".join(_DIGITS[int(char)] for char in text if char.isdecimal())


def cardinal(text: str) -> str:
    """ "1,200" -> "one thousand two hundred"; "007" -> "zero zero seven"."""
    plain = text.replace(",", "")
    if len(plain) > _MAX_CARDINAL_DIGITS or (len(plain) > 1 and plain.startswith("0")):
        return digits(plain)
    return _words(int(plain), "cardinal")


def ordinal(text: str) -> str:
    """ "21" -> "twenty first"."""
    return _words(int(text.replace(",", "")), "ordinal")


def decimal(text: str) -> str:
    """ "3.05" -> "three point zero five"; ".5" -> "point five"; whole numbers as `cardinal`."""
    whole, point, fraction = text.partition(".")
    said = [cardinal(whole)] if whole else []
    return " ".join([*said, "point", digits(fraction)]) if point and fraction else " ".join(said)


def year(text: str) -> str:
    """ "1984" -> "nineteen eighty four"; "2005" -> "two thousand five"; "98" -> "ninety eight"; "05" -> "oh five"."""
    value = int(text)
    if len(text) == 2 and value < 10:
        return f"oh {_DIGITS[value]}" if value else "two thousand"
    if 2000 <= value < 2010 or value < 1000 or value % 1000 == 0:
        return _words(value, "cardinal").replace(" and ", " ")
    return _words(value, "year")


def pairs(text: str) -> str:
    """House and flight numbers: "1428" -> "fourteen twenty eight", "305" -> "three oh five"."""
    if len(text) <= 2 or text.startswith("0") or int(text) % 100 == 0:
        return cardinal(text)
    if len(text) > 4:
        return digits(text)
    tail = text[-2:]
    return f"{cardinal(text[:-2])} {'oh ' + _DIGITS[int(tail)] if tail[0] == '0' else cardinal(tail)}"


def plural(number: str) -> str:
    """ "nineteen eighty" -> "nineteen eighties", "nineteen ten" -> "nineteen tens"."""
    return f"{number[:-1]}ies" if number.endswith("y") else f"{number}s"
