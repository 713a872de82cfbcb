"""What was said and what was heard as units that can be compared: English words, and Mandarin syllables in pinyin."""

from __future__ import annotations

import re
from collections.abc import Sequence

from num2words import num2words
from pypinyin import Style, lazy_pinyin

LANGUAGES = ("en", "zh", "mixed")
_HANZI_FIGURES = str.maketrans("0123456789", "零一二三四五六七八九")
_HANZI = re.compile("[\u4e00-\u9fff]+")
_HANZI_OR_OTHER = re.compile("[\u4e00-\u9fff]+|[^\u4e00-\u9fff]+")
_FIGURES = re.compile(r"(\d+)(st|nd|rd|th)?")


def units(text: str, language: str, with_tones: bool = False) -> list[str]:
    """The words or syllables of a text, without case and punctuation.

    Recognizers write numbers as figures, so figures are spelled out. Homophones of Mandarin are the same syllable, and
    so are a simplified character and its traditional form. What is not a Chinese character does not count in "zh".

    Args:
        language: "en": words; "zh": syllables; "mixed": both.
        with_tones: "yin2 hang2" instead of "yin hang".
    """
    if language == "en":
        return _words(text)
    text = text.translate(_HANZI_FIGURES)
    if language == "zh":
        return _syllables("".join(_HANZI.findall(text)), with_tones)
    runs = _HANZI_OR_OTHER.findall(text)
    return [unit for run in runs for unit in (_syllables(run, with_tones) if _HANZI.match(run) else _words(run))]


def _words(text: str) -> list[str]:
    """ "The 21st of 1,500." -> the twenty first of one thousand five hundred"""
    text = re.sub(r"(?<=\d),(?=\d)", "", text.lower().replace("’", "'"))
    text = _FIGURES.sub(_spell_out, text).replace("-", " ")
    return re.sub("[^a-z']", " ", text).split()


def _spell_out(figures: re.Match[str]) -> str:
    number = num2words(int(figures[1]), to="ordinal" if figures[2] else "cardinal")
    return f" {number.replace(' and ', ' ')} "


def _syllables(hanzi: str, with_tones: bool) -> list[str]:
    """ "银行" -> yin hang, or yin2 hang2; the neutral tone has no figure."""
    return lazy_pinyin(hanzi, style=Style.TONE3 if with_tones else Style.NORMAL)


def edit_distance(said: Sequence[str], heard: Sequence[str]) -> int:
    """The fewest insertions, deletions and substitutions between the two (Levenshtein 1966)."""
    row = list(range(len(heard) + 1))  # distances of what was said so far to every start of what was heard
    for i, unit in enumerate(said, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (unit != other))
    return row[-1]
