"""The text that teachers speak: sentences of books, pairs of short ones, lists of words and single words."""

from __future__ import annotations

import gzip
import random
import re
from collections import Counter
from pathlib import Path

# About ten seconds; a longer utterance costs more than it teaches.
MAX_UNITS = {"en": 26, "zh": 42}
WORD_LIST_SHARE = 0.08  # a few random words, so that rare words are heard too
SINGLE_WORD_SHARE = 0.06  # headings and answers of one word
PAIR_SHARE = 0.2
CAPITAL_SHARE = 0.6  # of the texts of words alone
MIN_COUNT = 3  # of a word that is drawn alone
_UNIT = {"en": re.compile(r"[A-Za-z][A-Za-z'’-]*"), "zh": re.compile("[\u4e00-\u9fff]")}
_WORD = {"en": re.compile(r"[a-z']+"), "zh": re.compile("[\u4e00-\u9fff]{1,4}(?=[，。！？；])")}
_STOPS = {"en": (".", ".", ".", "!", "?"), "zh": ("。", "。", "。", "！", "？")}


class Sentences:
    """The sentences of one language in a fixed random order.

    Args:
        lines: sentences in the order of their books.
    """

    def __init__(self, lines: list[str], language: str) -> None:
        self._lines = [line for line in lines if self._fits(line, language)]
        self._language = language
        counts = Counter(word for line in lines for word in _WORD[language].findall(line.lower()))
        self._words = sorted(w for w, count in counts.items() if count >= MIN_COUNT and w.strip("'") == w)

    @staticmethod
    def _fits(line: str, language: str) -> bool:
        """A sentence without figures, which the teacher would spell out as it likes, and of a fitting length."""
        return not re.search(r"\d", line) and 0 < len(_UNIT[language].findall(line)) <= MAX_UNITS[language]

    def draw(self, part: str, index: int) -> str:
        """Text number `index` of a part of the corpus, the same at every call."""
        draw = random.Random(f"{part} {index}")
        kind = draw.random()
        if kind < WORD_LIST_SHARE + SINGLE_WORD_SHARE:
            return self._some_words(draw, 1 if kind < SINGLE_WORD_SHARE else draw.randint(2, 6))
        place = draw.randrange(len(self._lines) - 1)
        pair = self._lines[place] + (" " if self._language == "en" else "") + self._lines[place + 1]
        return pair if draw.random() < PAIR_SHARE and self._fits(pair, self._language) else self._lines[place]

    def _some_words(self, draw: random.Random, count: int) -> str:
        words = (" " if self._language == "en" else "，").join(draw.choices(self._words, k=count))
        if draw.random() < CAPITAL_SHARE:
            words = words[0].upper() + words[1:]
        return words + draw.choice(_STOPS[self._language])


def read_sentences(path: Path, language: str) -> Sentences:
    """The text file `path`, one sentence a line, may be gzipped."""
    data = path.read_bytes()
    lines = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8").splitlines()
    return Sentences([line.strip() for line in lines], language)
