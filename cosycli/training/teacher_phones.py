"""The phones of the teachers in CMU's alphabet.

The teachers write English in the alphabet of misaki (hexgrad 2025, `EN_PHONES.md`): IPA with a letter of its own for
each diphthong, the mark of stress before its vowel. CMU has no schwa of its own and no flap: they are AH0 and T.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

CONSONANTS = {
    **{"b": "B", "d": "D", "f": "F", "h": "HH", "j": "Y", "k": "K", "l": "L", "m": "M", "n": "N", "p": "P"},
    **{"s": "S", "t": "T", "v": "V", "w": "W", "z": "Z", "ɡ": "G", "ŋ": "NG", "ɹ": "R", "ʃ": "SH", "ʒ": "ZH"},
    **{"ð": "DH", "θ": "TH", "ʤ": "JH", "ʧ": "CH", "ɾ": "T", "T": "T", "ʔ": "T", "x": "K", "r": "R", "g": "G"},
}
VOWELS = {
    **{"A": "EY", "I": "AY", "O": "OW", "Q": "OW", "W": "AW", "Y": "OY", "a": "AE", "æ": "AE", "e": "EY"},
    **{"i": "IY", "o": "OW", "u": "UW", "ɑ": "AA", "ɒ": "AA", "ɔ": "AO", "ə": "AH", "ɐ": "AH", "ᵊ": "AH"},
    **{"ɚ": "ER", "ɛ": "EH", "ɜ": "ER", "ɪ": "IH", "ᵻ": "IH", "ʊ": "UH", "ʌ": "AH"},
}
SILENT = frozenset("ː\u0303\u0329ʲʰ")  # length and fine articulation, which CMU does not write
_STRESS = {"ˈ": "1", "ˌ": "2"}
_R_COLOURED = frozenset("əɜ")  # with the r after them they are one phone, ER
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")  # of written text
_SPOKEN_WORD = re.compile(r"[^\s,.;:!?…—“”\"()-]+")  # of a teacher's phones


def phones_of_word(spoken: str) -> tuple[str, ...] | None:
    """CMU phones of one word in a teacher's phones: `"kˈæt"` -> `("K", "AE1", "T")`; None where one is unknown."""
    phones = list(_phones(spoken))
    return None if None in phones or not phones else tuple(phone for phone in phones if phone)


def _phones(spoken: str) -> Iterator[str | None]:
    stress, index = "0", 0
    while index < len(spoken):
        char = spoken[index]
        index += 1
        if char in _STRESS:
            stress = _STRESS[char]
        elif char in VOWELS:
            is_er = char in _R_COLOURED and spoken[index : index + 1] == "ɹ"
            index += is_er
            yield ("ER" if is_er else VOWELS[char]) + stress
            stress = "0"
        elif char not in SILENT:
            yield CONSONANTS.get(char)


def label_of(text: str, spoken: str) -> str | None:
    """The text with every word as phone tokens.

    Where text and speech have equally many words, marks of punctuation are the text's, else the teacher's.

    Args:
        text: as written.
        spoken: the teacher's phones, words separated by spaces.

    Returns:
        `"[AH0] [K][AE1][T]."`, or None where a word has a phone we do not know.
    """
    words = _SPOKEN_WORD.findall(spoken)
    tokens = [_as_tokens(phones_of_word(word)) for word in words]
    if not words or None in tokens:
        return None
    one_each = len(_WORD.findall(text)) == len(words)
    frame, pattern = (text, _WORD) if one_each else (spoken, _SPOKEN_WORD)
    following = iter(tokens)
    return " ".join(pattern.sub(lambda _: next(following) or "", frame).split())


def _as_tokens(phones: tuple[str, ...] | None) -> str | None:
    return "".join(f"[{phone}]" for phone in phones) if phones else None
