"""The pronunciation of a word, in whatever alphabet it is written, as the model's tokens."""

from __future__ import annotations

from cosycli.documents.book import Alphabet
from cosycli.script.ipa import phones_of_ipa, phones_of_x_sampa
from cosycli.script.phonemes import cmu_tokens
from cosycli.script.ruby import tokens_of_ruby

__all__ = ["tokens_of"]


def tokens_of(word: str, written: str, alphabet: Alphabet) -> tuple[str, ...] | None:
    """`("Weena", "ˈwiːnə", Alphabet.IPA)` -> `("[W]", "[IY1]", "[N]", "[AH0]")`.

    None where there are no tokens for its sounds, or pinyin has not one syllable for each Chinese character of `word`.
    """
    if alphabet in (Alphabet.PINYIN, Alphabet.RUBY):
        return tokens_of_ruby(word, written)
    if alphabet is Alphabet.CMU:
        return cmu_tokens(written)
    phones = phones_of_ipa(written) if alphabet is Alphabet.IPA else phones_of_x_sampa(written)
    return phones and tuple(f"[{phone}]" for phone in phones)
