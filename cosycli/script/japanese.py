"""Japanese in katakana, which is how CosyVoice 3 was taught to read it: words apart, each as it sounds.

"歴史的世界においては" is "レキシ テキ セカイ ニ オイ テ ワ", as in the example of its authors. The words and their
sounds are UniDic's, found by MeCab. Of 4,603 words of Sōseki's Kusamakura that were printed with ruby, because they are
rare or read otherwise than usual, 68 % come out as the ruby says. Of the other libraries, SudachiPy (69 %) gives no
sounds of particles, pyopenjtalk-plus (67 %) takes 330 MB, and pykakasi (60 %) is under the GPL. Where a book has ruby,
that is read instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from cosycli.errors import MissingError
from cosycli.script.forms import Rewriting

__all__ = ["in_katakana", "read_in_katakana"]

_JAPANESE = re.compile("[\u3041-\u3096\u309d\u309e\u30a1-\u30fa\u30fc-\u30fe\u3005\u3400-\u9fff]+")
_KANA = re.compile("[\u3041-\u3096\u309d\u309e\u30a1-\u30fa\u30fc-\u30fe]+")
_WITHIN_WORDS = frozenset("ァィゥェォッャュョヮー")  # stand after ruby, as in 悟{さと}った, but begin no word
_TO_KATAKANA = {code: code + 0x60 for code in (*range(0x3041, 0x3097), 0x309D, 0x309E)}


def in_katakana(words: str) -> str:
    """ "はし" -> "ハシ", "東京" -> "トーキョー"; what has no Japanese letters stays."""
    if _KANA.fullmatch(words):
        return words.translate(_TO_KATAKANA)
    said, position = [], 0
    for part in read_in_katakana(words, ()):
        said += [words[position : part.start], part.spoken]
        position = part.end
    return "".join([*said, words[position:]])


def read_in_katakana(text: str, known: Sequence[Rewriting], follows_word: bool = False) -> list[Rewriting]:
    """Every Japanese word of `text` as it sounds, with a space between one and the next.

    Args:
        known: what is already spoken otherwise than it is written, such as a figure in words; it is read with the
            words around it.
        follows_word: whether a word stands right before the text.

    Raises:
        MissingError: the library that knows the words is not installed.
    """
    told, places = _apply(text, known)
    said: list[Rewriting] = []
    for start, end, sound in _sounds(told):
        first, last = places[start][0], places[end - 1][1]
        before = said[-1] if said else Rewriting(0, 0, "")
        if first < before.end:  # both words are of one figure
            said[-1] = Rewriting(before.start, max(last, before.end), f"{before.spoken} {sound}")
        else:
            follows = text[first - 1].isalnum() or before.end == first if first else follows_word
            begins = follows and sound[0] not in _WITHIN_WORDS
            said.append(Rewriting(first, last, f" {sound}" if begins else sound))
    taken = bytearray(len(text))
    for part in said:
        taken[part.start : part.end] = b"\1" * (part.end - part.start)
    said += [part for part in known if not any(taken[part.start : part.end])]
    return sorted(said, key=lambda part: part.start)


def _apply(text: str, known: Sequence[Rewriting]) -> tuple[str, list[tuple[int, int]]]:
    """The text as it is spoken, and for each character of that the start and end of where it comes from."""
    told, places, position = [], [], 0
    for part in (*known, Rewriting(len(text), len(text), "")):
        told += [text[position : part.start], part.spoken]
        places += [(place, place + 1) for place in range(position, part.start)]
        places += [(part.start, part.end)] * len(part.spoken)
        position = part.end
    return "".join(told), places


def _sounds(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and sound of each Japanese word; a word that UniDic does not know has none, unless it is in kana."""
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
            "This model reads Japanese in katakana, and what finds it is not installed.",
            "Install it: pip install fugashi unidic-lite",
        ) from None
    return fugashi.Tagger(f"-d {unidic_lite.DICDIR}")
