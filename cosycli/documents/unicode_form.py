"""Unicode form NFC (annex 15) in a time that grows with the text and not with its square."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["to_nfc"]

# Python sorts a run of combining characters by insertion: six million of them, as no text has, would take hours.
_PIECE = re.compile(r".{1,256}[\u0300-\u036f\u3099\u309a]{0,30}", re.DOTALL)


def to_nfc(text: str) -> str:
    """`text` in form NFC; where hundreds of combining characters follow each other some may stay apart."""
    return "".join(unicodedata.normalize("NFC", piece[0]) for piece in _PIECE.finditer(text))
