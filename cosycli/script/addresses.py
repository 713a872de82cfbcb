"""Reads internet addresses aloud: names the signs, reads figures one by one, spells parts without vowels."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cosycli.script.forms import Form, Rewriting
from cosycli.script.number_words import digits

_TOP_DOMAINS = "com|org|net|edu|gov|mil|int|info|io|ai|co|dev|app|uk|us|de|fr|it|es|cn|jp|eu|ca|au|ch|ru"
_VOWELLESS = re.compile(r"[bcdfghjklmnpqrstvwxz]+", re.IGNORECASE)
ENGLISH_SIGNS = {
    ".": "dot", "@": "at", "/": "slash", "-": "dash", "_": "underscore", ":": "colon", "?": "question mark",
    "=": "equals", "&": "and", "#": "hash", "%": "percent", "+": "plus", "~": "tilde",
}  # fmt: skip
_PIECE = re.compile(r"[^\W\d_]{1,40}|\d{1,10}|.")
_PROTOCOL = re.compile(r"https?://", re.IGNORECASE)
_EMAIL = r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,4}[A-Za-z]{2,12}(?:/[\w./-]{0,100}\w)?\b"
_URL = r"\b(?i:https?://|www\.)[^\s<>\"'()，。]{1,2000}[\w/]"
_BARE_URL = (
    rf"(?<![\w.@-])(?:[A-Za-z0-9-]{{2,63}}\.){{1,4}}(?:{_TOP_DOMAINS})\b(?!\.\w)(?:/[\w./?=&%#~-]{{0,200}}[\w/])?"
)


def address_forms(language: str, signs: Mapping[str, str] | None = None) -> tuple[Form, ...]:
    """Returns the forms for e-mail and web addresses.

    Args:
        signs: the name of each sign; English names by default.
    """
    names = signs or ENGLISH_SIGNS

    def say(match: re.Match[str]) -> list[Rewriting]:
        return _spell(match, names, language)

    return (
        Form("e-mail", re.compile(_EMAIL), say),
        Form("web address", re.compile(_URL), say),
        Form("web address", re.compile(_BARE_URL), say),
    )


def _spell(match: re.Match[str], names: Mapping[str, str], language: str) -> list[Rewriting]:
    """Returns the address in pieces, so that a segment may end between them; a nameless sign joins the next piece."""
    protocol = _PROTOCOL.match(match.group())
    found: list[Rewriting] = []
    position = match.start()
    for piece in _PIECE.finditer(match.group().rstrip("/"), protocol.end() if protocol else 0):
        said = _say_piece(piece.group(), names, language)
        if said:
            end = match.start() + piece.end()
            found.append(Rewriting(position, end, f" {said}" if found else said))
            position = end
    return [*found[:-1], *(Rewriting(last.start, match.end(), last.spoken) for last in found[-1:])]


def _say_piece(written: str, names: Mapping[str, str], language: str) -> str:
    if written.isdecimal():
        return digits(written, language) or written
    if _VOWELLESS.fullmatch(written):
        return " ".join(written)
    return written if any(map(str.isalnum, written)) else names.get(written, "")
