"""Estimates how long a text takes to speak, and sets how long the silence after it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

# English books: 6,231,249 characters are about 110 hours in the corpus that trains the built-in voice.
_CHARACTER_S = 110 * 3600 / 6_231_249
# Syllables per second, Pellegrino, Coupé and Marsico, "Across-language perspective on speech information rate",
# Language 87(3), 2011: Mandarin 5.18, Japanese 7.84. One character of Hangul is one syllable.
_HANZI_S = 1 / 5.18
_KANA_S = 1 / 7.84
_HANGUL_S = 1 / 6.0

_TOKEN = re.compile(r"\[[^\]]*\]|<[^>]*>")
_BETWEEN_KANA = re.compile(" (?=[\u30a1-\u30fa])")  # separates words for the model and takes no time


class Boundary(Enum):
    """What ends between two segments, the smallest unit first."""

    CUT = "cut"
    CLAUSE = "clause"
    SENTENCE = "sentence"
    PARAGRAPH = "paragraph"
    HEADING = "heading"
    SCENE_BREAK = "scene_break"
    CHAPTER = "chapter"


@dataclass(frozen=True)
class Pauses:
    """Silence after a segment in seconds, by what ends there.

    Pauses of readers fall into three groups: under 0.2 s, 0.2 to 1 s, and longer (Campione and Véronis, "A large-scale
    multilingual study of silent pause duration", Speech Prosody 2002). Clauses get the first; sentences and paragraphs
    the second; and what a printed page separates by empty lines the third, in audibly different steps: `heading_s` on
    both sides of a heading, `scene_break_s` at the end of a scene, `chapter_s` at the end of a chapter, where ACX asks
    for 1 to 5 seconds. A cut inside a clause gets no pause. Items of a list, rows of a table and lines of verse are
    separated like sentences, stanzas like paragraphs.
    """

    cut_s: float = 0.0
    clause_s: float = 0.15
    sentence_s: float = 0.4
    paragraph_s: float = 0.8
    heading_s: float = 1.2
    scene_break_s: float = 1.6
    chapter_s: float = 2.5

    def after(self, boundary: Boundary) -> float:
        return float(getattr(self, f"{boundary.value}_s"))


DEFAULT_PAUSES = Pauses()


class _Seconds(dict[str, float]):
    """The seconds of each character, computed once."""

    def __missing__(self, char: str) -> float:
        self[char] = seconds = _character_seconds(char)
        return seconds


def _character_seconds(char: str) -> float:
    if "\u3400" <= char <= "\u9fff" or char >= "\U00020000":
        return _HANZI_S
    if "\u3041" <= char <= "\u30ff":
        return _KANA_S
    return _HANGUL_S if "\uac00" <= char <= "\ud7af" else _CHARACTER_S


_SECONDS = _Seconds()


def seconds_of(text: str) -> list[float]:
    """Returns the seconds that each character of `text` takes."""
    return [_SECONDS[char] for char in text]


def seconds_of_tokens(spoken: str) -> float:
    """Returns the seconds of a text; each token of the model in it counts as one character."""
    return sum(seconds_of(_TOKEN.sub("x", _BETWEEN_KANA.sub("", spoken))))
