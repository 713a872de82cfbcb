"""The forms that the languages of the European continent share, filled with the words of one of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from cosycli.script.addresses import address_forms
from cosycli.script.forms import DECORATION, Form
from cosycli.script.number_words import cardinal, digits
from cosycli.script.roman import NUMERAL, division_forms, roman_value

__all__ = ["Nouns", "Tongue", "after_comma", "forms_of", "plural_above_one", "ruler_form", "word_before", "words_form"]

# A unit or coin: its singular after the word for one, then its plural, in Russian that of 2 to 4 and of 5 and more:
# ("ein Meter", "Meter"), ("один метр", "метра", "метров").
Nouns = tuple[str, ...]

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


@dataclass(frozen=True)
class Tongue:
    """The words of one language, and the rules that tables cannot hold.

    Attributes:
        code: ISO 639-1.
        minus, to, per: how these are said; `to` between the ends of a range.
        decimal: says a number with figures before and after the comma.
        months: names in small letters, without a full stop, and the number of each.
        date: says day, month and year, of which the last may be "", given the word before them.
        clock: says hour and minute.
        clock_mark: pattern of what follows a time of day; it may hold `(?P<minute_after>…)`.
        count: says how many of a noun there are, given the figures, their words and the noun.
        power: the noun of a unit as one of area (2) or of volume (3).
        units, coins: as written, and their nouns; a coin has those of its hundredth too, joined by `coin_joint`.
        scales: words between an amount and its unit, as a pattern; `after_scale` says the unit after one.
        fraction: says numerator and denominator.
        abbreviations: as written, and the words; `last_words` are those with which a sentence may end.
        before_numbers: the same of those that count only before a figure.
        signs: as written, and the words.
        special: forms of this language alone; of those that are shared, only dates win over them.
        day_mark: pattern of what parts day, month and year in words; `year_mark` of what may follow them.
    """

    code: str
    minus: str
    to: str
    per: str
    decimal: Callable[[str, str], str]
    months: Mapping[str, int]
    date: Callable[[str, str, int, str], str]
    clock: Callable[[int, int], str]
    clock_mark: str
    count: Callable[[str, str, Nouns], str]
    power: Callable[[str, int], str]
    units: Mapping[str, Nouns]
    coins: Mapping[str, tuple[Nouns, Nouns]]
    coin_joint: str
    scales: str
    after_scale: Callable[[str], str]
    fraction: Callable[[int, int], str | None]
    abbreviations: Mapping[str, str]
    last_words: Mapping[str, str]
    before_numbers: Mapping[str, str]
    signs: Mapping[str, str]
    special: tuple[Form, ...] = ()
    day_mark: str = r"\s"
    year_mark: str = ""

    def number(self, written: str) -> str:
        """ "1.500,25" in words."""
        whole, comma, fraction = re.sub(r"[. ]", "", written).partition(",")
        return self.decimal(whole, fraction) if comma else cardinal(whole, self.code) or whole

    def amount(self, written: str, nouns: Nouns) -> str:
        """ "2,5" of something in words."""
        return self.count(re.sub(r"[. ]", "", written), self.number(written), nouns)


def plural_above_one(written: str, words: str, nouns: Nouns) -> str:
    """("1", …) -> "ein Meter", ("2", "zwei", …) -> "zwei Meter"."""
    return nouns[0] if written == "1" else f"{words} {nouns[-1]}"


def after_comma(word: str, language: str) -> Callable[[str, str], str]:
    """Says "2,05" as "zwei Komma null fünf"."""
    return lambda whole, fraction: f"{cardinal(whole, language)} {word} {digits(fraction, language)}"


def word_before(match: re.Match[str]) -> str:
    """The word right before a match, in small letters; "" where there is none."""
    word = _WORD_BEFORE.search(match.string, max(0, match.start() - 30), match.start())
    return word.group(1).lower() if word else ""


def words_form(name: str, words: Mapping[str, str], after: str = r"(?!\w)", *, may_end: bool = False) -> Form:
    """Finds the keys of a table as whole words, the longest first; a space in a key may be left out.

    Args:
        may_end: their full stop may end a sentence too, and does before a capital; at the end of a text it always does.
    """
    said = {written.replace(" ", ""): spoken for written, spoken in words.items()}
    written = "|".join(re.escape(word).replace(r"\ ", r"\s?") for word in sorted(words, key=len, reverse=True))

    def say(match: re.Match[str]) -> str:
        spoken = said[re.sub(r"\s", "", match.group())]
        follows = match.string[match.end() :].lstrip(' "”»)')[:1]
        ends = match.group().endswith(".") and (not follows or (may_end and follows.isupper()))
        return f"{spoken}." if ends else spoken

    return Form(name, re.compile(rf"(?<!\w)(?:{written}){after}"), say)


def forms_of(tongue: Tongue) -> tuple[Form, ...]:
    """The forms of a language, an earlier one winning over a later one."""
    return (
        *address_forms(tongue.code),
        *_dates(tongue),
        Form("telephone", re.compile(_TELEPHONE), lambda match: _telephone(match, tongue)),
        *tongue.special,
        _clock(tongue),
        *division_forms(tongue.code),
        words_form("abbreviation", tongue.abbreviations),
        words_form("abbreviation", tongue.last_words, may_end=True),
        words_form("before a number", tongue.before_numbers, after=r"(?=\s?\d)"),
        *_money(tongue),
        *_fractions(tongue),
        _measure(tongue),
        *_numbers(tongue),
        Form(
            "sign", re.compile("|".join(map(re.escape, tongue.signs))), lambda match: f" {tongue.signs[match.group()]} "
        ),
        DECORATION,
    )


def ruler_form(names: str, say: Callable[[str, int], str]) -> Form:
    """Numerals after the names of rulers.

    Args:
        names: a pattern for the names.
        say: gives the words for a name and a number.
    """
    pattern = rf"(?<!\w)(?P<name>{names}) (?=[IVX])(?P<roman>{NUMERAL})\b(?:\.(?=\s[a-zß-ÿ]))?(?![\w'’-])"
    return Form("ruler", re.compile(pattern), lambda match: say(match["name"], roman_value(match["roman"])))


def _dates(tongue: Tongue) -> tuple[Form, ...]:
    names = "|".join(sorted(tongue.months, key=len, reverse=True))
    mark = tongue.day_mark
    year = rf"(?:{mark}{_YEAR}(?!\w|[.,]\d){tongue.year_mark})?"
    worded = rf"{_START}{_DAY}{mark}(?P<name>(?i:{names}))(?!\w)(?:\.(?=\s[\da-z]))?{year}"
    patterns = (
        rf"{_START}{_DAY}(?P<mark>[./-]){_MONTH_NUMBER}(?P=mark){_YEAR}{_END}",
        rf"{_START}{_YEAR}-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01]){_END}",
    )

    def named(match: re.Match[str]) -> str:
        month = tongue.months[match["name"].lower()]
        return tongue.date(word_before(match), match["day"].lstrip("0"), month, match["year"] or "")

    def numbered(match: re.Match[str]) -> str:
        return tongue.date(word_before(match), match["day"].lstrip("0"), int(match["month"]), match["year"])

    return (
        Form("date", re.compile(worded), named),
        *(Form("date", re.compile(pattern), numbered) for pattern in patterns),
    )


def _clock(tongue: Tongue) -> Form:
    hour, minute = r"(?P<hour>[01]?\d|2[0-4])", r"(?P<minute>[0-5]\d)"
    marked = rf"{hour}(?:[:.]{minute})?{tongue.clock_mark}|(?P<hour_alone>[01]?\d|2[0-4]):(?P<minute_alone>[0-5]\d)"

    def say(match: re.Match[str]) -> str:
        minutes = (match["minute"], match["minute_alone"], match.groupdict().get("minute_after"))
        return tongue.clock(int(match["hour"] or match["hour_alone"]), int(next(filter(None, minutes), 0)))

    return Form("time", re.compile(rf"{_START}(?:{marked}){_END}"), say)


def _telephone(match: re.Match[str], tongue: Tongue) -> str | None:
    groups = [digits(group, tongue.code) or "" for group in re.findall(r"\d+", match.group())]
    return ("plus " if match.group().startswith("+") else "") + ", ".join(groups)


def _money(tongue: Tongue) -> tuple[Form, ...]:
    coins = _any_of(tongue.coins)
    signs = _any_of(coin for coin in tongue.coins if not coin.islower() and coin[-1] not in ".o")
    scale = rf"(?:\s(?P<scale>{tongue.scales})\b)?"
    patterns = (
        rf"(?<!\w){_MINUS}(?P<coin>{signs})\s?(?P<number>{_NUMBER}){scale}(?!\w)",
        rf"(?<![\w.,]){_MINUS}(?P<number>{_NUMBER}){scale}\s?(?P<coin>{coins})(?!\w)",
    )

    def say(match: re.Match[str]) -> str:
        coin, hundredth = tongue.coins[match["coin"]]
        whole, comma, fraction = match["number"].partition(",")
        if match["scale"]:
            said = f"{tongue.number(match['number'])} {match['scale']} {tongue.after_scale(coin[-1])}"
        elif not comma or len(fraction) != 2 or not int(fraction):
            said = tongue.amount(whole if comma and not int(fraction) else match["number"], coin)
        else:
            parts = [tongue.amount(whole, coin)] if int(re.sub(r"\D", "", whole)) else []
            said = tongue.coin_joint.join([*parts, tongue.amount(str(int(fraction)), hundredth)])
        return _signed(tongue, match, said)

    return tuple(Form("money", re.compile(pattern), say) for pattern in patterns)


def _measure(tongue: Tongue) -> Form:
    units = _any_of(tongue.units)
    pattern = (
        rf"{_START}{_MINUS}(?P<number>{_NUMBER})(?:\s(?P<scale>{tongue.scales})\b)?\s?(?P<unit>{units})"
        rf"(?P<power>[²³]|(?<=m)[23])?(?:/(?P<per>{units}))?(?![\w/])"
    )

    def say(match: re.Match[str]) -> str:
        nouns = tongue.units[match["unit"]]
        if match["power"]:
            nouns = tuple(tongue.power(noun, _POWERS[match["power"]]) for noun in nouns)
        said = tongue.amount(match["number"], nouns)
        if match["scale"]:
            said = f"{tongue.number(match['number'])} {match['scale']} {tongue.after_scale(nouns[-1])}"
        per = f" {tongue.per} {tongue.units[match['per']][0].split(' ', 1)[-1]}" if match["per"] else ""
        return _signed(tongue, match, said) + per

    return Form("measure", re.compile(pattern), say)


def _fractions(tongue: Tongue) -> tuple[Form, ...]:
    written = rf"{_START}{_MINUS}(?:(?P<whole>\d{{1,4}})\s)?(?P<above>\d{{1,3}})/(?P<below>\d{{1,3}}){_END}"
    signs = rf"{_START}{_MINUS}(?:(?P<whole>\d{{1,4}})\s?)?(?P<fraction>[{''.join(_SIGN_FRACTIONS)}])"

    def say(match: re.Match[str]) -> str | None:
        sign = match.groupdict().get("fraction")
        above, below = _SIGN_FRACTIONS[sign] if sign else (int(match["above"]), int(match["below"]))
        said = tongue.fraction(above, below) if below > 1 else None
        if said is None:
            return None
        whole = f"{tongue.number(match['whole'])} {tongue.signs['&']} " if match["whole"] else ""
        return _signed(tongue, match, whole + said)

    return Form("fraction", re.compile(written), say), Form("fraction", re.compile(signs), say)


def _numbers(tongue: Tongue) -> tuple[Form, ...]:
    def spread(match: re.Match[str]) -> str:
        return f"{tongue.number(match['first'])} {tongue.to} {tongue.number(match['last'])}"

    def number(match: re.Match[str]) -> str:
        before, after = match.string[: match.start()][-1:], match.string[match.end() :][:1]
        said = _signed(tongue, match, tongue.number(match["number"]))
        return (" " if before.isalpha() else "") + said + (" " if after.isalpha() else "")

    return (
        Form("range", re.compile(rf"{_START}(?P<first>{_NUMBER})-{{1,2}}(?P<last>{_NUMBER}){_END}"), spread),
        Form("number", re.compile(rf"{_MINUS}(?P<number>{_NUMBER})"), number),
    )


def _any_of(written: Iterable[str]) -> str:
    """A pattern for any of the words, the longest first."""
    return "|".join(map(re.escape, sorted(written, key=len, reverse=True)))


def _signed(tongue: Tongue, match: re.Match[str], said: str) -> str:
    return f"{tongue.minus} {said}" if match["sign"] else said
