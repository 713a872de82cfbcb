"""A pronunciation in whatever alphabet it is written, as the model's tokens."""

from __future__ import annotations

from cosycli.documents.book import Alphabet
from cosycli.script.ipa import phones_of_ipa, phones_of_x_sampa
from cosycli.script.phonemes import cmu_tokens, pinyin_tokens

__all__ = ["tokens_of"]


def tokens_of(written: str, alphabet: Alphabet) -> tuple[str, ...] | None:
    """`("ˈwiːnə", Alphabet.IPA)` -> `("[W]", "[IY1]", "[N]", "[AH0]")`; None where no token has that sound."""
    if alphabet is Alphabet.CMU:
        return cmu_tokens(written)
    if alphabet in (Alphabet.IPA, Alphabet.X_SAMPA):
        phones = phones_of_ipa(written) if alphabet is Alphabet.IPA else phones_of_x_sampa(written)
        return phones and tuple(f"[{phone}]" for phone in phones)
    syllables = pinyin_tokens(written)
    return tuple(token for syllable in syllables for token in syllable) if syllables else None
