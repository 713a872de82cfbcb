"""The rules of German, whose ordinals get their ending from the words around them."""

from __future__ import annotations

import re

from cosycli.script.european.grammar import Grammar, ruler_form, word_before
from cosycli.script.forms import Form
from cosycli.script.number_words import cardinal, ordinal, year_words

# The word before an ordinal decides its ending; without one it is that of a masculine noun, such as a day.
_ENDINGS = {"n": "am beim dem den des einem eines im vom zum zur", "": "das der die"}
_ENDING = {word: ending for ending, words in _ENDINGS.items() for word in words.split()}
_AFTER_ORDINAL = re.compile(
    r"\s(?:(?P<neuter>Buch|Jahr|Jahrhundert|Jahrtausend|Kapitel|Mal)|(?:Abschnitt|Akt|Band|Geburtstag|Tag|Teil))\b"
)
_YEAR_WORDS = (
    "im ab anno anfang bis ende frühjahr frühling herbst jahr jahre jahren jahres mitte seit sommer um von winter"
)
_BEFORE_YEAR = frozenset(_YEAR_WORDS.split())
_YEAR = r"(?:1[1-9]\d\d|20\d\d)"
_YEARS = rf"(?<![\w.,])(?P<first>{_YEAR})-{{1,2}}(?P<last>{_YEAR})(?![\w.,-])"
_DURATION = r"(?<![\w:])(?P<hour>\d\d?):(?P<minute>[0-5]\d):(?P<second>[0-5]\d)(?: Uhr\b)?"


class German(Grammar):
    code = "de"
    day_mark = r"\.?\s?"
    clock_mark = r"\sUhr\b(?:\s(?P<minute_after>[0-5]?\d)(?![\w.,:]))?"

    def date(self, before: str, day: str, month: int, year: str) -> str:
        said = f"{ordinal(day, 'de')}{_ENDING.get(before, 'r')} {self.words.months[month - 1]}"
        return f"{said} {year_words(year, 'de')}" if year else said

    def clock(self, hour: int, minute: int) -> str:
        said = "ein" if hour == 1 else cardinal(str(hour), "de")
        return f"{said} Uhr {cardinal(str(minute), 'de')}" if minute else f"{said} Uhr"

    def fraction(self, above: int, below: int) -> str:
        many = "ein" if above == 1 else cardinal(str(above), "de")
        if below == 2:
            return f"{many} {'halb' if above == 1 else 'Halbe'}"
        stem = (ordinal(str(below), "de") or "").removesuffix("e")
        return f"{many} {stem[:1].upper()}{stem[1:]}el"

    def power(self, noun: str, power: int) -> str:
        """ "ein Meter" -> "ein Quadratmeter"."""
        article, space, name = noun.rpartition(" ")
        return f"{article}{space}{'Quadrat' if power == 2 else 'Kubik'}{name.lower()}"

    def scales(self) -> str:
        return f"(?i:{super().scales()})"

    def special_forms(self) -> tuple[Form, ...]:
        rulers = "|".join(self.words.kings)
        return (
            ruler_form(rf"(?:{rulers})s?", self._ruler),
            Form("duration", re.compile(_DURATION), self._duration),
            Form("years", re.compile(_YEARS), _years),
            Form("decade", re.compile(r"(?<!\w)(?P<year>(?:1\d)?[1-9]0)er\b"), _decade),
            Form("year", re.compile(rf"(?<![\w.,]){_YEAR}(?!\w|[.,:]\d|-)"), self._year),
            Form("ordinal", re.compile(r"(?<![\w.,])(?P<number>\d{1,15})\.(?=\s|\Z)"), _ordinal),
        )

    def _ruler(self, name: str, number: int) -> str:
        """ "Friedrich II." -> "Friedrich der Zweite", "Friedrichs II." -> "Friedrichs des Zweiten"."""
        said = (ordinal(str(number), "de") or "").capitalize()
        is_genitive = name.endswith("s") and name not in self.words.kings
        return f"{name} des {said}n" if is_genitive else f"{name} der {said}"

    def _duration(self, match: re.Match[str]) -> str:
        said = self.clock(int(match["hour"]), 0)
        for name, nouns in (("minute", ("eine Minute", "Minuten")), ("second", ("eine Sekunde", "Sekunden"))):
            said += " " + self.amount(str(int(match[name])), nouns)
        return said

    def _year(self, match: re.Match[str]) -> str | None:
        """Reads a year, unless it counts the noun after it, which has a capital; words such as "seit" mark years."""
        is_counted = re.match(r"\s[A-ZÄÖÜ]", match.string[match.end() : match.end() + 2])
        before = word_before(match)
        is_of_years = before in _BEFORE_YEAR or before in map(str.lower, self.words.months)
        return year_words(match.group(), "de") if not is_counted or is_of_years else None


def _years(match: re.Match[str]) -> str:
    return f"{year_words(match['first'], 'de')} bis {year_words(match['last'], 'de')}"


def _decade(match: re.Match[str]) -> str:
    return f"{year_words(match['year'], 'de')}er"


def _ordinal(match: re.Match[str]) -> str | None:
    before, after = word_before(match), _AFTER_ORDINAL.match(match.string, match.end())
    is_alone = not match.string[: match.start()].strip() and not match.string[match.end() :].strip()
    said = ordinal(match["number"], "de")
    if not said or not (before in _ENDING or after or is_alone):
        return None  # "Er hat 3. Sie auch."
    return said + _ENDING.get(before, "s" if after and after["neuter"] else "r")
