"""Pronunciations in braces, over sentences of Wikipedia whose readings somebody marked."""

import json
import re

import pytest
from pypinyin.contrib.tone_convert import tone3_to_tone

from cosycli.documents.book import Alphabet
from cosycli.errors import UsageError
from cosycli.script import read_script
from cosycli.script.phonemes import tokens_of
from cosycli.script.vocabulary import CMU_PHONEMES, PHONEMES


@pytest.fixture
def vocabulary(golden_folder):
    tokens = json.loads((golden_folder / "phoneme_tokens_v3.json").read_text(encoding="utf-8"))
    return {"cmu": set(tokens["cmu"]), "pinyin": set(tokens["pinyin"])}


def cases(shared, name):
    return json.loads((shared / "corpus" / "pronunciation" / name).read_text(encoding="utf-8"))["cases"]


def spoken(text, phonemes, language):
    script = read_script(text, language=language, phonemes=phonemes)
    assert script.coverage.unaccounted == 0
    return " ".join(segment.text for segment in script.segments), script.notes


def with_brace(text, end, reading):
    return f"{text[:end]}{{{reading}}}{text[end:]}"


def test_the_vocabulary_is_the_published_one(vocabulary):
    assert vocabulary["cmu"] == CMU_PHONEMES
    assert vocabulary["cmu"] | vocabulary["pinyin"] == PHONEMES


def test_readings_of_polyphonic_characters_are_said_in_the_model_s_tokens(shared, vocabulary):
    said = 0
    for case in cases(shared, "zh_polyphones.json"):
        text = with_brace(case["text"], case["index"] + 1, case["pinyin"])
        if case["pinyin"] == "r5":  # what colours the syllable before it is none of its own
            with pytest.raises(UsageError, match="nearest is 'ér'"):
                read_script(text)
            continue
        said += 1
        told, _ = spoken(text, PHONEMES, "zh")
        tokens = re.findall(r"\[[^\]]+\]", told)
        assert set(tokens) <= vocabulary["pinyin"]
        syllable = tone3_to_tone(case["pinyin"].replace("u:", "v")).replace("v", "ü").replace("5", "")
        assert "".join(tokens).replace("][", "").strip("[]").replace("v", "ü") == syllable
    assert said == 790


def test_readings_of_homographs_are_said_in_the_model_s_tokens(shared, vocabulary):
    said = 0
    for case in cases(shared, "en_heteronyms.json"):
        sentence, start, end = case["sentence"], case["start"], case["end"]
        tokens = tokens_of(sentence[start:end], case["ipa"], Alphabet.IPA)
        if tokens is None:
            assert re.search(r"\d", case["ipa"])  # not IPA: a slip of the transcriber
            continue
        said += 1
        phones = " ".join(token.strip("[]") for token in tokens)
        told, _ = spoken(with_brace(sentence, end, phones), PHONEMES, "en")
        assert set(tokens) <= vocabulary["cmu"]
        assert "".join(re.findall(r"\[[A-Z]+\d?\]", told)) == "".join(tokens)
    assert said == 595


def test_models_without_tokens_say_something_alike_and_the_writer_is_told(shared):
    """Every homograph can be respelled; of the characters, those whose reading some common character shares."""
    for name, language in (("zh_polyphones.json", "zh"), ("en_heteronyms.json", "en")):
        for case in cases(shared, name)[::10]:
            if language == "zh":
                text = with_brace(case["text"], case["index"] + 1, case["pinyin"])
            else:
                word = case["sentence"][case["start"] : case["end"]]
                tokens = tokens_of(word, case["ipa"], Alphabet.IPA) or ("[AH0]",)
                text = with_brace(case["sentence"], case["end"], " ".join(token.strip("[]") for token in tokens))
            told, notes = spoken(text, (), language)
            assert "[" not in told
            assert any("is spoken as" in note.message for note in notes), text


def test_every_cmu_phone_can_be_written(vocabulary):
    for phone in sorted(vocabulary["cmu"]):
        assert spoken(f"so{{{phone.strip('[]')} AA1}}", PHONEMES, "en")[0] == f"{phone}[AA1]"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("A word{K AE1 T} more.", "A [K][AE1][T] more."),
        ("自行{xing2}车。", "自[x][íng]车。"),
        ("自行{xíng}车。", "自[x][íng]车。"),
        ("银行{yin2 hang2}关门。", "[y][ín][h][áng]关门。"),
        ("绿{lv4}色，绿{lǜ}色，绿{lu:4}色。", "[l][ǜ]色，[l][ǜ]色，[l][ǜ]色。"),
        ("好吗{ma5}？", "好[m][a]？"),
    ],
)
def test_the_tokens_of_cosyvoice_3(text, told):
    assert spoken(text, PHONEMES, "en")[0] == told


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("A word{K AE1 X} more.", "{K AE1 X} contains parts that are not CMU phones: X"),
        ("A word{K EA1 T} more.", "not CMU phones: EA1"),
        ("车{K AE1 T 行}。", "not CMU phones: 行"),
        ("自行{xing2 K AE1 T}车。", "mixes pinyin with CMU phones"),
        ("自行{AE1 xing2}车。", "mixes pinyin with CMU phones"),
        ("自行{zi4 xyng2}车。", "not pinyin syllables: xyng2"),
        ("a行{yin2 hang2}。", "2 syllables, but fewer Chinese characters"),
        ("自行{xyng2}车。", "not pinyin syllables: xyng2"),
        ("A word{K AE4 T} more.", "not CMU phones: AE4"),
        ("A word{k ae1 t} more.", "CMU phones in small letters"),
        ("A word {K AE1 T} more.", "follows no word"),
        ("In 4{F AO1 R} days.", "follows no word"),
        ("A word{K xing2} more.", "mixes pinyin with CMU phones"),
        ("自行{K AE1 T}车。", "gives CMU phones to Chinese or Japanese characters"),
    ],
)
def test_a_brace_that_is_meant_as_a_pronunciation_and_is_none_is_refused(text, mistake):
    with pytest.raises(UsageError) as error:
        read_script(f"First.\n{text}")
    assert mistake in error.value.what
    assert error.value.what.startswith("Line 2: {")
    assert "To have it read as text" in error.value.hint
    brace = text.index("{")
    assert read_script(f"{text[:brace]}\\{text[brace:]}").segments


@pytest.mark.parametrize("text", ["The set {A B}.", "{5}", "行{}", "f{x}", "item{A1}", "word{xing2}", "a{K T}"])
def test_other_braces_are_text_and_those_after_a_word_are_noted(text):
    script = read_script(f"So: {text} here.")
    assert [segment.text for segment in script.segments] == [
        segment.text for segment in read_script(f"So: {text} here.".replace("{", "\\{")).segments
    ]
    is_after_word = "{}" not in text and text[: text.index("{")][-1:].isalpha()
    assert [note.message.endswith("is read as text.") for note in script.notes] == [True] * is_after_word
