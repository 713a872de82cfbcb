"""The source text as it is printed: without the marks that direct the speaker."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cosycli.script.segment import Fate, Script

__all__ = ["marks_of", "printed", "stretches_between"]

# What a brace after a word holds, in a text that obeys marks: `read{R EH1 D}`.
_PRONOUNCED = re.compile(r"\w(?P<brace>\{[^\W\d][^{}\n]*\})$")


def marks_of(script: Script, obeys_markup: bool) -> list[tuple[int, int]]:
    """Where the marks of the notation are in the source, in order; none where the text does not obey them."""
    if not obeys_markup:
        return []
    marks = []
    for span in script.spans:
        if span.fate is Fate.SKIPPED and span.reason == "markup":
            marks.append((span.start, span.end))
        elif span.fate is Fate.REWRITTEN:
            said = _PRONOUNCED.search(script.source[span.start : span.end])
            if said:
                marks.append((span.start + said.start("brace"), span.end))
    return marks


def stretches_between(marks: Sequence[tuple[int, int]], start: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts of `start` to `end` that no mark covers."""
    for mark_start, mark_end in marks:
        if mark_end <= start or end <= mark_start:
            continue
        if start < mark_start:
            yield start, mark_start
        start = mark_end
    if start < end:
        yield start, end


def printed(source: str, marks: Sequence[tuple[int, int]], start: int, end: int) -> str:
    """The characters `start` to `end` of the source without its marks, white space as single spaces."""
    return " ".join("".join(source[a:b] for a, b in stretches_between(marks, start, end)).split())
