"""Reads dates, decades and times of day."""

from __future__ import annotations

import re
from collections.abc import Callable

from cosycli.script.english.numbers import cardinal, ordinal, plural, year
from cosycli.script.forms import Form

_MONTH_NAMES = "January February March April May June July August September October November December"
_MONTHS = _MONTH_NAMES.split()
_MONTH = (
    r"(?P<month>jan(?:uary|\.)?|feb(?:ruary|r?\.)?|mar(?:ch|\.)?|apr(?:il|\.)?|may|june?\.?|july?\.?|aug(?:ust|\.)?"
    r"|sept?(?:ember|\.)?|oct(?:ober|\.)?|nov(?:ember|\.)?|dec(?:ember|\.)?)"
)
_DAY = r"(?P<day>0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>1\d{3}|20\d{2})"
_HALF_DAY = r"(?P<half>[ap])\.?\s?m\b\.?"
_BEFORE = r"(?<![\w./:-])(?<!\d,)(?<![$£€])"
_BEFORE_TIME = r"(?<![\w./:])(?<!\d[,-])(?<![$£€])"
_AFTER = r"(?![\w/:-]|[.,]\d)"


def _month(text: str) -> str:
    return next(month for month in _MONTHS if month[:3].lower() == text[:3].lower())


def _day_month(match: re.Match[str]) -> str:
    groups = match.groupdict()
    said = f"{'' if groups.get('the') else 'the '}{ordinal(match['day'])} of {_month(match['month'])}"
    return f"{groups.get('the') or ''}{said}{_year_after(groups)}"


def _month_day(match: re.Match[str]) -> str | None:
    if match["month"] == "may" and not match.groupdict().get("year"):
        return None  # "may 20 people come"
    return f"{_month(match['month'])} {ordinal(match['day'])}{_year_after(match.groupdict())}"


def _year_after(groups: dict[str, str | None]) -> str:
    written = groups.get("year")
    return f"{',' if groups.get('comma') else ''} {year(written)}" if written else ""


def _numeric(match: re.Match[str]) -> str | None:
    """Reads the year first, or the month first as in America if that is possible; with dots the day first."""
    groups = match.groupdict()
    first, second = int(groups["first"]), int(groups["second"])
    month, day = (first, second) if first <= 12 and match["sep"] == "/" else (second, first)
    if groups.get("year_first") or (groups["sep"] == "-" and first <= 12 and second > 12):
        month, day = first, second
    if not 1 <= month <= 12 or not 1 <= day <= 31:
        return None
    written = groups.get("year_first") or groups.get("year_last") or ""
    return f"{_MONTHS[month - 1]} {ordinal(str(day))}, {year(written)}"


def _decade(match: re.Match[str]) -> str | None:
    century, tens = match["century"] or "", match["tens"] or match["tens_only"]
    before = match.string[: match.start()][-6:].lower()
    if not century and match.group()[0] != "'" and not before.endswith(("the ", "early ", "late ", "mid ", "-")):
        return None  # "10s" alone may mean seconds or shillings
    if tens == "00":
        return f"{cardinal(century + '00') if century.endswith('0') else cardinal(century) + ' hundred'}s"
    decade = plural(cardinal(tens))
    return f"{cardinal(century)} {decade}" if century else decade


def _clock(match: re.Match[str]) -> str | None:
    groups = match.groupdict()
    half = {"a": " A M", "p": " P M", "": ""}[(groups.get("half") or "").lower()]
    hour, minute = match["hour"], groups.get("minute")
    if int(hour) > 24:
        return None
    hour_said = cardinal(str(int(hour)))
    if minute is None or (minute == "00" and half):
        said = hour_said
    elif minute == "00":
        said = f"{hour_said} o'clock" if 1 <= int(hour) <= 12 else f"{hour_said} hundred"
    else:
        said = f"{hour_said} {'oh ' if minute[0] == '0' else ''}{cardinal(str(int(minute)))}"
    return f"{said}{half}{_stop_after(match)}"


def _hours(match: re.Match[str]) -> str:
    half = "A M" if match["half"] in "aA" else "P M"
    return f"{cardinal(match['first'])} to {cardinal(match['last'])} {half}{_stop_after(match)}"


def _stop_after(match: re.Match[str]) -> str:
    """Keeps the full stop of "p.m." if it also ends the sentence: nothing follows, or a capital."""
    rest = match.string[match.end() : match.end() + 3]
    ends = not rest.strip() or (rest[:1].isspace() and rest.strip()[:1].isupper())
    return "." if match.group().endswith(".") and ends else ""


def _duration(match: re.Match[str]) -> str:
    parts = []
    for unit in ("hour", "minute", "second"):
        number = str(int(match[unit]))
        parts.append(f"{cardinal(number)} {unit}{'' if number == '1' else 's'}")
    return f"{parts[0]}, {parts[1]} and {parts[2]}"


def _form(name: str, pattern: str, say: Callable[[re.Match[str]], str | None], before: str = _BEFORE) -> Form:
    return Form(name, re.compile(before + pattern, re.IGNORECASE), say)


_YEAR_FIRST = rf"(?P<year_first>[12]\d{{3}})(?P<sep>[-/.])(?P<first>\d\d?)(?P=sep)(?P<second>\d\d?){_AFTER}"
_YEAR_LAST = rf"(?P<first>\d\d?)(?P<sep>[-/.])(?P<second>\d\d?)(?P=sep)(?P<year_last>[12]\d{{3}}){_AFTER}"
_SHORT_YEAR = rf"(?P<first>\d\d?)(?P<sep>/)(?P<second>\d\d?)(?P=sep)(?P<year_last>\d\d){_AFTER}"
_YEARS = r"(?P<first>1\d{3}|20\d\d)(?:-{1,2}| to )(?P<last>1\d{3}|20\d\d|[1-9]\d)(?![\w/:]|[.,-]\d| ?(?:kg|km|m|%)\b)"
_DECADE = r"(?:'?(?P<century>1\d|20)(?P<tens>\d0) ?'?|'?(?P<tens_only>\d0)'?)s\b"

DATES = (
    _form("date", _YEAR_FIRST, _numeric),
    _form("date", _YEAR_LAST, _numeric),
    _form("date", _SHORT_YEAR, _numeric),
    _form("date", rf"{_MONTH}[ -]{_DAY}(?P<comma>,)?[ -]{{1,2}}{_YEAR}{_AFTER}", _month_day),
    _form("date", rf"(?P<the>the )?{_DAY}(?: of)? {_MONTH}(?:(?P<comma>,)? ?{_YEAR})?{_AFTER}", _day_month),
    _form("date", rf"{_MONTH},? {_YEAR}(?!\w|[.,]\d)", lambda match: f"{_month(match['month'])} {year(match['year'])}"),
    _form("date", rf"{_MONTH} {_DAY}{_AFTER}", _month_day),
    _form("years", _YEARS, lambda match: f"{year(match['first'])} to {year(match['last'])}"),
    _form("decade", _DECADE, _decade, before=_BEFORE_TIME),
    _form("hours", rf"(?P<first>1?\d)-{{1,2}}(?P<last>1?\d) ?{_HALF_DAY}", _hours, before=_BEFORE_TIME),
    _form("time", rf"(?P<hour>\d\d?)(?:[:.](?P<minute>[0-5]\d))?\s?{_HALF_DAY}", _clock, before=_BEFORE_TIME),
    _form("duration", r"(?P<hour>\d\d?):(?P<minute>[0-5]\d):(?P<second>[0-5]\d)(?![\w:])", _duration),
    _form("time", r"(?P<hour>\d\d?):(?P<minute>[0-5]\d)(?![\w:])", _clock, before=_BEFORE_TIME),
)
