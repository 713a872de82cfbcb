"""Expands titles and other abbreviations, and names signs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from cosycli.script.forms import DECORATION, Form

_TITLES = {
    "Mr": "Mister", "Mrs": "Missis", "Ms": "Miz", "Messrs": "Messrs", "Dr": "Doctor", "Prof": "Professor",
    "Rev": "Reverend", "Hon": "Honorable", "Capt": "Captain", "Lt": "Lieutenant", "Lieut": "Lieutenant",
    "Col": "Colonel", "Gen": "General", "Maj": "Major", "Sgt": "Sergeant", "Cpl": "Corporal", "Adm": "Admiral",
    "Gov": "Governor", "Sen": "Senator", "Pres": "President", "Supt": "Superintendent", "Fr": "Father",
    "Mme": "Madame", "Mlle": "Mademoiselle", "Mt": "Mount", "Ft": "Fort",
}  # fmt: skip
_ABBREVIATIONS = {
    "vs": "versus", "etc": "et cetera", "viz": "namely", "cf": "compare", "approx": "approximately",
    "dept": "department",
    "Jr": "Junior", "Sr": "Senior", "Esq": "Esquire", "Inc": "Incorporated", "Ltd": "Limited", "Co": "Company",
    "Corp": "Corporation", "Bros": "Brothers", "Ave": "Avenue", "Blvd": "Boulevard", "Rd": "Road", "Hwy": "Highway",
    "Jan": "January", "Feb": "February", "Aug": "August", "Sept": "September", "Oct": "October", "Nov": "November",
    "Dec": "December", "est": "established", "misc": "miscellaneous", "govt": "government",
}  # fmt: skip
_PHRASES = {
    "e.g.": "for example", "i.e.": "that is", "a.m.": "A M", "p.m.": "P M", "p.s.": "P S", "a.d.": "A D", "b.c.": "B C",
}  # fmt: skip
_BEFORE_NUMBER = {
    "no": "number", "nos": "numbers", "p": "page", "pp": "pages", "vol": "volume", "vols": "volumes", "ch": "chapter",
    "chap": "chapter", "fig": "figure", "figs": "figures", "sec": "section", "sect": "section", "art": "article",
    "ed": "edition", "ca": "circa", "c": "circa", "para": "paragraph", "pt": "part", "bk": "book", "ver": "version",
}  # fmt: skip
_STREETS = {
    "Ave": "Avenue", "Rd": "Road", "Blvd": "Boulevard", "Ln": "Lane", "Ct": "Court", "Expy": "Expressway",
    "Hwy": "Highway", "hwy": "Highway", "Pkwy": "Parkway",
}  # fmt: skip
_NOT_SPELLED = {"BRR", "DR", "HM", "HMM", "MR", "MRS", "NTH", "PFFT", "PSST", "SH", "SHH", "ST", "TSK", "XX", "XXX"}
_NEVER_LAST = {"vs", "viz", "cf", "approx", "est"}
_SIGN_WORDS = {
    "&": "and", "@": "at", "%": "percent", "+": "plus", "=": "equals", "°": "degrees", "§": "section", "×": "times",
    "÷": "divided by", "±": "plus or minus", "$": "dollars", "£": "pounds", "€": "euros", "¥": "yen", "₹": "rupees",
    "₩": "won", "¢": "cents", "№": "number", "©": "copyright", "®": "registered", "™": "trademark", "µ": "micro",
    "º": "degrees", "²": "squared", "³": "cubed", "¹": "one",
}  # fmt: skip
_TYPOGRAPHY = {"“": '"', "”": '"', "…": "...", "—": "--"}


def _ends_sentence(match: re.Match[str]) -> bool:
    """True if the full stop of the abbreviation also ends the sentence: nothing follows, or a capital."""
    rest = match.string[match.end() : match.end() + 4]
    return not rest.strip(" \"”')") or bool(re.match(r"[\"”')]?\s+[\"“'(]?[A-Z]", rest))


def _title(match: re.Match[str]) -> str:
    return _TITLES[match["word"]]


def _abbreviation(match: re.Match[str]) -> str:
    word = match["word"]
    return _ABBREVIATIONS[word] + ("." if word not in _NEVER_LAST and _ends_sentence(match) else "")


def _phrase(match: re.Match[str]) -> str:
    said = _PHRASES[match.group().lower()]
    return said + ("." if " " in said[-3:] and _ends_sentence(match) else "")


def _saint_or_street(match: re.Match[str]) -> str:
    """ "St. Paul" is a saint, "12 Elm St." is a street: it follows a name, and no name follows it."""
    follows_name = bool(re.search(r"[A-Z][a-z]+ $", match.string[max(0, match.start() - 20) : match.start()]))
    before_name = bool(re.match(r" [A-Z][a-z]", match.string[match.end() : match.end() + 3]))
    if before_name and not (follows_name and _house_number_before(match)):
        return "Saint"
    return "Street" + ("." if match.group().endswith(".") and _ends_sentence(match) else "")


def _house_number_before(match: re.Match[str]) -> bool:
    return bool(re.search(r"\d+(?: [A-Z][a-z]+){1,3} $", match.string[max(0, match.start() - 60) : match.start()]))


def _street(match: re.Match[str]) -> str:
    return _STREETS[match["word"]] + ("." if match.group().endswith(".") and _ends_sentence(match) else "")


def _initials(match: re.Match[str]) -> str:
    """ "U.S.A." -> "U S A"; the last stop stays at the end of the text."""
    letters = " ".join(match.group().replace(".", ""))
    return letters + ("" if match.string[match.end() : match.end() + 2].strip(" \"”')") else ".")


def _spelled(match: re.Match[str]) -> str | None:
    word = match["word"]
    return None if word in _NOT_SPELLED else " ".join(word) + ("s" if match["plural"] else "")


def _slash(match: re.Match[str]) -> str:
    return " " if match.string[: match.start()].endswith(("and", "And")) else " slash "


def _fixed(name: str, pattern: str, spoken: str) -> Form:
    return Form(name, re.compile(pattern), lambda match: spoken)


def _words(
    name: str, words: Iterable[str], say: Callable[[re.Match[str]], str], before: str = r"\b", after: str = r"\."
) -> Form:
    return Form(name, re.compile(rf"{before}(?P<word>{'|'.join(sorted(words, key=len, reverse=True))}){after}"), say)


_COUNTED = [form for word in _BEFORE_NUMBER for form in (word, word.title())]
_PHRASE = "|".join(map(re.escape, _PHRASES))

ABBREVIATIONS = (
    _words("title", _TITLES, _title, after=r"\.(?=\s+[A-Z\"“'])"),
    _words("title", ("Mr", "Mrs", "Ms", "Dr"), _title, after=r"\.?(?= [A-Z])"),
    _words("saint or street", ("St",), _saint_or_street, after=r"\b\.?(?!\w)"),
    _words("street", _STREETS, _street, before=r"(?<=[a-z] )", after=r"\b\.?(?!\w)"),
    _words("before a number", _COUNTED, lambda match: _BEFORE_NUMBER[match["word"].lower()], after=r"\.(?= ?\d)"),
    Form("phrase", re.compile(rf"\b(?:{_PHRASE})", re.IGNORECASE), _phrase),
    _words("abbreviation", _ABBREVIATIONS, _abbreviation),
    Form("initials", re.compile(r"\b(?:[A-Z]\.){2,8}"), _initials),
    Form("spelled letters", re.compile(r"\b(?P<word>[BCDFGHJKLMNPQRSTVWXZ]{2,6})(?P<plural>s)?\b"), _spelled),
)
SIGNS = (
    _fixed("hash", r"#(?=\d)", "number "),
    _fixed("hash", r"(?<!\w)#(?=[A-Za-z])", "hashtag "),
    _fixed("sharp", r"(?<=\b[CF])#(?!\w)", " sharp"),
    _fixed("without", r"\bw/o\b", "without"),
    _fixed("with", r"\bw/(?=\s)", "with"),
    _fixed("about", r"(?<!\w)~(?=\d)", "about "),
    _fixed("times", r"(?<=\d)\*(?=\d)", " times "),
    _fixed("less than", r"(?<=[\w ])<(?=[ \d])", " less than "),
    _fixed("greater than", r"(?<=[\w ])>(?=[ \d])", " greater than "),
    Form("slash", re.compile(r"(?<=\w) ?/ ?(?=\w)"), _slash),
    Form("sign", re.compile(f"[{re.escape(''.join(_SIGN_WORDS))}]"), lambda match: f" {_SIGN_WORDS[match.group()]} "),
    Form("typography", re.compile("[“”…—]"), lambda match: _TYPOGRAPHY[match.group()]),
    DECORATION,
)
