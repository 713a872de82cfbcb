"""German."""

from __future__ import annotations

import re

from cosycli.script.european.grammar import Tongue, after_comma, plural_above_one, ruler_form, word_before
from cosycli.script.forms import Form
from cosycli.script.number_words import cardinal, ordinal, year_words

__all__ = ["GERMAN"]

_MONTH_NAMES = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"
_MONTHS = _MONTH_NAMES.split()
_SHORT_MONTHS = {"jan": 1, "jänner": 1, "feb": 2, "apr": 4, "aug": 8, "sept": 9, "okt": 10, "nov": 11, "dez": 12}
# The word before an ordinal tells its ending; without one it is that of a masculine noun, as of a day.
_ENDINGS = {"n": "am beim dem den des einem eines im vom zum zur", "": "das der die"}
_ENDING = {word: ending for ending, words in _ENDINGS.items() for word in words.split()}
_AFTER_ORDINAL = re.compile(
    r"\s(?:(?P<neuter>Buch|Jahr|Jahrhundert|Jahrtausend|Kapitel|Mal)|(?:Abschnitt|Akt|Band|Geburtstag|Tag|Teil))\b"
)
_BEFORE_YEAR_WORDS = """
im ab anno anfang bis ende frühjahr frühling herbst jahr jahre jahren jahres mitte seit sommer um von winter
"""
_BEFORE_YEAR = frozenset((_BEFORE_YEAR_WORDS + _MONTH_NAMES.lower()).split())


def _date(before: str, day: str, month: int, year: str) -> str:
    said = f"{ordinal(day, 'de')}{_ENDING.get(before, 'r')} {_MONTHS[month - 1]}"
    return f"{said} {year_words(year, 'de')}" if year else said


def _ordinal(match: re.Match[str]) -> str | None:
    before, after = word_before(match), _AFTER_ORDINAL.match(match.string, match.end())
    is_alone = not match.string[: match.start()].strip() and not match.string[match.end() :].strip()
    said = ordinal(match["number"], "de")
    if not said or not (before in _ENDING or after or is_alone):
        return None  # "Er hat 3. Sie auch."
    return said + _ENDING.get(before, "s" if after and after["neuter"] else "r")


def _year(match: re.Match[str]) -> str | None:
    """A noun, which has a capital, is counted, unless the word before the figures is one for years."""
    is_counted = re.match(r"\s[A-ZÄÖÜ]", match.string[match.end() : match.end() + 2])
    return year_words(match.group(), "de") if not is_counted or word_before(match) in _BEFORE_YEAR else None


def _years(match: re.Match[str]) -> str:
    return f"{year_words(match['first'], 'de')} bis {year_words(match['last'], 'de')}"


def _decade(match: re.Match[str]) -> str:
    return f"{year_words(match['year'], 'de')}er"


def _clock(hour: int, minute: int) -> str:
    said = "ein" if hour == 1 else cardinal(str(hour), "de")
    return f"{said} Uhr {cardinal(str(minute), 'de')}" if minute else f"{said} Uhr"


def _duration(match: re.Match[str]) -> str:
    said = _clock(int(match["hour"]), 0)
    for name, nouns in (("minute", ("eine Minute", "Minuten")), ("second", ("eine Sekunde", "Sekunden"))):
        number = str(int(match[name]))
        said += " " + plural_above_one(number, cardinal(number, "de") or "", nouns)
    return said


def _fraction(above: int, below: int) -> str:
    many = "ein" if above == 1 else cardinal(str(above), "de")
    if below == 2:
        return f"{many} {'halb' if above == 1 else 'Halbe'}"
    stem = (ordinal(str(below), "de") or "").removesuffix("e")
    return f"{many} {stem[:1].upper()}{stem[1:]}el"


def _ruler(name: str, number: int) -> str:
    """ "Friedrich II." -> "Friedrich der Zweite", "Friedrichs II." -> "Friedrichs des Zweiten"."""
    said = (ordinal(str(number), "de") or "").capitalize()
    return f"{name} des {said}n" if name.endswith("s") and name not in _RULERS.split("|") else f"{name} der {said}"


def _power(noun: str, power: int) -> str:
    """ "ein Meter" -> "ein Quadratmeter"."""
    article, space, name = noun.rpartition(" ")
    return f"{article}{space}{'Quadrat' if power == 2 else 'Kubik'}{name.lower()}"


_UNITS = {
    **{
        sign: (f"ein {name}", name)
        for sign, name in {
            "km": "Kilometer", "m": "Meter", "dm": "Dezimeter", "cm": "Zentimeter", "mm": "Millimeter",
            "kg": "Kilogramm", "g": "Gramm", "mg": "Milligramm", "l": "Liter", "ml": "Milliliter", "ha": "Hektar",
            "ft": "Fuß", "V": "Volt", "mv": "Millivolt", "mV": "Millivolt", "kV": "Kilovolt", "W": "Watt",
            "kW": "Kilowatt", "MW": "Megawatt", "Hz": "Hertz", "kHz": "Kilohertz", "MHz": "Megahertz",
            "GHz": "Gigahertz", "kB": "Kilobyte", "MB": "Megabyte", "GB": "Gigabyte", "TB": "Terabyte",
            "dB": "Dezibel", "°C": "Grad Celsius", "°F": "Grad Fahrenheit", "°": "Grad", "%": "Prozent",
            "‰": "Promille",
        }.items()
    },
    "h": ("eine Stunde", "Stunden"), "Std.": ("eine Stunde", "Stunden"), "min": ("eine Minute", "Minuten"),
    "Min.": ("eine Minute", "Minuten"), "s": ("eine Sekunde", "Sekunden"), "sec": ("eine Sekunde", "Sekunden"),
    "ms": ("eine Millisekunde", "Millisekunden"), "t": ("eine Tonne", "Tonnen"),
    "kWh": ("eine Kilowattstunde", "Kilowattstunden"),
}  # fmt: skip
_CENT = ("ein Cent", "Cent")
_EURO, _DOLLAR, _POUND = ("ein Euro", "Euro"), ("ein Dollar", "Dollar"), ("ein Pfund", "Pfund")
_COINS = {
    "€": (_EURO, _CENT), "EUR": (_EURO, _CENT), "Euro": (_EURO, _CENT), "$": (_DOLLAR, _CENT), "USD": (_DOLLAR, _CENT),
    "£": (_POUND, ("ein Penny", "Pence")), "DM": (("eine D-Mark", "D-Mark"), ("ein Pfennig", "Pfennig")),
    "CHF": (("ein Franken", "Franken"), ("ein Rappen", "Rappen")), "¥": (("ein Yen", "Yen"), ("", "")),
}  # fmt: skip
_ABBREVIATIONS = {
    "z. B.": "zum Beispiel", "d. h.": "das heißt", "u. a.": "unter anderem", "u.": "und", "i. d. R.": "in der Regel",
    "bzw.": "beziehungsweise", "bspw.": "beispielsweise", "ca.": "circa", "evtl.": "eventuell",
    "ggf.": "gegebenenfalls", "inkl.": "inklusive", "sog.": "sogenannte", "vgl.": "vergleiche", "Dr.": "Doktor",
    "Prof.": "Professor", "Hr.": "Herr", "Fr.": "Frau", "Frl.": "Fräulein", "Mr.": "Mister", "Mrs.": "Missis",
    "Ms.": "Miss", "St.": "Sankt", "Mio.": "Millionen", "Mrd.": "Milliarden", "geb.": "geboren", "gest.": "gestorben",
}  # fmt: skip
_LAST_WORDS = {
    "u. s. w.": "und so weiter", "usw.": "und so weiter", "usf.": "und so fort", "u. ä.": "und ähnliche",
    "o. ä.": "oder ähnliche", "v. Chr.": "vor Christus", "n. Chr.": "nach Christus", "etc.": "et cetera",
    "Str.": "Straße", "Jh.": "Jahrhundert", "Jhdt.": "Jahrhundert",
}  # fmt: skip
_BEFORE_NUMBERS = {
    "Nr.": "Nummer", "S.": "Seite", "Bd.": "Band", "Kap.": "Kapitel", "Abb.": "Abbildung", "Abs.": "Absatz",
    "Art.": "Artikel", "§": "Paragraph", "Tab.": "Tabelle",
}  # fmt: skip
_SIGNS = {
    "&": "und", "+": "plus", "=": "gleich", "@": "at", "%": "Prozent", "°": "Grad", "§": "Paragraph", "€": "Euro",
    "$": "Dollar", "£": "Pfund", "×": "mal", "÷": "geteilt durch", "±": "plus minus", "№": "Nummer",
    "²": "Quadrat", "³": "hoch drei", "©": "Copyright",
}  # fmt: skip
_YEAR = r"(?:1[1-9]\d\d|20\d\d)"
_DURATION = r"(?<![\w:])(?P<hour>\d\d?):(?P<minute>[0-5]\d):(?P<second>[0-5]\d)(?: Uhr\b)?"
_RULERS = (
    "Alexander|Benedikt|Friedrich|Friedrich Wilhelm|Georg|Gregor|Heinrich|Johannes|Johannes Paul|Joseph|Karl|Leopold"
    "|Ludwig|Maximilian|Nikolaus|Otto|Paul|Philipp|Pius|Rudolf|Wilhelm"
)
_SPECIAL = (
    ruler_form(rf"(?:{_RULERS})s?", _ruler),
    Form("duration", re.compile(_DURATION), _duration),
    Form("years", re.compile(rf"(?<![\w.,])(?P<first>{_YEAR})-{{1,2}}(?P<last>{_YEAR})(?![\w.,-])"), _years),
    Form("decade", re.compile(r"(?<!\w)(?P<year>(?:1\d)?[1-9]0)er\b"), _decade),
    Form("year", re.compile(rf"(?<![\w.,]){_YEAR}(?!\w|[.,:]\d|-)"), _year),
    Form("ordinal", re.compile(r"(?<![\w.,])(?P<number>\d{1,15})\.(?=\s|\Z)"), _ordinal),
)
GERMAN = Tongue(
    code="de",
    minus="minus",
    to="bis",
    per="pro",
    decimal=after_comma("Komma", "de"),
    months={name.lower(): number for number, name in enumerate(_MONTHS, 1)} | _SHORT_MONTHS,
    date=_date,
    day_mark=r"\.?\s?",
    clock=_clock,
    clock_mark=r"\sUhr\b(?:\s(?P<minute_after>[0-5]?\d)(?![\w.,:]))?",
    count=plural_above_one,
    power=_power,
    units=_UNITS,
    coins=_COINS,
    coin_joint=" ",
    scales=r"(?i:tausend|million(?:en)?|milliarden?|billion(?:en)?|Mio\.?|Mrd\.?)",
    after_scale=str,
    fraction=_fraction,
    abbreviations=_ABBREVIATIONS,
    last_words=_LAST_WORDS,
    before_numbers=_BEFORE_NUMBERS,
    signs=_SIGNS,
    special=_SPECIAL,
)
