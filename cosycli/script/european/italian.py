"""Italian."""

from __future__ import annotations

import re

from cosycli.script.european.grammar import Nouns, Tongue, after_comma, ruler_form
from cosycli.script.forms import Form
from cosycli.script.number_words import cardinal, ordinal
from cosycli.script.roman import NUMERAL, roman_value

__all__ = ["ITALIAN"]

_MONTH_NAMES = "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"
_MONTHS = _MONTH_NAMES.split()
_SHORT_MONTHS = {"genn": 1, "febbr": 2, "apr": 4, "magg": 5, "ag": 8, "sett": 9, "ott": 10, "nov": 11, "dic": 12}


def _count(written: str, words: str, nouns: Nouns) -> str:
    return nouns[0] if written == "1" else f"{words} {nouns[1]}"


def _date(before: str, day: str, month: int, year: str) -> str:
    said = f"{'primo' if day == '1' else cardinal(day, 'it')} {_MONTHS[month - 1]}"
    return f"{said} {cardinal(year, 'it')}" if year else said


def _clock(hour: int, minute: int) -> str:
    hours = "una" if hour == 1 else cardinal(str(hour), "it") or ""
    return f"{hours} e {cardinal(str(minute), 'it')}" if minute else hours


def _fraction(above: int, below: int) -> str:
    many = "un" if above == 1 else cardinal(str(above), "it")
    part = "mezzo" if below == 2 else ordinal(str(below), "it") or ""
    return f"{many} {part if above == 1 else re.sub('o$', 'i', part)}"


def _power(noun: str, power: int) -> str:
    """ "un metro" -> "un metro quadrato", "metri" -> "metri quadrati"."""
    return f"{noun} {'quadrat' if power == 2 else 'cub'}{noun[-1]}"


def _ordinal(match: re.Match[str]) -> str | None:
    said = ordinal(match["number"], "it")
    return said and re.sub("o$", "a", said) if match["gender"] == "ª" else said


def _ruler(name: str, number: int) -> str:
    said = ordinal(str(number), "it") or ""
    return f"{name} {re.sub('o$', 'a', said) if name in ('Caterina', 'Elisabetta', 'Maria') else said}"


def _century(match: re.Match[str]) -> str | None:
    return ordinal(str(roman_value(match["roman"])), "it")


_UNITS = {
    **{
        sign: (f"un {name}o", f"{name}i")
        for sign, name in {
            "km": "chilometr", "m": "metr", "dm": "decimetr", "cm": "centimetr", "mm": "millimetr", "kg": "chilogramm",
            "g": "gramm", "mg": "milligramm", "l": "litr", "ml": "millilitr", "ha": "ettar", "°": "grad",
            "min": "minut", "s": "second",
        }.items()
    },
    "h": ("un'ora", "ore"), "t": ("una tonnellata", "tonnellate"), "°C": ("un grado Celsius", "gradi Celsius"),
    "V": ("un volt", "volt"), "W": ("un watt", "watt"), "kW": ("un chilowatt", "chilowatt"),
    "Hz": ("un hertz", "hertz"),
    "MB": ("un megabyte", "megabyte"), "GB": ("un gigabyte", "gigabyte"), "%": ("uno per cento", "per cento"),
    "‰": ("uno per mille", "per mille"),
}  # fmt: skip
_EURO, _CENT = ("un euro", "euro"), ("un centesimo", "centesimi")
_COINS = {
    "€": (_EURO, _CENT), "EUR": (_EURO, _CENT), "$": (("un dollaro", "dollari"), ("un centesimo", "centesimi")),
    "£": (("una sterlina", "sterline"), ("un penny", "pence")), "L.": (("una lira", "lire"), _CENT),
    "¥": (("uno yen", "yen"), _CENT),
}  # fmt: skip
_ABBREVIATIONS = {
    "Sig.": "Signor", "Sigg.": "Signori", "Sig.ra": "Signora", "Sig.na": "Signorina", "Dott.": "Dottor",
    "Dott.ssa": "Dottoressa", "Dr.": "Dottor", "Prof.": "Professor", "Prof.ssa": "Professoressa", "Avv.": "Avvocato",
    "Ing.": "Ingegner", "On.": "Onorevole", "p. es.": "per esempio", "ad es.": "ad esempio", "cfr.": "confronta",
}  # fmt: skip
_LAST_WORDS = {
    "ecc.": "eccetera", "a. C.": "avanti Cristo", "d. C.": "dopo Cristo", "S.p.A.": "società per azioni",
}  # fmt: skip
_BEFORE_NUMBERS = {
    "n.": "numero", "nn.": "numeri", "n°": "numero", "nº": "numero", "p.": "pagina", "pag.": "pagina",
    "pagg.": "pagine", "pp.": "pagine", "vol.": "volume", "cap.": "capitolo", "fig.": "figura", "art.": "articolo",
    "§": "paragrafo",
}  # fmt: skip
_SIGNS = {
    "&": "e", "+": "più", "=": "uguale a", "@": "chiocciola", "%": "per cento", "°": "gradi", "§": "paragrafo",
    "€": "euro", "$": "dollari", "£": "sterline", "×": "per", "÷": "diviso", "±": "più o meno", "№": "numero",
    "²": "al quadrato", "³": "al cubo", "©": "copyright",
}  # fmt: skip
_RULERS = (
    "Alessandro|Benedetto|Carlo|Caterina|Elisabetta|Enrico|Federico|Ferdinando|Filippo|Francesco|Giorgio|Giovanni"
    "|Giovanni Paolo|Gregorio|Leone|Leopoldo|Luigi|Maria|Nicola|Paolo|Pio|Umberto|Vittorio Emanuele"
)
ITALIAN = Tongue(
    code="it",
    minus="meno",
    to="a",
    per="al",
    decimal=after_comma("virgola", "it"),
    months={name: number for number, name in enumerate(_MONTHS, 1)} | _SHORT_MONTHS,
    date=_date,
    day_mark=r"[º°]?\s",
    clock=_clock,
    clock_mark=r"\s?h\.?(?!\w)",
    count=_count,
    power=_power,
    units=_UNITS,
    coins=_COINS,
    coin_joint=" e ",
    scales=r"mila|milion[ei]|miliard[oi]",
    after_scale="di {}".format,
    fraction=_fraction,
    abbreviations=_ABBREVIATIONS,
    last_words=_LAST_WORDS,
    before_numbers=_BEFORE_NUMBERS,
    signs=_SIGNS,
    special=(
        ruler_form(_RULERS, _ruler),
        Form("ordinal", re.compile(r"(?<![\w.,])(?P<number>\d{1,4})(?P<gender>[ºª])"), _ordinal),
        Form("century", re.compile(rf"(?<!\w)(?=[IVXLC])(?P<roman>{NUMERAL})(?=\s(?i:secolo)\b)"), _century),
    ),
)
