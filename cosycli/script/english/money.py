"""Sums of money, and what they share with other amounts."""

from __future__ import annotations

import re

from cosycli.script.english.numbers import cardinal, decimal
from cosycli.script.forms import Form

__all__ = ["MINUS", "MONEY", "NUMBER", "SCALE_WORD", "one_or_many", "signed"]

NUMBER = r"(?:\d{1,3}(?:,\d{3}){1,6}(?!\d)|\d{1,40})(?:\.\d{1,40})?|(?<![.\d])\.\d{1,40}"
MINUS = r"(?P<sign>(?<![\w)])[-+])?"
SCALE_WORD = r"hundred|thousand|million|billion|trillion"
_SCALES = {"k": "thousand", "m": "million", "mn": "million", "b": "billion", "bn": "billion", "tn": "trillion"}
# Sign or code -> (one, many, one hundredth, many hundredths)
_CURRENCIES = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "US$": ("U S dollar", "U S dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
    "¥": ("yen", "yen", "", ""),
    "₹": ("rupee", "rupees", "paisa", "paise"),
    "₩": ("won", "won", "", ""),
    "₽": ("rouble", "roubles", "kopeck", "kopecks"),
    "USD": ("U S dollar", "U S dollars", "cent", "cents"),
    "EUR": ("euro", "euros", "cent", "cents"),
    "GBP": ("pound", "pounds", "penny", "pence"),
    "¢": ("cent", "cents", "", ""),
}
_PER = {
    "mo": "month", "yr": "year", "hr": "hour", "h": "hour", "d": "day", "wk": "week", "s": "second", "kg": "kilogram",
    "month": "month", "year": "year", "hour": "hour", "day": "day", "week": "week",
}  # fmt: skip
_ANY_SCALE = rf"{SCALE_WORD}|bn|tn|mn|[kKmMbB]"
_MONEY_AMOUNT = (
    rf"{MINUS}(?P<before>US\$|[$£€¥₹₩₽]) ?(?P<number>{NUMBER})"
    rf"(?: ?(?P<scale>{_ANY_SCALE})\b)?(?:/(?P<per>{'|'.join(_PER)})\b)?(?P<after>(?!))?"
)
_MONEY_AFTER = (
    rf"(?<![\w.,]){MINUS}(?P<number>{NUMBER})(?: ?(?P<scale>{_ANY_SCALE}))?"
    r" ?(?P<after>[€£¢]|(?:USD|EUR|GBP)\b)(?P<before>(?!))?"
)


def one_or_many(number: str, one: str, many: str) -> str:
    return one if number.replace(",", "") == "1" else many


def signed(sign: str | None, words: str) -> str:
    return {"-": "minus ", "+": "plus "}.get(sign or "", "") + words


def _money(match: re.Match[str]) -> str:
    groups = match.groupdict()
    one, many, cent, cents = _CURRENCIES[groups["before"] or groups["after"] or "$"]
    number, scale = groups["number"], groups["scale"] or ""
    per = f" per {_PER[groups['per'].lower()]}" if groups.get("per") else ""
    whole, _, fraction = number.replace(",", "").partition(".")
    if scale:
        said = f"{decimal(number)} {_SCALES.get(scale.lower(), scale)} {many}"
    elif not cent or len(fraction.rstrip("0")) > 2:
        said = f"{decimal(number)} {many}"
    else:
        said = _coins(whole or "0", fraction.rstrip("0").ljust(2, "0")[:2], (one, many), (cent, cents))
    return signed(groups["sign"], said) + per


def _coins(whole: str, hundredths: str, units: tuple[str, str], parts: tuple[str, str]) -> str:
    """ "5", "50" -> "five dollars and fifty cents"."""
    said = [f"{cardinal(whole)} {one_or_many(whole, *units)}"] if int(whole) or not int(hundredths) else []
    if int(hundredths):
        said.append(f"{cardinal(str(int(hundredths)))} {one_or_many(str(int(hundredths)), *parts)}")
    return " and ".join(said)


def _to(match: re.Match[str]) -> str:
    return " to "


MONEY = (
    Form("money", re.compile(_MONEY_AMOUNT), _money),
    Form("money", re.compile(_MONEY_AFTER), _money),
    Form("range", re.compile(r"(?<=[\dms])-{1,2}(?=[$£€¥]\d|\d{1,2}(?::\d\d)? ?[ap]\.?m|[1-9]0s)"), _to),
)
