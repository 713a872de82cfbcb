"""Words for what is written in figures and signs."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Rewriting", "rewrite"]


@dataclass(frozen=True)
class Rewriting:
    """`text[start:end]` is spoken as `spoken`; nothing is said when it is empty."""

    start: int
    end: int
    spoken: str


_NUMBER = re.compile(r"\d{1,12}")


def rewrite(text: str, dominant: str, latin: str) -> list[Rewriting]:
    """Rewritings in order and without overlap."""
    from num2words import num2words

    return [
        Rewriting(match.start(), match.end(), num2words(int(match.group()), lang="en").replace("-", " "))
        for match in _NUMBER.finditer(text)
    ]
