"""What the recognizer of the speech tokenizer learns to write: letters, and Mandarin as pinyin with figures."""

from __future__ import annotations

import re
import unicodedata

from cosycli.training.corpus import Utterance

_PHONE = re.compile(r"\[[^\[\]\s]+\]")
_TONES = {"\u0304": "1", "\u0301": "2", "\u030c": "3", "\u0300": "4"}
_INITIALS = frozenset(
    [
        "b",
        "p",
        "m",
        "f",
        "d",
        "t",
        "n",
        "l",
        "g",
        "k",
        "h",
        "j",
        "q",
        "x",
        "zh",
        "ch",
        "sh",
        "r",
        "z",
        "c",
        "s",
        "y",
        "w",
    ]
)


def phones_of(utterance: Utterance) -> list[str]:
    """The phone and pinyin tokens of the label: `["[K]", "[AE1]", "[T]"]`."""
    return _PHONE.findall(utterance.label)


def letters_of(utterance: Utterance, alphabet: str) -> str:
    """Letters of the recognizer's alphabet, one space between words: "a cat", "yin2 hang2"."""
    text = _pinyin(phones_of(utterance)) if utterance.language == "zh" else utterance.text.lower().replace("’", "'")
    return " ".join("".join(char if char in alphabet else " " for char in text).split())


def _pinyin(tokens: list[str]) -> str:
    """Pinyin tokens as numbered syllables: `["[h]", "[áng]"]` -> "hang2"."""
    written = ""
    for token in tokens:
        bare = unicodedata.normalize("NFD", token.strip("[]"))
        tone = "".join(_TONES[char] for char in bare if char in _TONES)
        letters = "".join("v" if char == "\u0308" else char for char in bare if char not in _TONES).replace("uv", "v")
        is_final = letters not in _INITIALS
        written += letters + (tone or "5") + " " if is_final else letters
    return written
