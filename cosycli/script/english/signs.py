"""Addresses of the internet, and signs."""

from __future__ import annotations

import re

from cosycli.script.english.numbers import digits
from cosycli.script.forms import DECORATION, Form

__all__ = ["ADDRESSES", "SIGNS"]

_TOP_DOMAINS = "com|org|net|edu|gov|mil|int|info|io|ai|co|dev|app|uk|us|de|fr|it|es|cn|jp|eu|ca|au|ch|ru"
_VOWELLESS = re.compile(r"[bcdfghjklmnpqrstvwxz]+", re.IGNORECASE)
_ADDRESS_MARKS = {
    ".": "dot", "@": "at", "/": "slash", "-": "dash", "_": "underscore", ":": "colon", "?": "question mark",
    "=": "equals", "&": "and", "#": "hash", "%": "percent", "+": "plus", "~": "tilde",
}  # fmt: skip
_SIGN_WORDS = {
    "&": "and", "@": "at", "%": "percent", "+": "plus", "=": "equals", "°": "degrees", "§": "section", "×": "times",
    "÷": "divided by", "±": "plus or minus", "$": "dollars", "£": "pounds", "€": "euros", "¥": "yen", "₹": "rupees",
    "₩": "won", "¢": "cents", "№": "number", "©": "copyright", "®": "registered", "™": "trademark", "µ": "micro",
    "²": "squared", "³": "cubed", "¹": "one",
}  # fmt: skip


def _address(match: re.Match[str]) -> str:
    """An e-mail or web address: its marks named, its figures one by one, its parts without vowels spelled."""
    written = re.sub(r"^https?://", "", match.group(), flags=re.IGNORECASE).rstrip("/")
    said = []
    for part in re.findall(r"[^\W\d_]+|\d+|.", written):
        if part.isdecimal():
            said.append(digits(part))
        elif _VOWELLESS.fullmatch(part):
            said.append(" ".join(part))
        else:
            said.append(part if part.isalpha() else _ADDRESS_MARKS.get(part, ""))
    return " ".join(word for word in said if word)


def _sign(match: re.Match[str]) -> str:
    return f" {_SIGN_WORDS[match.group()]} "


def _plain(match: re.Match[str]) -> str:
    return {"“": '"', "”": '"', "…": "...", "—": "--"}[match.group()]


def _slash(match: re.Match[str]) -> str:
    return " " if match.string[: match.start()].endswith(("and", "And")) else " slash "


def _fixed(name: str, pattern: str, spoken: str) -> Form:
    return Form(name, re.compile(pattern), lambda match: spoken)


_EMAIL = r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,4}[A-Za-z]{2,12}(?:/[\w./-]{0,100}\w)?\b"
_URL = r"\b(?:https?://|www\.)[^\s<>\"'()，。]{1,200}[\w/]"
_BARE_URL = (
    rf"(?<![\w.@-])(?:[A-Za-z0-9-]{{2,63}}\.){{1,4}}(?:{_TOP_DOMAINS})\b(?!\.\w)(?:/[\w./?=&%#~-]{{0,200}}[\w/])?"
)

ADDRESSES = (
    Form("e-mail", re.compile(_EMAIL), _address),
    Form("web address", re.compile(_URL, re.IGNORECASE), _address),
    Form("web address", re.compile(_BARE_URL), _address),
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
    Form("sign", re.compile(f"[{re.escape(''.join(_SIGN_WORDS))}]"), _sign),
    Form("typography", re.compile("[“”…—]"), _plain),
    DECORATION,
)
