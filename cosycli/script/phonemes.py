"""Turns the pronunciation of a word, written in any alphabet, into the model's tokens.

English sounds become CMU phones, each of which the CMU Pronouncing Dictionary defines by an example word. The IPA
symbols are those of the Handbook of the International Phonetic Association (1999), as dictionaries of American and of
British English use them. X-SAMPA is mapped onto IPA after J. C. Wells, "Computer-coding the IPA" (1995). `pinyin` reads
pinyin and zhuyin.
"""

from __future__ import annotations

import re
import unicodedata

from cosycli.documents.book import Alphabet
from cosycli.script.pinyin import tokens_of_ruby
from cosycli.script.vocabulary import CMU_PHONEMES

# Vowels of American and British dictionaries; a space separates two phones.
_VOWELS = {
    "ɑ": "AA", "ɒ": "AA", "æ": "AE", "a": "AE", "ʌ": "AH", "ə": "AH", "ɐ": "AH", "ɔ": "AO", "aʊ": "AW", "aɪ": "AY",
    "ɑʊ": "AW", "ɑɪ": "AY",
    "ɛ": "EH", "e": "EH", "ɝ": "ER", "ɚ": "ER", "ɜ": "ER", "ɜɹ": "ER", "əɹ": "ER", "eɪ": "EY", "ɛɪ": "EY",
    "ɪ": "IH", "ɨ": "IH", "i": "IY", "oʊ": "OW", "əʊ": "OW", "o": "OW", "ɔɪ": "OY", "ʊ": "UH", "u": "UW", "ʉ": "UW",
    "ɛə": "EH R", "eə": "EH R", "ɪə": "IH R", "ʊə": "UH R", "ɛəɹ": "EH R", "eəɹ": "EH R", "ɪəɹ": "IH R", "ʊəɹ": "UH R",
    "n̩": "AH N", "m̩": "AH M", "l̩": "AH L", "ɹ̩": "ER",
}  # fmt: skip
# The glottal stop and the flap stand for a t and a d of American English, x for the ch of "loch".
_CONSONANTS = {
    "b": "B", "d": "D", "ð": "DH", "f": "F", "ɡ": "G", "h": "HH", "j": "Y", "k": "K", "l": "L", "ɫ": "L", "m": "M",
    "n": "N", "ŋ": "NG", "p": "P", "ɹ": "R", "ɾ": "D", "s": "S", "ʃ": "SH", "t": "T", "ʔ": "T", "θ": "TH", "v": "V",
    "w": "W", "ʍ": "W", "x": "K", "z": "Z", "ʒ": "ZH", "tʃ": "CH", "dʒ": "JH", "ɲ": "N Y",
}  # fmt: skip
_PHONES = _VOWELS | _CONSONANTS
_LONGEST = max(map(len, _PHONES))
_STRESS = {"ˈ": "1", "ˌ": "2"}
_SEPARATORS = frozenset(". |‖-")  # between syllables, words and phrases
# Other ways to write the same sounds.
_SPELLINGS = str.maketrans(
    {"'": "ˈ", "’": "ˈ", "g": "ɡ", "r": "ɹ", "ɻ": "ɹ", "ʧ": "tʃ", "ʤ": "dʒ", "ɘ": "ə", "ɵ": "oʊ", "\u02de": "ɹ"}
)
# Length, ties, aspiration, brackets, and marks for non-syllabic, voiceless and dental sounds change no English phone.
_IGNORED = re.compile("[ːˑ:()ʰ\u0361\u035c\u032f\u0325\u032a]")

_X_SAMPA = {
    '"': "ˈ", "%": "ˌ", "A": "ɑ", "{": "æ", "V": "ʌ", "@": "ə", "@`": "ɚ", "O": "ɔ", "Q": "ɒ", "E": "ɛ", "3": "ɜ",
    "3`": "ɝ", "I": "ɪ", "U": "ʊ", "1": "ɨ", "}": "ʉ", "6": "ɐ", "D": "ð", "T": "θ", "S": "ʃ", "Z": "ʒ", "N": "ŋ",
    "r\\": "ɹ", "r\\`": "ɻ", "4": "ɾ", "?": "ʔ", "W": "ʍ", "J": "ɲ", "5": "ɫ", "_=": "\u0329", "=": "\u0329", "_h": "",
    "_^": "",
}  # fmt: skip
_X_SAMPA_SYMBOL = re.compile("|".join(re.escape(symbol) for symbol in sorted(_X_SAMPA, key=len, reverse=True)))


def tokens_of(word: str, written: str, alphabet: Alphabet) -> tuple[str, ...] | None:
    """`("Weena", "ˈwiːnə", Alphabet.IPA)` -> `("[W]", "[IY1]", "[N]", "[AH0]")`.

    None if a sound has no token, or if pinyin does not have one syllable for each Chinese character of `word`.
    """
    if alphabet in (Alphabet.PINYIN, Alphabet.RUBY):
        return tokens_of_ruby(word, written)
    if alphabet is Alphabet.CMU:
        return cmu_tokens(written)
    phones = phones_of_ipa(written) if alphabet is Alphabet.IPA else phones_of_x_sampa(written)
    return phones and tuple(f"[{phone}]" for phone in phones)


def cmu_tokens(phones: str) -> tuple[str, ...] | None:
    """ "R EH1 D" -> ("[R]", "[EH1]", "[D]"); None if a part is not a CMU phone, or none is a vowel."""
    tokens = tuple(f"[{phone}]" for phone in phones.split())
    has_vowel = any(token[1] in "AEIOU" for token in tokens)
    return tokens if has_vowel and all(token in CMU_PHONEMES for token in tokens) else None


def phones_of_ipa(text: str) -> tuple[str, ...] | None:
    """ "ˈwiːnə" -> ("W", "IY1", "N", "AH0"); None if it has a sound that English lacks, or no vowel.

    A stress mark counts for the next vowel. Without stress marks, the first full vowel is stressed.
    """
    sounds = unicodedata.normalize("NFD", text.strip().strip("/[]")).replace("aː", "ɑ").translate(_SPELLINGS)
    sounds = _IGNORED.sub("", sounds)
    phones: list[str] = []
    stress, position = "0", 0
    while position < len(sounds):
        if sounds[position] in _STRESS:
            stress = _STRESS[sounds[position]]
            position += 1
        elif sounds[position] in _SEPARATORS:
            position += 1
        else:
            symbol = _symbol_at(sounds, position)
            if symbol is None:
                return None
            first, *rest = _PHONES[symbol].split()
            phones += [first + stress if symbol in _VOWELS else first, *rest]
            stress = "0" if symbol in _VOWELS else stress
            position += len(symbol)
    return _stressed(phones)


def phones_of_x_sampa(text: str) -> tuple[str, ...] | None:
    """'"wi:n@' -> ("W", "IY1", "N", "AH0"); None if it has a sound that English lacks, or no vowel."""
    return phones_of_ipa(_X_SAMPA_SYMBOL.sub(lambda match: _X_SAMPA[match.group()], text))


def _symbol_at(sounds: str, position: int) -> str | None:
    sizes = range(_LONGEST, 0, -1)
    return next((symbol for size in sizes if (symbol := sounds[position : position + size]) in _PHONES), None)


def _stressed(phones: list[str]) -> tuple[str, ...] | None:
    """Stresses the first full vowel if no vowel is stressed; None if there is no vowel."""
    vowels = [index for index, phone in enumerate(phones) if phone[-1].isdigit()]
    full = next((index for index in vowels if phones[index] != "AH0"), None)
    if full is not None and all(phones[index][-1] == "0" for index in vowels):
        phones[full] = phones[full][:-1] + "1"
    return tuple(phones) if vowels else None
