"""How long a text takes to say, estimated before it is spoken."""

from __future__ import annotations

import re

__all__ = ["seconds_of", "seconds_of_tokens"]

# English books: 6,231,249 characters are about 110 hours in the corpus that trains the built-in voice.
_CHARACTER_S = 110 * 3600 / 6_231_249
# Syllables per second, Pellegrino, Coupé and Marsico, "Across-language perspective on speech information rate",
# Language 87(3), 2011: Mandarin 5.18, Japanese 7.84. One character of Hangul is one syllable.
_HANZI_S = 1 / 5.18
_KANA_S = 1 / 7.84
_HANGUL_S = 1 / 6.0

_TOKEN = re.compile(r"\[[^\]]*\]|<[^>]*>")
_BETWEEN_KANA = re.compile(" (?=[\u30a1-\u30fa])")  # parts words for the model and takes no time


class _Seconds(dict[str, float]):
    """Seconds of each character, looked up once."""

    def __missing__(self, char: str) -> float:
        self[char] = seconds = _character_seconds(char)
        return seconds


def _character_seconds(char: str) -> float:
    if "\u3400" <= char <= "\u9fff" or char >= "\U00020000":
        return _HANZI_S
    if "\u3041" <= char <= "\u30ff":
        return _KANA_S
    return _HANGUL_S if "\uac00" <= char <= "\ud7af" else _CHARACTER_S


_SECONDS = _Seconds()


def seconds_of(text: str) -> list[float]:
    """Seconds that each character of `text` takes."""
    return [_SECONDS[char] for char in text]


def seconds_of_tokens(spoken: str) -> float:
    """Seconds of a text that may hold tokens of the model, each of which counts as one character."""
    return sum(seconds_of(_TOKEN.sub("x", _BETWEEN_KANA.sub("", spoken))))
