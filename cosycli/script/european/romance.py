"""The rules of French, Spanish and Italian."""

from __future__ import annotations

import re
from abc import abstractmethod

from cosycli.script.european.grammar import Grammar, ruler_form
from cosycli.script.european.words import Nouns
from cosycli.script.forms import Form
from cosycli.script.number_words import cardinal, ordinal
from cosycli.script.roman import NUMERAL, roman_value

_FIRST = {"er": "premier", "re": "première", "ère": "première", "ere": "première"}
_SECOND = {"d": "second", "nd": "second", "de": "seconde", "nde": "seconde"}
_FRENCH_ORDINAL = rf"(?<![\w.,])(?P<number>\d{{1,6}}|(?=[IVX]|[LC][IVXLC]){NUMERAL})(?P<ending>[a-zè]{{1,4}})\b"
_FRENCH_RULER = rf"(?<=[a-zà-ÿ] )(?=[IVX]{{2}}|[VX]\b){NUMERAL}(?![\w'’-])"
_SPANISH_PARTS = {2: "medio", 3: "tercio", 4: "cuarto"}
_SPANISH_ORDINAL = r"(?<![\w.,])(?P<number>\d{1,4})(?:\.?(?P<gender>[ºª]|er\b))"
_SPANISH_CENTURY = rf"\b(?P<word>(?i:siglos?)) (?=[IVXLC])(?P<roman>{NUMERAL})(?!\w)"
_ITALIAN_ORDINAL = r"(?<![\w.,])(?P<number>\d{1,4})(?P<gender>[ºª])"
_ITALIAN_CENTURY = rf"(?<!\w)(?=[IVXLC])(?P<roman>{NUMERAL})(?=\s(?i:secolo)\b)"


class French(Grammar):
    code = "fr"
    day_mark = r"(?:er\b)?\s"
    clock_mark = r"\s?h(?:\s?(?P<minute_after>[0-5]\d))?"

    def date(self, before: str, day: str, month: int, year: str) -> str:
        said = f"{'premier' if day == '1' else cardinal(day, 'fr')} {self.words.months[month - 1]}"
        return f"{said} {cardinal(year, 'fr')}" if year else said

    def clock(self, hour: int, minute: int) -> str:
        hours = self.amount(str(hour), ("une heure", "heures"))
        return f"{hours} {cardinal(str(minute), 'fr')}" if minute else hours

    def fraction(self, above: int, below: int) -> str:
        many = "un" if above == 1 else cardinal(str(above), "fr")
        part = {2: "demi", 3: "tiers", 4: "quart"}.get(below) or ordinal(str(below), "fr") or ""
        return f"{many} {part if above == 1 or part.endswith('s') else part + 's'}"

    def power(self, noun: str, power: int) -> str:
        return f"{noun} {'carré' if power == 2 else 'cube'}{'s' if noun.endswith('s') else ''}"

    def decimal(self, whole: str, fraction: str) -> str:
        """ "3,14" -> "trois virgule quatorze"; four figures in two pairs, more of them one by one."""
        groups = [fraction] if len(fraction) < 4 else [fraction[:2], fraction[2:]]
        said = map(_with_zeros, groups if len(fraction) < 5 else fraction)
        return " ".join([cardinal(whole, "fr") or whole, self.words.comma, *said])

    def count(self, written: str, words: str, nouns: Nouns) -> str:
        """Uses the singular below two."""
        if written == "1":
            return nouns[0]
        noun = nouns[0].split(" ", 1)[1] if written.split(",")[0] in ("0", "1") else nouns[1]
        if nouns[0].startswith("une ") and re.fullmatch(r"\d*[2-6]1", written):
            words += "e"
        return f"{words} {noun}"

    def after_scale(self, noun: str) -> str:
        return f"d'{noun}" if noun[0] in "aeéèiouh" else f"de {noun}"

    def special_forms(self) -> tuple[Form, ...]:
        return (
            Form("ordinal", re.compile(_FRENCH_ORDINAL), _french_ordinal),
            Form("ruler", re.compile(_FRENCH_RULER), lambda match: cardinal(str(roman_value(match.group())), "fr")),
        )


def _with_zeros(figures: str) -> str:
    rest = figures.lstrip("0")
    zeros = ["zéro"] * (len(figures) - len(rest))
    return " ".join([*zeros, cardinal(rest, "fr") or ""] if rest else zeros)


def _french_ordinal(match: re.Match[str]) -> str | None:
    number, ending = match["number"], match["ending"]
    value = number if number.isdecimal() else str(roman_value(number))
    if value == "1":
        return _FIRST.get(ending)
    if value == "2" and ending in _SECOND:
        return _SECOND[ending]
    said = ordinal(value, "fr") if ending in ("e", "es", "ème", "èmes", "eme") else None
    return said and said + ("s" if ending.endswith("s") else "")


class _WithRulers(Grammar):
    """A language that says numbers after the names of rulers."""

    @abstractmethod
    def ruler_number(self, number: int) -> str:
        """Says a number in the form that follows the name of a king."""

    def ruler_form(self) -> Form:
        return ruler_form("|".join((*self.words.kings, *self.words.queens)), self._ruler)

    def _ruler(self, name: str, number: int) -> str:
        said = self.ruler_number(number)
        return f"{name} {re.sub('o$', 'a', said) if name in self.words.queens else said}"


class Spanish(_WithRulers):
    code = "es"
    day_mark = r"\s(?:del?\s)?"
    clock_mark = r"\s?h\.?(?!\w)"

    def date(self, before: str, day: str, month: int, year: str) -> str:
        said = f"{'primero' if day == '1' else cardinal(day, 'es')} de {self.words.months[month - 1]}"
        return f"{said} de {cardinal(year, 'es')}" if year else said

    def clock(self, hour: int, minute: int) -> str:
        hours = _before_noun(cardinal(str(hour), "es") or "", is_feminine=True)
        return f"{hours} y {cardinal(str(minute), 'es')}" if minute else f"{hours} {'hora' if hour == 1 else 'horas'}"

    def fraction(self, above: int, below: int) -> str:
        many = _before_noun(cardinal(str(above), "es") or "", is_feminine=False)
        plain = ordinal(str(below), "es") if below <= 10 else f"{cardinal(str(below), 'es')}avo"
        return f"{many} {_SPANISH_PARTS.get(below, plain)}{'' if above == 1 else 's'}"

    def power(self, noun: str, power: int) -> str:
        return f"{noun} {'cuadrado' if power == 2 else 'cúbico'}{'s' if noun.endswith('s') else ''}"

    def count(self, written: str, words: str, nouns: Nouns) -> str:
        return nouns[0] if written == "1" else f"{_before_noun(words, nouns[0].startswith('una '))} {nouns[1]}"

    def after_scale(self, noun: str) -> str:
        return f"de {noun}"

    def ruler_number(self, number: int) -> str:
        """Ordinals to the tenth: "Felipe II" -> "Felipe segundo", "Alfonso XIII" -> "Alfonso trece"."""
        return (ordinal(str(number), "es") if number <= 10 else cardinal(str(number), "es")) or ""

    def special_forms(self) -> tuple[Form, ...]:
        return (
            self.ruler_form(),
            Form("ordinal", re.compile(_SPANISH_ORDINAL), _spanish_ordinal),
            Form("century", re.compile(_SPANISH_CENTURY), _spanish_century),
        )


def _before_noun(words: str, is_feminine: bool) -> str:
    """ "veintiuno" -> "veintiún" kilómetros, "veintiuna" horas."""
    if is_feminine:
        return re.sub(r"uno\Z", "una", words)
    return re.sub(r"veintiuno\Z", "veintiún", words) if words.endswith("veintiuno") else re.sub(r"uno\Z", "un", words)


def _spanish_ordinal(match: re.Match[str]) -> str | None:
    said = ordinal(match["number"], "es")
    if said and match["gender"] == "er":
        return re.sub(r"o\Z", "", said)
    return said and re.sub(r"o\b", "a", said) if match["gender"] == "ª" else said


def _spanish_century(match: re.Match[str]) -> str:
    return f"{match['word']} {cardinal(str(roman_value(match['roman'])), 'es')}"


class Italian(_WithRulers):
    code = "it"
    day_mark = r"[º°]?\s"
    clock_mark = r"\s?h\.?(?!\w)"

    def date(self, before: str, day: str, month: int, year: str) -> str:
        said = f"{'primo' if day == '1' else cardinal(day, 'it')} {self.words.months[month - 1]}"
        return f"{said} {cardinal(year, 'it')}" if year else said

    def clock(self, hour: int, minute: int) -> str:
        hours = "una" if hour == 1 else cardinal(str(hour), "it") or ""
        return f"{hours} e {cardinal(str(minute), 'it')}" if minute else hours

    def fraction(self, above: int, below: int) -> str:
        many = "un" if above == 1 else cardinal(str(above), "it")
        part = "mezzo" if below == 2 else ordinal(str(below), "it") or ""
        return f"{many} {part if above == 1 else re.sub('o$', 'i', part)}"

    def power(self, noun: str, power: int) -> str:
        """ "un metro" -> "un metro quadrato", "metri" -> "metri quadrati"."""
        return f"{noun} {'quadrat' if power == 2 else 'cub'}{noun[-1]}"

    def after_scale(self, noun: str) -> str:
        return f"di {noun}"

    def ruler_number(self, number: int) -> str:
        return ordinal(str(number), "it") or ""

    def special_forms(self) -> tuple[Form, ...]:
        return (
            self.ruler_form(),
            Form("ordinal", re.compile(_ITALIAN_ORDINAL), _italian_ordinal),
            Form("century", re.compile(_ITALIAN_CENTURY), _italian_century),
        )


def _italian_ordinal(match: re.Match[str]) -> str | None:
    said = ordinal(match["number"], "it")
    return said and re.sub("o$", "a", said) if match["gender"] == "ª" else said


def _italian_century(match: re.Match[str]) -> str | None:
    return ordinal(str(roman_value(match["roman"])), "it")
