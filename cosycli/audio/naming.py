"""Names for files and folders that every system takes, made of titles."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["chapter_name", "safe_name"]

# What Windows forbids (Microsoft, "Naming Files, Paths, and Namespaces"); macOS and Linux forbid a part of it.
FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff]+')
RESERVED = re.compile(r"(?i)(CON|PRN|AUX|NUL|COM[0-9¹²³]|LPT[0-9¹²³])(?=\.|$)")
MAX_BYTES = 120  # of 255 that a name may have, or 143 in an encrypted home; the rest is for number, suffix and .part
JOINERS = "\u200d\ufe0f"  # nothing may end in what joins it to the next character


def safe_name(text: str, otherwise: str) -> str:
    """`text` as the name of a file or folder without suffix; `otherwise` where nothing of it remains."""
    name = FORBIDDEN.sub(" ", unicodedata.normalize("NFC", text))
    name = " ".join(name.split()).encode()[:MAX_BYTES].decode(errors="ignore")
    name = name.rstrip(JOINERS).strip(". ")
    return RESERVED.sub(r"_\1", name, count=1) if RESERVED.match(name) else name or otherwise


def chapter_name(number: int, total: int, title: str) -> str:
    """ "07 - The Storm": sorted by name, chapters are in order, and no two names are the same."""
    digits = max(2, len(str(total)))
    return f"{number:0{digits}} - {safe_name(title, 'Chapter')}"
