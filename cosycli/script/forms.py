"""The rules of the normaliser: how to find a written form, and how to say it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Rewriting:
    """`text[start:end]` is spoken as `spoken`, which may be empty."""

    start: int
    end: int
    spoken: str


@dataclass(frozen=True)
class Form:
    """One kind of written form.

    Attributes:
        name: what a reader would call it.
        pattern: finds it; every repetition is bounded, so that the search takes linear time in any text.
        say: returns the spoken words, or the rewriting of each piece, or None if the match is not such a form.
    """

    name: str
    pattern: re.Pattern[str]
    say: Callable[[re.Match[str]], str | Sequence[Rewriting] | None]


def _part(match: re.Match[str]) -> str:
    """Drops marks that only decorate; within a word they become a space."""
    before, after = match.string[match.start() - 1 : match.start()], match.string[match.end() : match.end() + 1]
    return " " if before.isalnum() and after.isalnum() else ""


# Marks that remain after every other form has been found.
DECORATION = Form("decoration", re.compile(r"[#*^_|\\<>~†‡]"), _part)


def rewrite_forms(text: str, forms: Sequence[Form], known: Sequence[Rewriting] = ()) -> list[Rewriting]:
    """Returns rewritings in order, without overlap; those `known` win over forms, an earlier form over a later one."""
    taken = bytearray(len(text))
    for rewriting in known:
        taken[rewriting.start : rewriting.end] = b"\1" * (rewriting.end - rewriting.start)
    found = list(known)
    for form in forms:
        for match in form.pattern.finditer(text):
            start, end = match.span()
            if taken.find(1, start, end) >= 0:
                continue
            spoken = form.say(match)
            if spoken is None:
                continue
            taken[start:end] = b"\1" * (end - start)
            found += [Rewriting(start, end, spoken)] if isinstance(spoken, str) else spoken
    return sorted(found, key=lambda rewriting: rewriting.start)


def apply_rewritings(text: str, rewritings: Sequence[Rewriting]) -> str:
    """Returns the text as it is spoken; the rewritings are in order and without overlap."""
    spoken, position = [], 0
    for rewriting in rewritings:
        spoken += [text[position : rewriting.start], rewriting.spoken]
        position = rewriting.end
    return "".join([*spoken, text[position:]])
