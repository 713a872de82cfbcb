"""How long to be silent, by what ends."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["DEFAULT_PAUSES", "Boundary", "Pauses"]


class Boundary(Enum):
    """What ends between two segments, the smallest first."""

    CUT = "cut"
    CLAUSE = "clause"
    SENTENCE = "sentence"
    PARAGRAPH = "paragraph"
    HEADING = "heading"
    SCENE_BREAK = "scene_break"
    CHAPTER = "chapter"


@dataclass(frozen=True)
class Pauses:
    """Silence after a segment, in seconds, by what ends there.

    Pauses of readers fall into three groups, under 0.2 s, 0.2 to 1 s, and longer (Campione and Véronis, "A large-scale
    multilingual study of silent pause duration", Speech Prosody 2002). Clauses get the first, sentences and paragraphs
    the second, and what a printed page parts by empty lines the third, each step large enough to be heard as another:
    `heading_s` on both sides of a heading, `scene_break_s` where a scene ends, `chapter_s` at the end of a chapter,
    where ACX asks for 1 to 5 seconds. A cut inside a clause gets none. The items of a list, the rows of a table and
    the lines of a verse are parted like sentences, its stanzas like paragraphs.
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
