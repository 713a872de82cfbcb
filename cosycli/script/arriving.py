"""Sentences of a text that is still arriving.

A sentence is complete when the next one has begun and no quotation is open, or when its line ends with it; an empty
line ends whatever stands before it. So a sentence may go over several lines, and what is given out does not depend on
the pieces that the text came in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from cosycli.script.languages import dominant_language
from cosycli.script.sentences import sentence_ends

__all__ = ["arriving_sentences"]

_PARAGRAPH_END = re.compile(r"[.!?…。！？][\"'”’»」』)\]]*[ \t]*\n|\n[ \t]*\n")
MAX_WAITING = 2000  # characters without the end of a sentence: over a minute of speech


def arriving_sentences(pieces: Iterable[str]) -> Iterator[str]:
    """The sentences of a text whose pieces come one after another; those that end a paragraph end with a line end."""
    waiting = ""
    for piece in pieces:
        waiting += piece
        while ended := _PARAGRAPH_END.search(waiting):
            yield from _sentences(waiting[: ended.end()].rstrip(" \t\n") + "\n")
            waiting = waiting[ended.end() :]
        if not _is_quoting(waiting):
            *complete, waiting = _split(waiting)
            yield from complete
        if len(waiting) > MAX_WAITING:
            end = waiting.rfind(" ") + 1 or len(waiting)
            yield waiting[:end]
            waiting = waiting[end:]
    yield from _sentences(waiting)


def _is_quoting(text: str) -> bool:
    """Whether a quotation is still open: until it closes, its first mark could belong to the sentence before."""
    return text.count('"') % 2 == 1 or text.count("“") > text.count("”")


def _sentences(text: str) -> Iterator[str]:
    return (sentence for sentence in _split(text) if sentence.strip())


def _split(text: str) -> list[str]:
    """Sentences that add up to the text; the last may go on."""
    ends = sentence_ends(text, dominant_language(text, None)) if text.strip() else [len(text)]
    return [text[start:end] for start, end in pairwise([0, *ends])]
