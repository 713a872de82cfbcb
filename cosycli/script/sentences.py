"""Where sentences end.

TABLE
"""

from __future__ import annotations

import re

__all__ = ["sentence_ends"]

# sentencex looks for the partner of every opening quote: quadratic when there is none, so it sees this much at a time.
_MAX_CHARS = 4000
_CJK_STOP = re.compile(r"[。！？](?=[0-9])")
_CJK_OPEN, _CJK_CLOSE = "「『（《〈【“", "」』）》〉】”"


def sentence_ends(text: str, language: str) -> list[int]:
    """Positions one past the end of each sentence of a paragraph, white space after it included, in order."""
    from sentencex import segment

    ends: list[int] = []
    position = 0
    for window in _windows(text):
        for sentence in segment(language, window):
            position += len(sentence)
            ends.append(position)
    ends = ends or [len(text)]
    if language in ("zh", "ja"):
        ends = sorted({*ends, *_stops_before_digits(text)})
    return ends


def _windows(text: str) -> list[str]:
    """The text in pieces of bounded size, cut at white space where there is some."""
    windows = []
    start = 0
    while len(text) - start > _MAX_CHARS:
        space = text.rfind(" ", start + _MAX_CHARS // 2, start + _MAX_CHARS)
        end = space + 1 if space >= 0 else start + _MAX_CHARS
        windows.append(text[start:end])
        start = end
    return [*windows, text[start:]]


def _stops_before_digits(text: str) -> list[int]:
    """Full stops that sentencex takes for decimal points: "…了。2009年…"; those inside quotes are left alone."""
    depth, position, found = 0, 0, []
    for match in _CJK_STOP.finditer(text):
        between = text[position : match.start()]
        depth += sum(map(between.count, _CJK_OPEN)) - sum(map(between.count, _CJK_CLOSE))
        position = match.start()
        if depth <= 0:
            found.append(match.end())
            depth = 0
    return found
