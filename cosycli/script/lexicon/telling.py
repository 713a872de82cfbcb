"""What a model is told for a word, and how near that comes to the sound that is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from cosycli.script.capabilities import Capabilities, say_phonemes
from cosycli.script.languages import is_hanzi
from cosycli.script.lexicon.entries import Entry
from cosycli.script.respelling import can_respell

__all__ = ["Fit", "Told", "tell"]


class Fit(str, Enum):
    """How near."""

    EXACT = "exact"
    APPROXIMATE = "approximate"
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True)
class Told:
    """The text that a model with certain capabilities is given, and how near it comes."""

    text: str
    fit: Fit


def tell(entry: Entry, capabilities: Capabilities) -> Told:
    """Tokens where the model has them, else the nearest spelling, in a script that the model reads."""
    if entry.alias:
        return Told(entry.alias, Fit.EXACT)
    text = say_phonemes(entry.word, entry.tokens, capabilities)
    if all(token in capabilities.phonemes for token in entry.tokens):
        return Told(text, Fit.EXACT)
    is_read = not any(map(is_hanzi, text)) or "zh" in capabilities.languages
    is_near = is_read and can_respell(entry.word, entry.tokens)
    return Told(text, Fit.APPROXIMATE if is_near else Fit.IMPOSSIBLE)
