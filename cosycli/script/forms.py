"""A written form, how to find it and how to say it: the rules that the normaliser applies."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["DECORATION", "Form", "Rewriting", "rewrite_forms"]


@dataclass(frozen=True)
class Rewriting:
    """`text[start:end]` is spoken as `spoken`; nothing is said when it is empty."""

    start: int
    end: int
    spoken: str


@dataclass(frozen=True)
class Form:
    """One kind of written form.

    Attributes:
        name: what it is, as a reader would call it.
        pattern: finds it. Every repetition in it is bounded, so that any text is searched in linear time.
        say: the spoken words, or None if the match is not such a form after all; or the words of each of its pieces.
    """

    name: str
    pattern: re.Pattern[str]
    say: Callable[[re.Match[str]], str | Sequence[Rewriting] | None]


def _part(match: re.Match[str]) -> str:
    """Marks that only decorate are not said; within a word they part it."""
    before, after = match.string[match.start() - 1 : match.start()], match.string[match.end() : match.end() + 1]
    return " " if before.isalnum() and after.isalnum() else ""


# What is left when every other form has been found.
DECORATION = Form("decoration", re.compile(r"[#*^_|\\<>~†‡]"), _part)


def rewrite_forms(text: str, forms: Sequence[Form], known: Sequence[Rewriting] = ()) -> list[Rewriting]:
    """Rewritings in order and without overlap; those `known` win over all forms, an earlier form over a later one."""
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
