"""Writes Japanese in katakana, as CosyVoice 3 was trained to read it: words apart, each as it is pronounced.

"歴史的世界においては" becomes "レキシ テキ セカイ ニ オイ テ ワ", as in the example of its authors. MeCab finds the
words, UniDic has their pronunciations. Sōseki's Kusamakura prints 4,603 words with ruby because they are rare or read
in an unusual way; 68 % of them agree with the ruby. Of the other libraries, SudachiPy (69 %) lacks the pronunciation of
particles, pyopenjtalk-plus (67 %) takes 330 MB, and pykakasi (60 %) is under the GPL. Ruby in a book wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from cosycli.errors import MissingError
from cosycli.script.forms import Rewriting, apply_rewritings

_JAPANESE = re.compile("[\u3041-\u3096\u309d\u309e\u30a1-\u30fa\u30fc-\u30fe\u3005\u3400-\u9fff]+")
_KANA = re.compile("[\u3041-\u3096\u309d\u309e\u30a1-\u30fa\u30fc-\u30fe]+")
_WITHIN_WORDS = frozenset("ァィゥェォッャュョヮー")  # follow ruby, as in 悟{さと}った, but begin no word
_TO_KATAKANA = {code: code + 0x60 for code in (*range(0x3041, 0x3097), 0x309D, 0x309E)}


def in_katakana(words: str) -> str:
    """ "はし" -> "ハシ", "東京" -> "トーキョー"; other letters stay."""
    if _KANA.fullmatch(words):
        return words.translate(_TO_KATAKANA)
    return apply_rewritings(words, read_in_katakana(words, ()))


def read_in_katakana(text: str, known: Sequence[Rewriting], follows_word: bool = False) -> list[Rewriting]:
    """Rewrites every Japanese word of `text` as it is pronounced, with a space between words.

    Args:
        known: rewritings made before, such as words for figures; they are read together with the words around them.
        follows_word: whether a word ends right before the text.

    Raises:
        MissingError: the library that knows the words is not installed.
    """
    spoken, places = _apply(text, known)
    found: list[Rewriting] = []
    for start, end, sound in _sounds(spoken):
        first, last = places[start][0], places[end - 1][1]
        before = found[-1] if found else Rewriting(0, 0, "")
        if first < before.end:  # both words come from one figure
            found[-1] = Rewriting(before.start, max(last, before.end), f"{before.spoken} {sound}")
        else:
            follows = text[first - 1].isalnum() or before.end == first if first else follows_word
            begins = follows and sound[0] not in _WITHIN_WORDS
            found.append(Rewriting(first, last, f" {sound}" if begins else sound))
    taken = bytearray(len(text))
    for part in found:
        taken[part.start : part.end] = b"\1" * (part.end - part.start)
    found += [part for part in known if not any(taken[part.start : part.end])]
    return sorted(found, key=lambda part: part.start)


def _apply(text: str, known: Sequence[Rewriting]) -> tuple[str, list[tuple[int, int]]]:
    """Applies the rewritings; also returns the source start and end of each character of the result."""
    spoken, places, position = [], [], 0
    for part in (*known, Rewriting(len(text), len(text), "")):
        spoken += [text[position : part.start], part.spoken]
        places += [(place, place + 1) for place in range(position, part.start)]
        places += [(part.start, part.end)] * len(part.spoken)
        position = part.end
    return "".join(spoken), places


def _sounds(text: str) -> Iterator[tuple[int, int, str]]:
    """Yields start, end and pronunciation of each Japanese word that UniDic knows or that is written in kana."""
    end = 0
    for word in _tagger()(text):
        start = text.index(word.surface, end)
        end = start + len(word.surface)
        sound = word.feature.pron or (word.surface.translate(_TO_KATAKANA) if _KANA.fullmatch(word.surface) else None)
        if sound and _JAPANESE.fullmatch(word.surface):
            yield start, end, sound


@cache
def _tagger() -> Any:
    try:
        import fugashi
        import unidic_lite
    except ImportError:
        raise MissingError(
            "This model reads Japanese in katakana, and the libraries that write it are not installed.",
            "Install them: pip install fugashi unidic-lite",
        ) from None
    return fugashi.Tagger(f"-d {unidic_lite.DICDIR}")
