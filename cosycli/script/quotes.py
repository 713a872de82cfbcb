"""Which characters of a paragraph are quoted speech."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["quoted_speech"]

# Opening mark -> the marks that may close it. „ closes in German with “, in Polish and Hungarian with ”; » opens in
# German and Danish books; in Finnish and Swedish ones » and ” open and close alike.
_CLOSING = {"“": "”", "„": "“”", "«": "»", "»": "«»", "”": "”", '"': '"', "「": "」", "‘": "’"}
_NOT_AFTER_A_WORD = frozenset('»”"‘')  # what else closes, measures inches or stands for a letter
_MARK = re.compile('[“”„«»"「」‘’]')
_SPEECH_END = frozenset(".,!?…—-;:。，！？")


def quoted_speech(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of every outermost quote of a paragraph, its marks included, in order.

    A quote that is not closed ends with the paragraph, as in speech of several paragraphs, each of which repeats the
    opening mark. Single quotes count where they enclose speech, which ends in punctuation: an apostrophe does not.
    """
    opened: re.Match[str] | None = None
    last_single = max((match.start() for match in _MARK.finditer(text) if _closes_single(match)), default=-1)
    for match in _MARK.finditer(text):
        if opened is None:
            is_quote = _opens(match) and (match.group() != "‘" or match.start() < last_single)
            opened = match if is_quote else None
        elif match.group() in _CLOSING[opened.group()] and (match.group() != "’" or _closes_single(match)):
            yield opened.start(), match.end()
            opened = None
    if opened:
        yield opened.start(), len(text)


def _opens(match: re.Match[str]) -> bool:
    if match.group() not in _CLOSING:
        return False
    before, after = match.string[match.start() - 1 : match.start()], match.string[match.end() : match.end() + 1]
    return match.group() not in _NOT_AFTER_A_WORD or (not before.isalnum() and bool(after) and not after.isspace())


def _closes_single(match: re.Match[str]) -> bool:
    before, after = match.string[match.start() - 1 : match.start()], match.string[match.end() : match.end() + 1]
    return match.group() == "’" and before in _SPEECH_END and not after.isalnum()
