"""Writes figures, signs and abbreviations as words.

Agreement with the published test pairs of NeMo-text-processing, apart from case, punctuation, hyphens, and the words
and, the, of (their spoken form is one style among several):

    normaliser       English 340   Chinese 215   Japanese 362   German 174   French 80
    written form              46            24              0           33          33
    wetext 0.1.8             257           176            267            -           -
    num2words 0.5.14           -             -              -           69          50
    here                     291           176            267          154          77

wetext reads Chinese and Japanese, one figure with its neighbours at a time, so that quotes and brackets cannot disturb
it. Forms of our own over num2words read English: wetext misreads what books contain ("1980s" as one thousand nine
hundred and eighty seconds, "$1,925.21" as thousand nine hundred and twenty five point two one, "2.0" as two point oh),
drops the stop of "Elm St.", escapes quotes, and fails on "[" and "@". Of the 49 English pairs that differ here, about
ten are misread (card numbers, "2x8 m2", "401(k)"), the rest have another style. German, French, Spanish, Italian and
Russian have tables of their own (`european`), with num2words for the numbers; of the 20 German pairs that differ, eight
are misread ("2003-03", "1,2,3", "56,3 /km²"), the rest have another style ("hundertster" for "ein hundertster").
num2words reads whole numbers and fractions of any other language. Each rewriting names what it replaces, so no letter
is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cosycli.script.characters import NAME, TOKENS, plain_text
from cosycli.script.forms import Rewriting, apply_rewritings, rewrite_forms
from cosycli.script.japanese import read_in_katakana
from cosycli.script.languages import dominant_language, latin_language, written_language
from cosycli.script.roman import heading_forms

NAME_LETTER = "Q"  # stands for a name, "Mr. Q"; it begins no abbreviation, number or unit

_UNBROKEN = re.compile(rf"[^{TOKENS}\n]+")
_CJK = r"\u3001-\u30ff\u3400-\u9fff\uff01-\uff65"
# At least two Latin words within Chinese text, with the figures between them.
_LATIN_ISLAND = re.compile(rf"[A-Za-z][^{_CJK}]*? [^{_CJK}]*[A-Za-z](?![^{_CJK}]*[A-Za-z])[.!?]?")


def rewrite(
    text: str, language: str, latin: str, *, is_heading: bool = False, katakana: bool = False
) -> list[Rewriting]:
    """Returns the rewritings of a passage, in order and without overlap.

    Args:
        text: a passage; no form crosses TOKENS or the end of a line in it, or covers a NAME.
        language: the language of most of the passage.
        latin: the language of words in Latin letters, which a Chinese or Japanese passage may contain.
        is_heading: Roman numerals at the start are numbers.
        katakana: Japanese becomes katakana.

    Raises:
        MissingError: the library that reads Japanese in katakana is not installed.
    """
    found: list[Rewriting] = []
    visible = text.replace(NAME, NAME_LETTER)
    for start, end, spoken_in in _stretches(visible, written_language(language), latin):
        for match in _UNBROKEN.finditer(visible, start, end):
            parts = _rewrite_stretch(match.group(), spoken_in, is_heading)
            if katakana and spoken_in == "ja":
                before = visible[max(match.start() - 1, 0) : match.start()]
                parts = read_in_katakana(match.group(), parts, before.isalnum() or before == TOKENS)
            for part in parts:
                found.append(Rewriting(part.start + match.start(), part.end + match.start(), part.spoken))
    return [part for part in found if NAME not in text[part.start : part.end]]


def say_in_words(text: str, declared: str | None) -> str:
    """Returns the speakable form of a text that stands alone, such as an alias.

    Args:
        declared: ISO 639-1 code of the language that the source declares, or None.
    """
    plain = plain_text(text)
    rewritings = rewrite(plain, dominant_language(plain, declared), latin_language(declared))
    return " ".join(apply_rewritings(plain, rewritings).split())


def _stretches(text: str, language: str, latin: str) -> Iterator[tuple[int, int, str]]:
    """Yields start, end and language of each part: "他说 I have 3 cats 对吗" has an English part."""
    start = 0
    if language in ("zh", "ja"):
        for match in _LATIN_ISLAND.finditer(text):
            yield start, match.start(), language
            yield match.start(), match.end(), latin
            start = match.end()
    yield start, len(text), language


def _rewrite_stretch(text: str, language: str, is_heading: bool) -> list[Rewriting]:
    numerals = heading_forms(language) if is_heading else ()
    if language == "en":
        from cosycli.script.english import FORMS

        return rewrite_forms(text, (*numerals, *FORMS))
    if language in ("zh", "ja"):
        from cosycli.script.chinese import rewrite_cjk

        return rewrite_cjk(text, language, numerals)
    from cosycli.script.european import forms_for

    return rewrite_forms(text, (*numerals, *forms_for(language)))
