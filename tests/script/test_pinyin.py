"""Syllables of Mandarin, and Chinese characters in their context, as the tokens of CosyVoice 3."""

import json
import re
import unicodedata

import pytest
from pypinyin.constants import PINYIN_DICT
from pypinyin.contrib.tone_convert import to_tone3

from cosycli.errors import UsageError
from cosycli.script import read_script
from cosycli.script.pinyin import explain_missing, missing_syllables, pinyin_tokens, spell_hanzi

SYLLABLES = sorted({syllable for readings in PINYIN_DICT.values() for syllable in readings.split(",")})


@pytest.mark.parametrize(
    ("pinyin", "tokens"),
    [
        ("hǎo", "[h][ǎo]"),
        ("yínháng", "[y][ín][h][áng]"),
        ("xī'ān", "[x][ī][ān]"),
        ("xi1 an1", "[x][ī][ān]"),
        ("lǜ", "[l][ǜ]"),
        ("lv4", "[l][ǜ]"),
        ("lu:4", "[l][ǜ]"),
        ("lüè", "[l][vè]"),
        ("lue4", "[l][vè]"),
        ("nve4", "[n][vè]"),
        ("jü2", "[j][ú]"),
        ("qv4", "[q][ù]"),
        ("yuán", "[y][uán]"),
        ("ér", "[ér]"),
        ("de5", "[d][e]"),
        ("ma0", "[m][a]"),
        ("péng you5", "[p][éng][y][ou]"),
    ],
)
def test_ways_to_write_a_syllable(pinyin, tokens):
    assert "".join(token for syllable in pinyin_tokens(pinyin) for token in syllable) == tokens


@pytest.mark.parametrize("pinyin", ["", "hello", "hao", "hao9", "xq3", "好", "ǎo" * 40])
def test_what_is_not_pinyin(pinyin):
    assert pinyin_tokens(pinyin) is None
    assert explain_missing(pinyin) == ""


def test_every_syllable_has_tokens_or_is_named_with_the_nearest_that_has():
    assert len(SYLLABLES) > 1500
    missing = [syllable for syllable in SYLLABLES if pinyin_tokens(digits(syllable)) is None]
    assert len(missing) < 40
    for syllable in missing:
        (nearest,) = missing_syllables(digits(syllable)).values()
        assert pinyin_tokens(nearest), syllable


def test_marks_digits_and_every_writing_of_u_umlaut_give_the_same_tokens():
    for syllable in SYLLABLES:
        tokens = pinyin_tokens(digits(syllable))
        if not syllable.isascii():
            assert pinyin_tokens(syllable) == tokens, syllable
            assert pinyin_tokens(unicodedata.normalize("NFD", syllable)) == tokens, syllable
        for umlaut in ("v", "u:"):
            assert pinyin_tokens(digits(syllable).replace("ü", umlaut)) == tokens, syllable


def test_tokens_are_those_of_the_published_vocabulary(golden_folder):
    vocabulary = set(json.loads((golden_folder / "phoneme_tokens_v3.json").read_text(encoding="utf-8"))["pinyin"])
    made = {token for syllable in SYLLABLES for tokens in pinyin_tokens(digits(syllable)) or () for token in tokens}
    assert made <= vocabulary
    assert vocabulary - made == {"[ue]"}


@pytest.mark.parametrize(
    ("pinyin", "nearest"),
    [
        ("jie5", "jiè"),
        ("r5", "ér"),
        ("er5", "ér"),
        ("huār", "huā ér"),
        ("yi1 dianr3", "diǎn ér"),
        ("ńg", "én"),
        ("hm5", "hèng"),
        ("lüě", "lüè"),
    ],
)
def test_the_nearest_syllable(pinyin, nearest):
    assert list(missing_syllables(pinyin).values()) == [nearest]
    assert nearest in explain_missing(pinyin)


def test_a_brace_with_a_missing_syllable_is_refused_by_name():
    with pytest.raises(UsageError, match=r"Line 1: \{jie5\} cannot be pronounced") as error:
        read_script("别家{jie5}来。")
    assert "'jie5'; the nearest is 'jiè'" in error.value.what


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("银行，行走。", "[y][ín][h][áng]，[x][íng][z][ǒu]。"),
        ("音乐，快乐。", "[y][īn][y][uè]，[k][uài][l][è]。"),
        ("重庆，重要。", "[ch][óng][q][ìng]，[zh][òng][y][ào]。"),
        ("长大，长度。", "[zh][ǎng][d][à]，[ch][áng][d][ù]。"),
        ("还钱，还是。", "[h][uán][q][ián]，[h][ái][sh][ì]。"),
        ("睡着了，看着你。", "[sh][uì][zh][áo][l][e]，[k][àn][zh][e][n][ǐ]。"),
        ("女儿绿了。", "[n][ǚ][ér][l][ǜ][l][e]。"),
        ("龘", "[d][á]"),
        ("二〇二四年", "[èr][l][íng][èr][s][ì][n][ián]"),
        ("Ada 3 かな", "Ada 3 かな"),
        ("", ""),
    ],
)
def test_characters_are_read_in_context(text, spelled):
    assert spell_hanzi(text) == spelled


@pytest.mark.parametrize(("text", "spelled"), [("嗯。", "[én]。"), ("一会儿", "[y][ī][h][uì][ér]")])
def test_a_reading_without_tokens_takes_the_nearest(text, spelled):
    assert spell_hanzi(text) == spelled


def test_a_character_without_a_reading_stays():
    assert spell_hanzi("人㐂人") == "[r][én]㐂[r][én]"


@pytest.mark.parametrize(
    ("traditional", "simplified"),
    [
        ("銀行行長", "银行行长"),
        ("頭髮，發展。", "头发，发展。"),
        ("音樂很快樂。", "音乐很快乐。"),
        ("為什麼參差不齊？", "为什么参差不齐？"),
        ("她長大後回重慶。", "她长大后回重庆。"),
        ("他看著著名的畫。", "他看着著名的画。"),
        ("乾隆愛吃餅乾，衣服乾了。", "乾隆爱吃饼干，衣服甘了。"),
    ],
)
def test_traditional_characters_are_read_as_simplified_ones(traditional, simplified):
    assert spell_hanzi(traditional) == spell_hanzi(simplified)


def test_polyphonic_characters_of_an_encyclopedia(shared):
    """Every reading of a character counts alike here, however rare it is."""
    path = shared / "corpus" / "pronunciation" / "zh_polyphones.json"
    cases = json.loads(path.read_text(encoding="utf-8"))["cases"]
    syllable = re.compile(r"(?:\[(?:[bpmfdtnlgkhjqxrcsyw]|[zcs]h?)\])?\[[^\]]+\]|.")
    right = 0
    for case in cases:
        pinyin = case["pinyin"]
        (tokens,) = pinyin_tokens(missing_syllables(pinyin).get(pinyin, pinyin))
        read = syllable.findall(spell_hanzi(case["text"]))
        assert len(read) == len(case["text"])
        right += read[case["index"]] == "".join(tokens)
    assert right / len(cases) > 0.72


def digits(syllable):
    """ "lǜ" -> "lü4"; what pypinyin cannot convert stays as it is."""
    return to_tone3(syllable, v_to_u=True, neutral_tone_with_five=True)
