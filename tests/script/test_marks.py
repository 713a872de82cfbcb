"""Marks of a book's source: pronunciations, aliases, emphasis, languages, voices, styles and rates."""

import pytest

from cosycli.documents.book import Alphabet, Mark, MarkKind
from cosycli.errors import UsageError
from cosycli.script import STYLES_V2
from tests.script.scripts_of_blocks import BARE, CAPABILITIES, block, mark, read, said_with, segments


def test_emphasis_where_the_model_has_it():
    assert said_with("A very big dog.", "very", MarkKind.EMPHASIS) == "A <strong>very</strong> big dog."
    assert said_with("A very big dog.", "very", MarkKind.EMPHASIS, capabilities=BARE) == "A very big dog."


def test_a_paragraph_in_italics_is_not_emphasized():
    assert said_with("A big dog.", "A big dog.", MarkKind.EMPHASIS) == "A big dog."


@pytest.mark.parametrize(
    ("text", "word", "value", "alphabet", "spoken"),
    [
        ("I read it.", "read", "R EH1 D", Alphabet.CMU, "I [R][EH1][D] it."),
        ("See Weena.", "Weena", "ˈwiːnə", Alphabet.IPA, "See [W][IY1][N][AH0]."),
        ("See Weena.", "Weena", '"wi:n@', Alphabet.X_SAMPA, "See [W][IY1][N][AH0]."),
        ("去银行吧。", "银行", "yin2 hang2", Alphabet.PINYIN, "去[y][ín][h][áng]吧。"),
        ("去银行吧。", "银行", "yínháng", Alphabet.RUBY, "去[y][ín][h][áng]吧。"),
        ("去银行吧。", "银行", "ㄧㄣˊ ㄏㄤˊ", Alphabet.RUBY, "去[y][ín][h][áng]吧。"),
        ("好吗。", "吗", "˙ㄇㄚ", Alphabet.RUBY, "好[m][a]。"),
        ("看狗吗。", "狗吗", "gou ma", Alphabet.RUBY, "看[g][ǒu][m][a]。"),
        ("今日は雨だ。", "今日", "きょう", Alphabet.RUBY, "きょうは雨だ。"),
    ],
)
def test_pronunciations(text, word, value, alphabet, spoken):
    assert said_with(text, word, MarkKind.PRONUNCIATION, value, alphabet) == spoken


@pytest.mark.parametrize(
    ("text", "word", "value", "alphabet"),
    [
        ("Der Bach.", "Bach", "bɑːχ", Alphabet.IPA),
        ("一只猫。", "猫", "cat", Alphabet.RUBY),
        ("去燕京。", "燕", "yan", Alphabet.RUBY),
        ("去银行。", "银行", "yín", Alphabet.RUBY),
    ],
)
def test_a_pronunciation_without_a_token_is_noted_and_read_as_written(text, word, value, alphabet):
    script = read(block(text, mark(text, word, MarkKind.PRONUNCIATION, value, alphabet)))
    assert [segment.text for _, _, segment in script.segments()] == [text]
    (note,) = script.chapters[0].script.notes
    assert value in note.message


def test_dots_above_characters_are_no_pronunciation():
    script = read(block("大事だ。", Mark(0, 2, MarkKind.PRONUNCIATION, "・・", Alphabet.RUBY)), language="ja")
    assert script.chapters[0].script.notes == ()


@pytest.mark.parametrize("capabilities", [CAPABILITIES, BARE])
@pytest.mark.parametrize(
    ("text", "word", "kind", "value", "alphabet", "words"),
    [
        ("I read it.", "read", MarkKind.PRONUNCIATION, "R EH1 D", Alphabet.CMU, "I read it."),
        ("See R2-D2.", "R2-D2", MarkKind.PRONUNCIATION, "AA1 R T UW1", Alphabet.CMU, "See R two-D two."),
        (
            "The W3C met.",
            "W3C",
            MarkKind.ALIAS,
            "World Wide Web Consortium",
            None,
            "The World Wide Web Consortium met.",
        ),
        ("So NATO it is.", "NATO", MarkKind.SAY_AS, "characters", None, "So N A T O it is."),
    ],
)
def test_the_words_are_those_that_the_sounds_say(text, word, kind, value, alphabet, words, capabilities):
    (segment,) = segments(block(text, mark(text, word, kind, value, alphabet)), capabilities=capabilities)
    assert segment.words == words


def test_a_model_without_phonemes_gets_a_respelling_noted_once():
    text = "I read it."
    marked = block(text, mark(text, "read", MarkKind.PRONUNCIATION, "R EH1 D", Alphabet.CMU))
    script = read(marked, marked, capabilities=BARE)
    assert [segment.text for _, _, segment in script.segments()] == ["I red it."] * 2
    assert len(script.chapters[0].script.notes) == 1


def test_an_alias_is_said_instead():
    spoken = said_with("The W3C met 3 men.", "W3C", MarkKind.ALIAS, "World Wide Web Consortium")
    assert spoken == "The World Wide Web Consortium met three men."
    assert said_with("See fig. A.", "fig. A", MarkKind.ALIAS, "the 2nd [figure]") == "See the second (figure)."


@pytest.mark.parametrize(
    ("written", "interpret_as", "spoken"),
    [
        ("NATO", "characters", "N A T O"),
        ("a1-b", "spell-out", "A one dash B"),
        ("1984", "cardinal", "one thousand nine hundred and eighty four"),
        ("3", "ordinal", "third"),
        ("1984", "digits", "one nine eight four"),
        ("0160 12", "telephone", "zero one six zero, one two"),
        ("5/6/2024", "date", "May sixth, twenty twenty four"),
        ("10:30", "time", "ten thirty"),
    ],
)
def test_say_as(written, interpret_as, spoken):
    assert said_with(f"So {written} it is.", written, MarkKind.SAY_AS, interpret_as) == f"So {spoken} it is."


def test_an_unknown_say_as_is_noted():
    script = read(block("A 3.", Mark(2, 3, MarkKind.SAY_AS, "riddle")))
    assert "'riddle'" in script.chapters[0].script.notes[0].message


def test_language_of_some_words():
    spoken = said_with("He said: 21 Hunde, and left 21 dogs.", "21 Hunde", MarkKind.LANGUAGE, "de")
    assert spoken == "He said: einundzwanzig Hunde, and left twenty one dogs."


def test_voice_style_and_rate_hold_for_their_characters():
    text = "One. Two. Three. Four."
    marks = [
        Mark(5, 22, MarkKind.VOICE, "ada"),
        Mark(10, 17, MarkKind.STYLE, "happy"),
        Mark(10, 17, MarkKind.RATE, "0.8"),
    ]
    assert [(s.text, s.voice, s.style, s.speed) for s in segments(block(text, *marks))] == [
        ("One.", None, None, 1.0),
        ("Two.", "ada", None, 1.0),
        ("Three.", "ada", STYLES_V2["happy"], 0.8),
        ("Four.", "ada", None, 1.0),
    ]


def test_a_voice_that_does_not_exist_is_an_error_that_names_the_place():
    with pytest.raises(UsageError, match=r"Chapter “One”, at “A dog\.”: There is no voice 'eve'") as caught:
        read(block("A dog.", Mark(0, 6, MarkKind.VOICE, "eve")))
    assert "ada, ben" in caught.value.hint


def test_names_around_a_pronunciation_are_read_as_names():
    assert said_with("He saw Dr. Weena. Weena left.", "Weena", MarkKind.ALIAS, "Weener") == (
        "He saw Doctor Weener. Weena left."
    )
