"""Spanish."""

from __future__ import annotations

import re

from cosycli.script.european.grammar import Nouns, Tongue, after_comma, ruler_form
from cosycli.script.forms import Form
from cosycli.script.number_words import cardinal, ordinal
from cosycli.script.roman import NUMERAL, roman_value

__all__ = ["SPANISH"]

_MONTH_NAMES = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
_MONTHS = _MONTH_NAMES.split()
_SHORT_MONTHS = {"setiembre": 9, "ene": 1, "feb": 2, "abr": 4, "ago": 8, "sept": 9, "oct": 10, "nov": 11, "dic": 12}
_PARTS = {2: "medio", 3: "tercio", 4: "cuarto"}


def _before_noun(words: str, is_feminine: bool) -> str:
    """ "veintiuno" -> "veintiún" kilómetros, "veintiuna" horas."""
    if is_feminine:
        return re.sub(r"uno\Z", "una", words)
    return re.sub(r"veintiuno\Z", "veintiún", words) if words.endswith("veintiuno") else re.sub(r"uno\Z", "un", words)


def _count(written: str, words: str, nouns: Nouns) -> str:
    return nouns[0] if written == "1" else f"{_before_noun(words, nouns[0].startswith('una '))} {nouns[1]}"


def _date(before: str, day: str, month: int, year: str) -> str:
    said = f"{'primero' if day == '1' else cardinal(day, 'es')} de {_MONTHS[month - 1]}"
    return f"{said} de {cardinal(year, 'es')}" if year else said


def _clock(hour: int, minute: int) -> str:
    hours = _before_noun(cardinal(str(hour), "es") or "", is_feminine=True)
    return f"{hours} y {cardinal(str(minute), 'es')}" if minute else f"{hours} {'hora' if hour == 1 else 'horas'}"


def _fraction(above: int, below: int) -> str | None:
    many = _before_noun(cardinal(str(above), "es") or "", is_feminine=False)
    part = _PARTS.get(below) or (ordinal(str(below), "es") if below <= 10 else f"{cardinal(str(below), 'es')}avo")
    return f"{many} {part}{'' if above == 1 else 's'}"


def _power(noun: str, power: int) -> str:
    return f"{noun} {'cuadrado' if power == 2 else 'cúbico'}{'s' if noun.endswith('s') else ''}"


def _ordinal(match: re.Match[str]) -> str | None:
    said = ordinal(match["number"], "es")
    if said and match["gender"] in ("er", "ᵉʳ"):
        return re.sub(r"o\Z", "", said)
    return said and re.sub(r"o\b", "a", said) if match["gender"] in ("ª", "a") else said


def _ruler(name: str, number: int) -> str:
    """Ordinals to the tenth: "Felipe II" -> "Felipe segundo", "Alfonso XIII" -> "Alfonso trece"."""
    said = ordinal(str(number), "es") if number <= 10 else cardinal(str(number), "es")
    return f"{name} {re.sub('o$', 'a', said or '') if name.endswith(('a', 'el')) else said}"


def _century(match: re.Match[str]) -> str:
    return f"{match['word']} {cardinal(str(roman_value(match['roman'])), 'es')}"


_UNITS = {
    **{
        sign: (f"un {name}", f"{name}s")
        for sign, name in {
            "km": "kilómetro", "m": "metro", "dm": "decímetro", "cm": "centímetro", "mm": "milímetro",
            "kg": "kilogramo", "g": "gramo", "mg": "miligramo", "l": "litro", "ml": "mililitro", "ha": "hectárea",
            "V": "voltio", "W": "vatio", "kW": "kilovatio", "°": "grado", "MB": "megabyte", "GB": "gigabyte",
            "min": "minuto", "s": "segundo",
        }.items()
    },
    "h": ("una hora", "horas"), "t": ("una tonelada", "toneladas"), "°C": ("un grado Celsius", "grados Celsius"),
    "Hz": ("un hercio", "hercios"), "%": ("uno por ciento", "por ciento"), "‰": ("uno por mil", "por mil"),
}  # fmt: skip
_EURO, _DOLLAR, _CENT = ("un euro", "euros"), ("un dólar", "dólares"), ("un céntimo", "céntimos")
_COINS = {
    "€": (_EURO, _CENT), "EUR": (_EURO, _CENT), "$": (_DOLLAR, ("un centavo", "centavos")),
    "US$": (_DOLLAR, ("un centavo", "centavos")), "£": (("una libra", "libras"), ("un penique", "peniques")),
    "¥": (("un yen", "yenes"), _CENT),
}  # fmt: skip
_ABBREVIATIONS = {
    "Sr.": "Señor", "Sres.": "Señores", "Sra.": "Señora", "Sras.": "Señoras", "Srta.": "Señorita", "Dr.": "Doctor",
    "Dra.": "Doctora", "Prof.": "Profesor", "Ud.": "usted", "Uds.": "ustedes", "Vd.": "usted", "Vds.": "ustedes",
    "Dña.": "Doña", "Lic.": "Licenciado", "Ing.": "Ingeniero", "Sto.": "Santo", "Sta.": "Santa",
    "p. ej.": "por ejemplo", "cf.": "compárese", "Avda.": "Avenida", "aprox.": "aproximadamente",
}  # fmt: skip
_LAST_WORDS = {
    "EE. UU.": "Estados Unidos", "etc.": "etcétera", "a. C.": "antes de Cristo", "d. C.": "después de Cristo",
}  # fmt: skip
_BEFORE_NUMBERS = {
    "n.º": "número", "nº": "número", "N.º": "Número", "núm.": "número", "pág.": "página", "págs.": "páginas",
    "p.": "página", "pp.": "páginas", "vol.": "volumen", "cap.": "capítulo", "fig.": "figura", "art.": "artículo",
    "§": "párrafo",
}  # fmt: skip
_SIGNS = {
    "&": "y", "+": "más", "=": "igual a", "@": "arroba", "%": "por ciento", "°": "grados", "§": "párrafo",
    "€": "euros", "$": "dólares", "£": "libras", "×": "por", "÷": "entre", "±": "más menos", "№": "número",
    "²": "al cuadrado", "³": "al cubo", "©": "copyright",
}  # fmt: skip
_RULERS = (
    "Alejandro|Alfonso|Benedicto|Carlos|Catalina|Enrique|Felipe|Fernando|Francisco|Isabel|Jorge|Juan|Juan Carlos"
    "|Juan Pablo|Luis|Pablo|Pedro|Pío"
)
SPANISH = Tongue(
    code="es",
    minus="menos",
    to="a",
    per="por",
    decimal=after_comma("coma", "es"),
    months={name: number for number, name in enumerate(_MONTHS, 1)} | _SHORT_MONTHS,
    date=_date,
    day_mark=r"\s(?:del?\s)?",
    clock=_clock,
    clock_mark=r"\s?h\.?(?!\w)",
    count=_count,
    power=_power,
    units=_UNITS,
    coins=_COINS,
    coin_joint=" con ",
    scales=r"mil(?:\smillones)?|mill(?:ón|ones)|bill(?:ón|ones)",
    after_scale="de {}".format,
    fraction=_fraction,
    abbreviations=_ABBREVIATIONS,
    last_words=_LAST_WORDS,
    before_numbers=_BEFORE_NUMBERS,
    signs=_SIGNS,
    special=(
        ruler_form(_RULERS, _ruler),
        Form("ordinal", re.compile(r"(?<![\w.,])(?P<number>\d{1,4})(?:\.?(?P<gender>[ºª]|er\b))"), _ordinal),
        Form("century", re.compile(rf"\b(?P<word>(?i:siglos?)) (?=[IVXLC])(?P<roman>{NUMERAL})(?!\w)"), _century),
    ),
)
