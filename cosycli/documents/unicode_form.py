"""Unicode form NFC (annex 15) in a time that grows with the text and not with its square."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["to_nfc"]

# Python sorts a run of combining characters by insertion: six million of them, as no text has, would take hours.
_SHORT = 1_000  # characters
_PIECE = re.compile(r"\s+|\S{1,256}[\u0300-\u036f\u3099\u309a]{0,30}")


def to_nfc(text: str) -> str:
    """`text` in form NFC; in runs of more than 256 combining characters some may stay apart."""
    if len(text) <= _SHORT:
        return unicodedata.normalize("NFC", text)
    return "".join(unicodedata.normalize("NFC", piece) for piece in _PIECE.findall(text))
