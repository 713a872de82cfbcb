"""Lexicons: how words and phrases are said wherever a book has them.

A lexicon is a YAML file, or a W3C Pronunciation Lexicon (PLS 1.0). The short form of YAML gives a pronunciation to each
word or phrase: CMU phones, IPA between slashes, or for Chinese characters pinyin.

    Weena: W IY1 N AH0
    Eloi: /ˈiːlɔɪ/
    银行: yínháng

The long form is a list, and can say more:

    - word: Dr. Moreau
      alias: Doctor Moreau      # these words are said instead
    - word: Polish
      say: P OW1 L IH0 SH
      case: exact               # not "polish"; otherwise capitals do not matter
    - word: read
      say: R EH1 D
      after: [had, have, has]   # only right after one of these words; `before:` is its mirror image
      language: en              # only where the text is in this language

Whole words are found, in Chinese, Japanese and Korean anywhere; English names also with a possessive 's. Of the words
that begin at the same place the longest counts; of several entries for it the one spelled as the text is, then the one
with the most conditions.
"""

from cosycli.script.lexicon.entries import Entry, Found, Lexicon
from cosycli.script.lexicon.pls import parse_pls
from cosycli.script.lexicon.reading import read_lexicon
from cosycli.script.lexicon.telling import Fit, Told, tell
from cosycli.script.lexicon.yaml_form import parse_yaml

__all__ = ["Entry", "Fit", "Found", "Lexicon", "Told", "parse_pls", "parse_yaml", "read_lexicon", "tell"]
