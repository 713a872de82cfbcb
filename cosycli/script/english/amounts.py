"""Reads sums of money, measures, fractions, telephone numbers and plain numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from cosycli.folders import packaged_yaml
from cosycli.script.english.numbers import cardinal, decimal, digits, ordinal, pairs, plural, year
from cosycli.script.forms import Form

_NUMBER = r"(?:\d{1,3}(?:,\d{3}){1,6}(?!\d)|\d{1,40})(?:\.\d{1,40})?|(?<![.\d])\.\d{1,40}"
_MINUS = r"(?P<sign>(?<![\w)])[-+])?"
_SCALE_WORD = r"hundred|thousand|million|billion|trillion"
_SCALES = {"k": "thousand", "m": "million", "mn": "million", "b": "billion", "bn": "billion", "tn": "trillion"}
_WORDS = packaged_yaml(__package__, "amounts.yaml")
_COINS, _PER, _UNITS = _WORDS["coins"], _WORDS["per"], _WORDS["units"]
_ANY_SCALE = rf"{_SCALE_WORD}|bn|tn|mn|[kKmMbB]"
_MONEY_AMOUNT = (
    rf"{_MINUS}(?P<before>US\$|[$£€¥₹₩₽]) ?(?P<number>{_NUMBER})"
    rf"(?: ?(?P<scale>{_ANY_SCALE})\b)?(?:/(?P<per>{'|'.join(_PER)})\b)?(?P<after>(?!))?"
)
_MONEY_AFTER = (
    rf"(?<![\w.,]){_MINUS}(?P<number>{_NUMBER})(?: ?(?P<scale>{_ANY_SCALE}))?"
    r" ?(?P<after>[€£¢]|(?:USD|EUR|GBP)\b)(?P<before>(?!))?"
)
# Single letters in the case that the SI gives them, longer names in any case.
_LONG_UNITS = sorted((name for name in _UNITS if name.isalpha() and len(name) > 1), key=len, reverse=True)
_UNIT = rf"(?i:{'|'.join(_LONG_UNITS)})|[mgshl]|[WV]"
_PREFIXES = {"sq": "square", "cu": "cubic", "²": "square", "2": "square", "³": "cubic", "3": "cubic"}
_SET_FRACTIONS = {"24/7": "twenty four seven", "9/11": "nine eleven", "50/50": "fifty fifty", "20/20": "twenty twenty"}
_COUNTED = re.compile(r" (?:people|men|women|children|(?!this |does |goes |says )[a-z]{2,}[^su\W]s)\b")  # "1984 cats"


def _one_or_many(number: str, one: str, many: str) -> str:
    return one if number.replace(",", "") == "1" else many


def _signed(sign: str | None, words: str) -> str:
    return {"-": "minus ", "+": "plus "}.get(sign or "", "") + words


def _money(match: re.Match[str]) -> str:
    groups = match.groupdict()
    one, many, cent, cents = _COINS[groups["before"] or groups["after"] or "$"]
    number, scale = groups["number"], groups["scale"] or ""
    per = f" per {_PER[groups['per'].lower()]}" if groups.get("per") else ""
    whole, _, fraction = number.replace(",", "").partition(".")
    if scale:
        said = f"{decimal(number)} {_SCALES.get(scale.lower(), scale)} {many}"
    elif not cent or len(fraction.rstrip("0")) > 2:
        said = f"{decimal(number)} {many}"
    else:
        said = _coins(whole or "0", fraction.rstrip("0").ljust(2, "0")[:2], (one, many), (cent, cents))
    return _signed(groups["sign"], said) + per


def _coins(whole: str, hundredths: str, units: tuple[str, str], parts: tuple[str, str]) -> str:
    """ "5", "50" -> "five dollars and fifty cents"."""
    said = [f"{cardinal(whole)} {_one_or_many(whole, *units)}"] if int(whole) or not int(hundredths) else []
    if int(hundredths):
        said.append(f"{cardinal(str(int(hundredths)))} {_one_or_many(str(int(hundredths)), *parts)}")
    return " and ".join(said)


def _measure(match: re.Match[str]) -> str:
    groups = match.groupdict()
    unit = _UNITS[(groups["sign_unit"] or groups["unit"]).lower()]
    number, power = groups["number"], groups["power"] or (groups["area"] or "").lower().rstrip(".")
    name = _one_or_many(number, *unit)
    scale = f" {groups['scale']}" if groups["scale"] else ""
    per = _UNITS.get((groups["per"] or "").lower(), ("", ""))[0]
    last = f" to {decimal(groups['last'])}" if groups["last"] else ""
    said = f"{decimal(number)}{last}{scale} {_PREFIXES[power] + ' ' if power else ''}{name if not last else unit[1]}"
    return _signed(groups["sign"], said) + (f" per {per}" if per else "")


def _feet_and_inches(match: re.Match[str]) -> str:
    feet, inches = match["feet"], match["inches"]
    return f"{cardinal(feet)} {_one_or_many(feet, 'foot', 'feet')} {cardinal(inches)}"


def _fraction(match: re.Match[str]) -> str | None:
    groups = match.groupdict()
    sign = groups.get("sign_of")
    above, below = unicodedata.normalize("NFKC", sign).split("⁄") if sign else (match["above"], match["below"])
    if not int(below) or len(above) > 3 or len(below) > 3:
        return f"{cardinal(above)} over {cardinal(below)}"
    whole = f"{cardinal(groups['whole'])} and " if groups.get("whole") else ""
    many = int(above) != 1
    if int(below) == 1:
        return None
    name = {"2": "half", "4": "quarter"}.get(below, ordinal(below))
    several = {"half": "halves"}.get(name, f"{name}s")
    return f"{whole}{'a' if whole and not many else cardinal(above)} {several if many else name}"


def _set_fraction(match: re.Match[str]) -> str:
    return _SET_FRACTIONS[match.group()]


def _phone(match: re.Match[str]) -> str:
    groups = re.findall(r"\+?\d+", match.group())
    return ", ".join(("plus " if group.startswith("+") else "") + _phone_group(group.lstrip("+")) for group in groups)


def _phone_group(group: str) -> str:
    return f"{cardinal(group[0])} hundred" if group in ("800", "900") else digits(group)


def _dotted(match: re.Match[str]) -> str:
    """ "1.2.10", an IP address or a version."""
    return " point ".join(digits(part) if len(part) > 2 else cardinal(part) for part in match.group().split("."))


def _range(match: re.Match[str]) -> str:
    return f"{decimal(match['first'])} to {decimal(match['last'])}"


def _label(match: re.Match[str]) -> str:
    """ "Listing 2-3" is the third listing of chapter 2, not a range."""
    return f"{match['label']} {cardinal(match['first'])} dash {cardinal(match['last'])}"


def _times(match: re.Match[str]) -> str:
    return f"{decimal(match['first'])} by {decimal(match['last'])}"


def _sum(match: re.Match[str]) -> str:
    sign = {"-": "minus", "+": "plus", "*": "times", "x": "times", "×": "times", "÷": "divided by"}[match["operator"]]
    return f"{decimal(match['first'])} {sign} {decimal(match['last'])}"


def _ordinal(match: re.Match[str]) -> str | None:
    number = match["number"].replace(",", "")
    value = int(number)
    right = "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return ordinal(number) if match["suffix"].lower() == right and len(number) < 13 else None


def _number(match: re.Match[str]) -> str:
    """Reads a number alone: 1100 to 2099 are years, unless something is counted."""
    written, text = match["number"], match.string
    before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    said = decimal(written)
    if written != "2000" and re.fullmatch(r"1[1-9]\d\d|20\d\d", written) and not _COUNTED.match(text, match.end()):
        said = year(written)
    return (" " if before.isalpha() else "") + _signed(match["sign"], said) + (" " if after.isalpha() else "")


_PHONE = r"(?<![\w.-])(?:\+?\d{1,3}[ .-]?)?(?:\(\d{3}\)[ .-]{0,2}|\d{3}[.-])\d{3}[.-]\d{4}(?:-\d{4})?(?![\w-])"
_PHONE_ABROAD = r"(?<![\w.-])(?:\+\d{1,3} |0)\d{2,4} \d{3,4}[ -]\d{3,4}(?![\w-])"
_CODE = r"(?<![\w-])\d{1,10}(?:-\d{1,10}){2,6}(?![\w-])"  # ISBN, social security number
_ZIP_CODE = r"(?<=\b[A-Z]{2} )\d{5}(?:-\d{4})?(?![\w-])|(?<=\b[A-Z]{2}, )\d{5}(?![\w-])"
_VERSION = r"(?<![\w.])\d{1,10}(?:\.\d{1,10}){2,8}(?!\w|\.\d)"
_SIGN_FRACTION = r"(?:(?<![\w.,/])(?P<whole>\d{1,4})[ -]?)?(?P<sign_of>[½¼¾⅓⅔⅛⅜⅝⅞])"
_SLASH_FRACTION = (
    r"(?<![\w/.,])(?:(?P<whole>\d{1,4})[ -])?(?P<above>\d{1,6})/(?P<below>\d{1,6})(?:th|rd|TH|RD)?(?![\w/]|[.,]\d)"
)
_MEASURE = (
    rf"(?<![\w.,])(?<!\b[A-Za-z]-){_MINUS}(?P<number>{_NUMBER})(?:-{{1,2}}(?P<last>{_NUMBER}))?"
    rf"(?: (?P<scale>{_SCALE_WORD}))?(?: (?P<area>sq|cu)\.?)?[ -]?(?:(?P<sign_unit>[%‰]|°[CF]?(?!\w))|(?P<unit>{_UNIT})"
    rf"(?P<power>[²³]|(?<=m)[23])?(?:/(?P<per>{_UNIT}))?(?!\w)(?:\.(?= [a-z]))?)"
)
_SUM = rf"(?<![\w.,])(?P<first>{_NUMBER}) ?(?P<operator>[-+*x×÷]) ?(?P<last>{_NUMBER})(?= ?=)"
_ORDINAL = r"(?<![\w.,])(?P<number>\d{1,3}(?:,\d{3})+|\d{1,12})(?P<suffix>(?i:st|nd|rd|th))\b"
_STREET = r"(?:[A-Z][a-z]* ){1,3}(?:St|Ave|Rd|Blvd|Dr|Ln|Ct|Expy|Hwy|hwy|Street|Avenue|Road|Lane|Drive|Boulevard)\b"
_LABEL = (
    r"\b(?P<label>Equation|Example|Exercise|Figure|Fig\.|Listing|Table) (?P<first>\d{1,3})-(?P<last>\d{1,3})(?![\w-])"
)
_RANGE = rf"(?<![\w.,/-])(?P<first>{_NUMBER})-{{1,2}}(?P<last>{_NUMBER})(?![\w/-]|[.,]\d)"


def _form(name: str, pattern: str, say: Callable[[re.Match[str]], str | None]) -> Form:
    return Form(name, re.compile(pattern), say)


AMOUNTS = (
    _form("money", _MONEY_AMOUNT, _money),
    _form("money", _MONEY_AFTER, _money),
    _form("range", r"(?<=[\dms])-{1,2}(?=[$£€¥]\d|\d{1,2}(?::\d\d)? ?[ap]\.?m|[1-9]0s)", lambda match: " to "),
    # One figure at a time, so that a segment can end between any two of them.
    _form("very long number", r"(?<!\d[.,])\d(?=\d{40})|(?<=\d{40})\d", lambda match: f"{digits(match.group())} "),
    _form("telephone", _PHONE, _phone),
    _form("telephone", _PHONE_ABROAD, _phone),
    _form("code", _CODE, _phone),
    _form("ZIP code", _ZIP_CODE, _phone),
    _form("version", _VERSION, _dotted),
    _form("fraction", r"(?<![\w/.])(?:24/7|9/11|50/50|20/20)(?![\w/]|\.\d)", _set_fraction),
    _form("fraction", _SIGN_FRACTION, _fraction),
    _form("fraction", _SLASH_FRACTION, _fraction),
    _form("height", r"(?<![\w.,])(?P<feet>[3-8])'(?P<inches>\d|1[01])\"(?!\w)", _feet_and_inches),
    _form("measure", _MEASURE, _measure),
    _form("sum", _SUM, _sum),
    _form("ordinal", _ORDINAL, _ordinal),
    _form("house", rf"(?<![\w.,])(?P<number>[1-9]\d{{2,4}})(?= {_STREET})", lambda match: pairs(match["number"])),
    _form("size", rf"(?<![\w.,])(?P<first>{_NUMBER}) ?[x×] ?(?P<last>{_NUMBER})(?![\w.,])", _times),
    _form("label", _LABEL, _label),
    _form("range", _RANGE, _range),
    _form("ratio", r"(?<![\w.,:])(?P<first>\d{1,4}):(?P<last>\d{1,4})(?![\w:]|[.,]\d)", _range),
    # The 52s of "B-52s" are fifty twos.
    _form("several of a number", r"(?<![\d.,])(?P<number>\d{1,4})s\b", lambda match: plural(cardinal(match["number"]))),
    _form("power", r"(?<=\w)\^[23](?!\d)", lambda match: " squared" if match.group().endswith("2") else " cubed"),
    _form("number", rf"{_MINUS}(?P<number>{_NUMBER})", _number),
)
