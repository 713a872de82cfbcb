"""The tags, phonemes and style names that the published models were trained on, as plain data.

The caller passes the tables of its model to `read_script`; the script stage itself never asks a model.
"""

from __future__ import annotations

from collections.abc import Mapping

from cosycli.folders import packaged_yaml

# CosyVoice 2 and 3 share these: `<x>` and `</x>` enclose words, `[x]` stands for a sound.
_TAGS = """
[accent] [breath] [clucking] [cough] [hissing] [laughter] [lipsmack] [mn] [noise] [quick_breath] [sigh]
[vocalized-noise] <laughter> </laughter> <strong> </strong>
"""
MODEL_TAGS = frozenset(_TAGS.split())
# The tags of CosyVoice-300M-Instruct, by the README of its repository.
TAGS_V1 = frozenset(["[breath]", "[laughter]", "<laughter>", "</laughter>", "<strong>", "</strong>"])

_CMU_VOWELS = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW"
_CMU_CONSONANTS = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH"
_INITIALS = "b p m f d t n l g k h j q x zh ch sh r z c s y w"
# Finals with the tone mark on the vowel; a bare final has the neutral tone (CosyVoice 3 vocabulary).
_FINALS = """
a ai an ang ao e ei en eng i ian in ing iu ià iàn iàng iào iá ián iáng iáo iè ié iòng ióng iù iú iā iān
iāng iāo iē iě iōng iū iǎ iǎn iǎng iǎo iǒng iǔ o ong ou u uang ue un uo uà uài uàn uàng uá uái
uán uáng uè ué uì uí uò uó uā uāi uān uāng uē uě uī uō uǎ uǎi uǎn uǎng uǐ uǒ vè à ài àn àng ào á ái án áng
áo è èi èn èng èr é éi én éng ér ì ìn ìng í ín íng ò òng òu ó óng óu ù ùn ú ún ā āi ān āng āo ē ēi ēn ēng ě ěi ěn ěng
ěr ī īn īng ō ōng ōu ū ūn ǎ ǎi ǎn ǎng ǎo ǐ ǐn ǐng ǒ ǒng ǒu ǔ ǔn ǘ ǚ ǜ
"""
PINYIN_INITIALS = frozenset(_INITIALS.split())
PINYIN_FINALS = frozenset(_FINALS.split())

CMU_PHONEMES = frozenset(
    [f"[{vowel}{stress}]" for vowel in _CMU_VOWELS.split() for stress in ("", "0", "1", "2")]
    + [f"[{consonant}]" for consonant in _CMU_CONSONANTS.split()]
)
PHONE_NAMES = f"{_CMU_VOWELS}, each with 0, 1 or 2 for its stress, and {_CMU_CONSONANTS}"  # for error messages
PHONEMES = CMU_PHONEMES | {f"[{piece}]" for piece in (*PINYIN_INITIALS, *PINYIN_FINALS)}

_STYLES = packaged_yaml(__package__, "styles.yaml")
STYLES_V2: Mapping[str, str] = _STYLES["v2"]
STYLES_V3: Mapping[str, str] = _STYLES["v3"]
RATES: Mapping[str, str] = _STYLES["rates"]
