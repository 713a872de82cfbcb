"""The rules of Russian, whose numbers get the case and gender of what they count."""

from __future__ import annotations

import re
from functools import lru_cache

from cosycli.script.european.grammar import Grammar, ruler_form, word_before
from cosycli.script.european.words import Nouns
from cosycli.script.forms import Form
from cosycli.script.number_words import cardinal, digits
from cosycli.script.roman import NUMERAL, roman_value

_TENTHS = ("десят", "сот", "тысячн")
# The word after a year or a century decides its case (num2words: n, g, d, a, i, p).
_YEAR_CASES = {"год": "n", "года": "g", "году": "p", "годом": "i", "годы": "n", "годов": "g"}
_SHORT_YEAR = {"в": ("p", "году"), "к": ("d", "году"), "по": ("n", "год"), "за": ("n", "год")}
_CENTURY_CASES = {"век": "n", "века": "g", "веке": "p", "веку": "d", "веком": "i", "в.": "p"}
_ENDINGS = {
    "й": ("n", "m"), "ый": ("n", "m"), "ой": ("n", "m"), "я": ("n", "f"), "ая": ("n", "f"), "е": ("n", "n"),
    "ое": ("n", "n"), "го": ("g", "m"), "ого": ("g", "m"), "му": ("d", "m"), "ому": ("d", "m"), "м": ("p", "m"),
    "ом": ("p", "m"), "ю": ("a", "f"), "ую": ("a", "f"),
}  # fmt: skip
_PARTS = {2: ("одна вторая", "вторых"), 3: ("одна треть", "трети"), 4: ("одна четверть", "четверти")}
_YEAR = rf"(?<![\w.,])(?P<year>1\d{{3}}|20\d\d)\s(?P<word>{'|'.join(_YEAR_CASES)}|г\.)(?!\w)"
_CENTURY = rf"(?<!\w)(?=[IVXLC])(?P<roman>{NUMERAL})\s(?P<word>{'|'.join(map(re.escape, _CENTURY_CASES))})(?!\w)"
_ORDINAL = rf"(?<![\w.,])(?P<number>\d{{1,6}})-(?P<ending>{'|'.join(sorted(_ENDINGS, key=len, reverse=True))})(?!\w)"


class Russian(Grammar):
    code = "ru"
    year_mark = r"(?:\s(?:года|г\.))?"

    def date(self, before: str, day: str, month: int, year: str) -> str:
        case = "g" if before in ("до", "от", "после", "с") else "n"
        said = f"{_ordinal(int(day), case, 'n')} {self.words.months[month - 1]}"
        return f"{said} {_ordinal(int(year), 'g')} года" if year else said

    def clock(self, hour: int, minute: int) -> str:
        minutes = f"{'ноль ' if 0 < minute < 10 else ''}{cardinal(str(minute), 'ru')}" if minute else "ноль ноль"
        return f"{cardinal(str(hour), 'ru')} {minutes}"

    def fraction(self, above: int, below: int) -> str:
        one, many = _PARTS.get(below, ("", ""))
        if one and above == 1:
            return one
        if one:
            return f"{_feminine(str(above))} {many}"
        part = _ordinal(below, "n", "f") if above == 1 else re.sub(r"(ый|ой|ий)\Z", "ых", _ordinal(below))
        return f"{_feminine(str(above))} {part}"

    def power(self, noun: str, power: int) -> str:
        name = "квадратн" if power == 2 else "кубическ"
        if noun.startswith("один "):
            return noun.replace("один ", f"один {name}{'ый' if power == 2 else 'ий'} ")
        return f"{name}{'ых' if power == 2 else 'их'} {noun}"

    def decimal(self, whole: str, fraction: str) -> str:
        """ "2,5" -> "две целых пять десятых"; more than three figures one by one."""
        last = whole[-1] == "1" and not whole.endswith("11")
        integer = f"{_feminine(whole)} {'целая' if last else 'целых'}"
        if len(fraction) > len(_TENTHS):
            return f"{integer} {digits(fraction, 'ru')}"
        is_one = fraction[-1] == "1" and not fraction.endswith("11")
        return f"{integer} {_feminine(fraction)} {_TENTHS[len(fraction) - 1]}{'ая' if is_one else 'ых'}"

    def count(self, written: str, words: str, nouns: Nouns) -> str:
        """один метр, два метра, пять метров, две целых пять десятых метра."""
        one, few, many = nouns
        if "," in written:
            return f"{words} {few}"
        last, last_two = int(written[-1]), int(written[-2:])
        gender, singular = one.split(" ", 1)
        if gender == "одна" and last in (1, 2):
            words = _feminine(written)
        if 11 <= last_two <= 14 or last == 0 or last >= 5:
            return f"{words} {many}"
        return f"{words} {singular if last == 1 else few}"

    def special_forms(self) -> tuple[Form, ...]:
        # Only in the nominative: other cases of a name would need other cases of the number.
        rulers = "|".join((*self.words.kings, *self.words.queens))
        return (
            ruler_form(rulers, self._ruler),
            Form("year", re.compile(_YEAR), _year),
            Form("century", re.compile(_CENTURY), _century),
            Form("ordinal", re.compile(_ORDINAL), _with_ending),
        )

    def _ruler(self, name: str, number: int) -> str:
        return f"{name} {_ordinal(number, 'n', 'f' if name in self.words.queens else 'm')}"


def _year(match: re.Match[str]) -> str:
    """Reads "в 1984 году", and "в 1984 г.", whose case the preposition decides.

    A stop of "г." before a capital also ends the sentence, unless the sentence has only begun: "В 1984 г. Анна …".
    """
    case, word = _YEAR_CASES.get(match["word"]), match["word"]
    if case is None:
        case, word = _SHORT_YEAR.get(word_before(match), ("g", "года"))
        has_begun = bool(re.search(r"\w\s+\w+\s\Z", match.string[max(0, match.start() - 40) : match.start()]))
        word += "." if has_begun and re.match(r"\s+[А-ЯЁ«]|\s*\Z", match.string[match.end() :][:4]) else ""
    return f"{_ordinal(int(match['year']), case)} {word}"


def _century(match: re.Match[str]) -> str:
    word = {"в.": "веке"}.get(match["word"], match["word"])
    return f"{_ordinal(roman_value(match['roman']), _CENTURY_CASES[match['word']])} {word}"


def _with_ending(match: re.Match[str]) -> str:
    return _ordinal(int(match["number"]), *_ENDINGS[match["ending"]])


@lru_cache(maxsize=4096)
def _ordinal(number: int, case: str = "n", gender: str = "m") -> str:
    from num2words import num2words

    return str(num2words(number, lang="ru", to="ordinal", case=case, gender=gender, animate=False))


@lru_cache(maxsize=4096)
def _feminine(figures: str) -> str:
    """Writes a number of something feminine as words; more than 15 figures are read one by one."""
    from num2words import num2words

    if len(figures) > 15:
        return digits(figures, "ru") or figures
    return str(num2words(int(figures), lang="ru", gender="f"))
