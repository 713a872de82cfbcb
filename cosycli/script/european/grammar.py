"""The forms that European languages share, and the rules in which they differ."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping

from cosycli.script.addresses import address_forms
from cosycli.script.european.words import Nouns, Words
from cosycli.script.forms import DECORATION, Form
from cosycli.script.number_words import cardinal, digits
from cosycli.script.roman import NUMERAL, division_forms, roman_value

_WHOLE = r"(?:\d{1,3}(?:[. ]\d{3}){1,5}(?!\d)|\d{1,40})"
_NUMBER = rf"{_WHOLE}(?:,\d{{1,40}})?"
_MINUS = r"(?P<sign>(?<![\w)])-)?"
_START = r"(?<![\w.,:/])"
_END = r"(?![\w/:]|[.,-]\d)"
_YEAR = r"(?P<year>1\d{3}|20\d\d)"
_DAY = r"(?P<day>0?[1-9]|[12]\d|3[01])"
_MONTH_NUMBER = r"(?P<month>0?[1-9]|1[0-2])"
_POWERS = {"²": 2, "2": 2, "³": 3, "3": 3}
_SIGN_FRACTIONS = {"½": (1, 2), "¼": (1, 4), "¾": (3, 4), "⅓": (1, 3), "⅔": (2, 3), "⅛": (1, 8)}
_WORD_BEFORE = re.compile(r"([^\W\d_]+)\s\Z")
_TELEPHONE = r"(?<![\w.,])(?<!\d )(?:\+\d{1,3}|\(0\d{1,5}\)|0\d{1,5})(?:[ /-]{1,3}\d{2,10}){1,6}(?![\w.,]\d|\w)"


class Grammar(ABC):
    """The rules of a language: how it writes numbers, dates and amounts as words.

    Attributes:
        code: ISO 639-1 code.
        day_mark: pattern between day, month and year in words; `year_mark` may follow them.
        clock_mark: pattern after a time of day; it may contain `(?P<minute_after>…)`.
    """

    code: str
    day_mark = r"\s"
    year_mark = ""
    clock_mark = r"(?!)"

    def __init__(self, words: Words) -> None:
        self.words = words

    @abstractmethod
    def date(self, before: str, day: str, month: int, year: str) -> str:
        """Says day, month and year, which may be ""; `before` is the word before them."""

    @abstractmethod
    def clock(self, hour: int, minute: int) -> str: ...

    @abstractmethod
    def fraction(self, above: int, below: int) -> str | None:
        """Says a numerator and a denominator above 1."""

    @abstractmethod
    def power(self, noun: str, power: int) -> str:
        """Turns the noun of a unit into one of area (2) or volume (3)."""

    def decimal(self, whole: str, fraction: str) -> str:
        """("2", "05") -> "zwei Komma null fünf"."""
        return f"{cardinal(whole, self.code)} {self.words.comma} {digits(fraction, self.code)}"

    def count(self, written: str, words: str, nouns: Nouns) -> str:
        """("1", …) -> "ein Meter", ("2", "zwei", …) -> "zwei Meter": figures, their words, and the noun."""
        return nouns[0] if written == "1" else f"{words} {nouns[-1]}"

    def after_scale(self, noun: str) -> str:
        """Returns the plural of a unit in the form that follows a word such as "Million"."""
        return noun

    def scales(self) -> str:
        """Returns a pattern for the words between a number and its unit."""
        return _any_of(self.words.scales).replace(r"\ ", r"\s")

    def special_forms(self) -> tuple[Form, ...]:
        """Returns forms of this language alone; only dates and telephone numbers win over them."""
        return ()

    def number(self, written: str) -> str:
        """Says "1.500,25"."""
        whole, comma, fraction = re.sub(r"[. ]", "", written).partition(",")
        return self.decimal(whole, fraction) if comma else cardinal(whole, self.code) or whole

    def amount(self, written: str, nouns: Nouns) -> str:
        """Says "2,5" of something."""
        return self.count(re.sub(r"[. ]", "", written), self.number(written), nouns)


def word_before(match: re.Match[str]) -> str:
    """Returns the word right before a match, in small letters; "" if there is none."""
    word = _WORD_BEFORE.search(match.string, max(0, match.start() - 30), match.start())
    return word.group(1).lower() if word else ""


def _words_form(name: str, words: Mapping[str, str], after: str = r"(?!\w)", *, may_end: bool = False) -> Form:
    """Finds the keys of a table as whole words, the longest first; a text may omit the spaces of a key.

    Args:
        may_end: a full stop before a capital also ends the sentence; at the end of a text it always does.
    """
    said = {written.replace(" ", ""): spoken for written, spoken in words.items()}
    written = "|".join(re.escape(word).replace(r"\ ", r"\s?") for word in sorted(words, key=len, reverse=True))

    def say(match: re.Match[str]) -> str:
        spoken = said[re.sub(r"\s", "", match.group())]
        follows = match.string[match.end() :].lstrip(' "”»)')[:1]
        ends = match.group().endswith(".") and (not follows or (may_end and follows.isupper()))
        return f"{spoken}." if ends else spoken

    return Form(name, re.compile(rf"(?<!\w)(?:{written}){after}"), say)


def forms_of(grammar: Grammar) -> tuple[Form, ...]:
    """Returns the forms of a language; an earlier form wins over a later one."""
    words = grammar.words
    return (
        *address_forms(grammar.code, words.address_signs),
        *_dates(grammar),
        Form("telephone", re.compile(_TELEPHONE), lambda match: _telephone(match, grammar)),
        *grammar.special_forms(),
        _clock(grammar),
        *division_forms(grammar.code, words.divisions),
        _words_form("abbreviation", words.abbreviations),
        _words_form("abbreviation", words.last_abbreviations, may_end=True),
        _words_form("before a number", words.before_numbers, after=r"(?=\s?\d)"),
        *_money(grammar),
        *_fractions(grammar),
        _measure(grammar),
        *_numbers(grammar),
        Form("sign", re.compile(_any_of(words.signs)), lambda match: f" {words.signs[match.group()]} "),
        DECORATION,
    )


def ruler_form(names: str, say: Callable[[str, int], str]) -> Form:
    """Returns a form for Roman numerals after the names of rulers.

    Args:
        names: pattern of the names.
        say: returns the words for a name and a number.
    """
    pattern = rf"(?<!\w)(?P<name>{names}) (?=[IVX])(?P<roman>{NUMERAL})\b(?:\.(?=\s[a-zß-ÿ]))?(?![\w'’-])"
    return Form("ruler", re.compile(pattern), lambda match: say(match["name"], roman_value(match["roman"])))


def _dates(grammar: Grammar) -> tuple[Form, ...]:
    words = grammar.words
    months = {name.lower(): number for number, name in enumerate(words.months, 1)} | dict(words.short_months)
    mark = grammar.day_mark
    year = rf"(?:{mark}{_YEAR}(?!\w|[.,]\d){grammar.year_mark})?"
    worded = rf"{_START}{_DAY}{mark}(?P<name>(?i:{_any_of(months)}))(?!\w)(?:\.(?=\s[\da-z]))?{year}"
    patterns = (
        rf"{_START}{_DAY}(?P<mark>[./-]){_MONTH_NUMBER}(?P=mark){_YEAR}{_END}",
        rf"{_START}{_YEAR}-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01]){_END}",
    )

    def named(match: re.Match[str]) -> str:
        month = months[match["name"].lower()]
        return grammar.date(word_before(match), match["day"].lstrip("0"), month, match["year"] or "")

    def numbered(match: re.Match[str]) -> str:
        return grammar.date(word_before(match), match["day"].lstrip("0"), int(match["month"]), match["year"])

    return (
        Form("date", re.compile(worded), named),
        *(Form("date", re.compile(pattern), numbered) for pattern in patterns),
    )


def _clock(grammar: Grammar) -> Form:
    hour, minute = r"(?P<hour>[01]?\d|2[0-4])", r"(?P<minute>[0-5]\d)"
    marked = rf"{hour}(?:[:.]{minute})?{grammar.clock_mark}|(?P<hour_alone>[01]?\d|2[0-4]):(?P<minute_alone>[0-5]\d)"

    def say(match: re.Match[str]) -> str:
        minutes = (match["minute"], match["minute_alone"], match.groupdict().get("minute_after"))
        return grammar.clock(int(match["hour"] or match["hour_alone"]), int(next(filter(None, minutes), 0)))

    return Form("time", re.compile(rf"{_START}(?:{marked}){_END}"), say)


def _telephone(match: re.Match[str], grammar: Grammar) -> str | None:
    groups = [digits(group, grammar.code) or "" for group in re.findall(r"\d+", match.group())]
    return ("plus " if match.group().startswith("+") else "") + ", ".join(groups)


def _money(grammar: Grammar) -> tuple[Form, ...]:
    words = grammar.words
    coins = _any_of(words.coins)
    signs = _any_of(coin for coin in words.coins if not coin.islower() and coin[-1] not in ".o")
    scale = rf"(?:\s(?P<scale>{grammar.scales()})\b)?"
    joint = f" {words.coin_joint} " if words.coin_joint else " "
    patterns = (
        rf"(?<!\w){_MINUS}(?P<coin>{signs})\s?(?P<number>{_NUMBER}){scale}(?!\w)",
        rf"(?<![\w.,]){_MINUS}(?P<number>{_NUMBER}){scale}\s?(?P<coin>{coins})(?!\w)",
    )

    def say(match: re.Match[str]) -> str:
        coin = words.coins[match["coin"]]
        whole, comma, fraction = match["number"].partition(",")
        if match["scale"]:
            said = f"{grammar.number(match['number'])} {match['scale']} {grammar.after_scale(coin.whole[-1])}"
        elif not comma or len(fraction) != 2 or not int(fraction):
            said = grammar.amount(whole if comma and not int(fraction) else match["number"], coin.whole)
        else:
            parts = [grammar.amount(whole, coin.whole)] if int(re.sub(r"\D", "", whole)) else []
            said = joint.join([*parts, grammar.amount(str(int(fraction)), coin.hundredth)])
        return _signed(grammar, match, said)

    return tuple(Form("money", re.compile(pattern), say) for pattern in patterns)


def _measure(grammar: Grammar) -> Form:
    words = grammar.words
    units = _any_of(words.units)
    pattern = (
        rf"{_START}{_MINUS}(?P<number>{_NUMBER})(?:\s(?P<scale>{grammar.scales()})\b)?\s?(?P<unit>{units})"
        rf"(?P<power>[²³]|(?<=m)[23])?(?:/(?P<per>{units}))?(?![\w/])"
    )

    def say(match: re.Match[str]) -> str:
        nouns = words.units[match["unit"]]
        if match["power"]:
            nouns = tuple(grammar.power(noun, _POWERS[match["power"]]) for noun in nouns)
        said = grammar.amount(match["number"], nouns)
        if match["scale"]:
            said = f"{grammar.number(match['number'])} {match['scale']} {grammar.after_scale(nouns[-1])}"
        per = f" {words.per} {words.units[match['per']][0].split(' ', 1)[-1]}" if match["per"] else ""
        return _signed(grammar, match, said) + per

    return Form("measure", re.compile(pattern), say)


def _fractions(grammar: Grammar) -> tuple[Form, ...]:
    written = rf"{_START}{_MINUS}(?:(?P<whole>\d{{1,4}})\s)?(?P<above>\d{{1,3}})/(?P<below>\d{{1,3}}){_END}"
    signs = rf"{_START}{_MINUS}(?:(?P<whole>\d{{1,4}})\s?)?(?P<fraction>[{''.join(_SIGN_FRACTIONS)}])"

    def say(match: re.Match[str]) -> str | None:
        sign = match.groupdict().get("fraction")
        above, below = _SIGN_FRACTIONS[sign] if sign else (int(match["above"]), int(match["below"]))
        said = grammar.fraction(above, below) if below > 1 else None
        if said is None:
            return None
        whole = f"{grammar.number(match['whole'])} {grammar.words.signs['&']} " if match["whole"] else ""
        return _signed(grammar, match, whole + said)

    return Form("fraction", re.compile(written), say), Form("fraction", re.compile(signs), say)


def _numbers(grammar: Grammar) -> tuple[Form, ...]:
    def spread(match: re.Match[str]) -> str:
        return f"{grammar.number(match['first'])} {grammar.words.to} {grammar.number(match['last'])}"

    def number(match: re.Match[str]) -> str:
        before, after = match.string[: match.start()][-1:], match.string[match.end() :][:1]
        said = _signed(grammar, match, grammar.number(match["number"]))
        return (" " if before.isalpha() else "") + said + (" " if after.isalpha() else "")

    return (
        Form("range", re.compile(rf"{_START}(?P<first>{_NUMBER})-{{1,2}}(?P<last>{_NUMBER}){_END}"), spread),
        Form("number", re.compile(rf"{_MINUS}(?P<number>{_NUMBER})"), number),
    )


def _any_of(written: Iterable[str]) -> str:
    """Returns a pattern for any of the words, the longest first."""
    return "|".join(map(re.escape, sorted(written, key=len, reverse=True)))


def _signed(grammar: Grammar, match: re.Match[str], said: str) -> str:
    return f"{grammar.words.minus} {said}" if match["sign"] else said
