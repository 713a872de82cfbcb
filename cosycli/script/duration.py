"""How long a text takes to say, estimated before it is spoken."""

from __future__ import annotations

from cosycli.script.characters import is_hanzi, is_kana

__all__ = ["seconds_of"]

# English books: 6,231,249 characters are about 110 hours in the corpus that trains the built-in voice.
_CHARACTER_S = 110 * 3600 / 6_231_249
# Syllables per second, Pellegrino, Coupé and Marsico, "Across-language perspective on speech information rate",
# Language 87(3), 2011: Mandarin 5.18, Japanese 7.84. A Chinese character read in Japanese has about two.
_HANZI_S = 1 / 5.18
_KANA_S = 1 / 7.84
_HANGUL_S = 1 / 6.0  # one character is one syllable


def seconds_of(text: str) -> float:
    """Seconds it takes to say `text`, tokens of the model counted as one character each."""
    seconds, is_token = 0.0, False
    for char in text:
        if char == "]" or char == ">":
            is_token = False
        elif char == "[" or char == "<":
            is_token = True
            seconds += _CHARACTER_S
        elif not is_token:
            seconds += _character_seconds(char)
    return seconds


def _character_seconds(char: str) -> float:
    if char < "\u0590":
        return _CHARACTER_S
    if is_hanzi(char):
        return _HANZI_S
    if is_kana(char):
        return _KANA_S
    return _HANGUL_S if "\uac00" <= char <= "\ud7af" else _CHARACTER_S
