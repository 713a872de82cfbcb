"""French."""

from __future__ import annotations

import re

from cosycli.script.european.grammar import Nouns, Tongue
from cosycli.script.forms import Form
from cosycli.script.number_words import cardinal, ordinal
from cosycli.script.roman import NUMERAL, roman_value

__all__ = ["FRENCH"]

_MONTH_NAMES = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
_MONTHS = _MONTH_NAMES.split()
_SHORT_MONTHS = {"janv": 1, "févr": 2, "avr": 4, "juil": 7, "sept": 9, "oct": 10, "nov": 11, "déc": 12}
_FIRST = {"er": "premier", "re": "première", "ère": "première", "ere": "première"}
_SECOND = {"d": "second", "nd": "second", "de": "seconde", "nde": "seconde"}


def _count(written: str, words: str, nouns: Nouns) -> str:
    """French counts with the singular up to two."""
    if written == "1":
        return nouns[0]
    noun = nouns[0].split(" ", 1)[1] if written.split(",")[0] in ("0", "1") else nouns[1]
    if nouns[0].startswith("une ") and re.fullmatch(r"\d*[2-6]1", written):
        words += "e"
    return f"{words} {noun}"


def _date(before: str, day: str, month: int, year: str) -> str:
    said = f"{'premier' if day == '1' else cardinal(day, 'fr')} {_MONTHS[month - 1]}"
    return f"{said} {cardinal(year, 'fr')}" if year else said


def _clock(hour: int, minute: int) -> str:
    hours = _count(str(hour), cardinal(str(hour), "fr") or "", ("une heure", "heures"))
    return f"{hours} {cardinal(str(minute), 'fr')}" if minute else hours


def _fraction(above: int, below: int) -> str:
    many = "un" if above == 1 else cardinal(str(above), "fr")
    part = {2: "demi", 3: "tiers", 4: "quart"}.get(below) or ordinal(str(below), "fr") or ""
    return f"{many} {part if above == 1 or part.endswith('s') else part + 's'}"


def _decimal(whole: str, fraction: str) -> str:
    """ "3,14" -> "trois virgule quatorze"; four figures in two pairs, more of them one by one."""
    groups = [fraction] if len(fraction) < 4 else [fraction[:2], fraction[2:]]
    said = map(_with_zeros, groups if len(fraction) < 5 else fraction)
    return " ".join([cardinal(whole, "fr") or whole, "virgule", *said])


def _with_zeros(figures: str) -> str:
    rest = figures.lstrip("0")
    zeros = ["zéro"] * (len(figures) - len(rest))
    return " ".join([*zeros, cardinal(rest, "fr") or ""] if rest else zeros)


def _ordinal(match: re.Match[str]) -> str | None:
    number, ending = match["number"], match["ending"]
    value = number if number.isdecimal() else str(roman_value(number))
    if value == "1":
        return _FIRST.get(ending)
    if value == "2" and ending in _SECOND:
        return _SECOND[ending]
    said = ordinal(value, "fr") if ending in ("e", "es", "ème", "èmes", "eme") else None
    return said and said + ("s" if ending.endswith("s") else "")


def _ruler(match: re.Match[str]) -> str | None:
    return cardinal(str(roman_value(match.group())), "fr")


def _power(noun: str, power: int) -> str:
    return f"{noun} {'carré' if power == 2 else 'cube'}{'s' if noun.endswith('s') else ''}"


_UNITS = {
    **{
        sign: (f"un {name}", f"{name}s")
        for sign, name in {
            "km": "kilomètre", "m": "mètre", "dm": "décimètre", "cm": "centimètre", "mm": "millimètre",
            "kg": "kilogramme", "g": "gramme", "mg": "milligramme", "l": "litre", "cl": "centilitre",
            "ml": "millilitre", "ha": "hectare", "V": "volt", "W": "watt", "kW": "kilowatt", "kWh": "kilowattheure",
            "Ko": "kilooctet", "Mo": "mégaoctet", "Go": "gigaoctet", "°": "degré", "dB": "décibel",
        }.items()
    },
    "h": ("une heure", "heures"), "min": ("une minute", "minutes"), "s": ("une seconde", "secondes"),
    "t": ("une tonne", "tonnes"), "Hz": ("un hertz", "hertz"), "kHz": ("un kilohertz", "kilohertz"),
    "°C": ("un degré Celsius", "degrés Celsius"), "%": ("un pour cent", "pour cent"),
    "‰": ("un pour mille", "pour mille"),
}  # fmt: skip
_EURO, _CENT, _CENTIME = ("un euro", "euros"), ("un cent", "cents"), ("un centime", "centimes")
_COINS = {
    "€": (_EURO, _CENTIME), "EUR": (_EURO, _CENTIME), "$": (("un dollar", "dollars"), _CENT),
    "£": (("une livre", "livres"), ("un penny", "pence")), "F": (("un franc", "francs"), _CENTIME),
    "FF": (("un franc", "francs"), _CENTIME), "CHF": (("un franc suisse", "francs suisses"), _CENTIME),
    "¥": (("un yen", "yens"), _CENT),
}  # fmt: skip
_ABBREVIATIONS = {
    "M.": "Monsieur", "MM.": "Messieurs", "Mme": "Madame", "Mmes": "Mesdames", "Mlle": "Mademoiselle",
    "Mlles": "Mesdemoiselles", "Dr": "Docteur", "Dr.": "Docteur", "Dre": "Docteure", "Dres": "docteures",
    "Pr": "Professeur", "Mgr": "Monseigneur", "St": "Saint", "Ste": "Sainte", "p. ex.": "par exemple",
    "c.-à-d.": "c'est-à-dire", "cf.": "confer", "env.": "environ", "bd": "boulevard",
}  # fmt: skip
_LAST_WORDS = {
    "etc.": "et cetera", "av. J.-C.": "avant Jésus-Christ", "apr. J.-C.": "après Jésus-Christ",
    "J.-C.": "Jésus-Christ",
}  # fmt: skip
_BEFORE_NUMBERS = {
    "n°": "numéro", "nº": "numéro", "N°": "Numéro", "p.": "page", "pp.": "pages", "vol.": "volume", "chap.": "chapitre",
    "fig.": "figure", "art.": "article", "t.": "tome", "§": "paragraphe",
}  # fmt: skip
_SIGNS = {
    "&": "et", "+": "plus", "=": "égale", "@": "arobase", "%": "pour cent", "°": "degrés", "§": "paragraphe",
    "€": "euros", "$": "dollars", "£": "livres", "×": "fois", "÷": "divisé par", "±": "plus ou moins", "№": "numéro",
    "²": "au carré", "³": "au cube", "©": "copyright",
}  # fmt: skip
_ORDINAL = rf"(?<![\w.,])(?P<number>\d{{1,6}}|(?=[IVX]|[LC][IVXLC]){NUMERAL})(?P<ending>[a-zè]{{1,4}})\b"
FRENCH = Tongue(
    code="fr",
    minus="moins",
    to="à",
    per="par",
    decimal=_decimal,
    months={name: number for number, name in enumerate(_MONTHS, 1)} | _SHORT_MONTHS,
    date=_date,
    day_mark=r"(?:er\b)?\s",
    clock=_clock,
    clock_mark=r"\s?h(?:\s?(?P<minute_after>[0-5]\d))?",
    count=_count,
    power=_power,
    units=_UNITS,
    coins=_COINS,
    coin_joint=" ",
    scales=r"millions?|milliards?|billions?|mille",
    after_scale=lambda noun: f"d'{noun}" if noun[0] in "aeéèiouh" else f"de {noun}",
    fraction=_fraction,
    abbreviations=_ABBREVIATIONS,
    last_words=_LAST_WORDS,
    before_numbers=_BEFORE_NUMBERS,
    signs=_SIGNS,
    special=(
        Form("ordinal", re.compile(_ORDINAL), _ordinal),
        Form("ruler", re.compile(rf"(?<=[a-zà-ÿ] )(?=[IVX]{{2}}|[VX]\b){NUMERAL}(?![\w'’-])"), _ruler),
    ),
)
