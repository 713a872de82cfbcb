"""Signs."""

from __future__ import annotations

import re

from cosycli.script.forms import DECORATION, Form

__all__ = ["SIGNS"]

_SIGN_WORDS = {
    "&": "and", "@": "at", "%": "percent", "+": "plus", "=": "equals", "°": "degrees", "§": "section", "×": "times",
    "÷": "divided by", "±": "plus or minus", "$": "dollars", "£": "pounds", "€": "euros", "¥": "yen", "₹": "rupees",
    "₩": "won", "¢": "cents", "№": "number", "©": "copyright", "®": "registered", "™": "trademark", "µ": "micro",
    "º": "degrees", "²": "squared", "³": "cubed", "¹": "one",
}  # fmt: skip


def _sign(match: re.Match[str]) -> str:
    return f" {_SIGN_WORDS[match.group()]} "


def _plain(match: re.Match[str]) -> str:
    return {"“": '"', "”": '"', "…": "...", "—": "--"}[match.group()]


def _slash(match: re.Match[str]) -> str:
    return " " if match.string[: match.start()].endswith(("and", "And")) else " slash "


def _fixed(name: str, pattern: str, spoken: str) -> Form:
    return Form(name, re.compile(pattern), lambda match: spoken)


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
