"""How a text is parted into segments, and the pauses between them."""

import pytest

from cosycli.script import PHONEMES, Pauses, read_script
from cosycli.script.timing import seconds_of_tokens

SENTENCE = "The old man walked slowly down the hill, and he did not look back once."  # about 4.5 s


def texts(text, **options):
    return [segment.text for segment in read_script(text, **options).segments]


def test_short_sentences_are_joined_and_long_ones_divided():
    for text in (SENTENCE + " ", "Go. ", SENTENCE.replace(".", ", ")):
        script = read_script(text * 30)
        seconds = [seconds_of_tokens(segment.text) for segment in script.segments]
        assert max(seconds) <= 15
        assert min(seconds) >= 6


@pytest.mark.parametrize("text", [f"Yes. {SENTENCE * 2}", f"{SENTENCE} {SENTENCE} {SENTENCE[:-1]}, it is said. No."])
def test_a_one_word_sentence_is_not_left_alone(text):
    assert all(len(segment.split()) > 1 for segment in texts(text))


def test_a_one_word_paragraph_is_left_alone():
    assert texts(f"{SENTENCE}\n\nYes.\n\n{SENTENCE}") == [SENTENCE, "Yes.", SENTENCE]


def test_a_long_sentence_is_cut_at_clause_marks():
    for segment in texts(("and when they came to the river, they stopped; " * 20).strip()):
        assert segment.endswith((",", ";"))


@pytest.mark.parametrize("character", ["a", "a ", "中", "か", "!", "“", "[", "a\n", "1,", "。", "a. "])
def test_any_length_without_a_stop(character):
    """None is lost, and no segment is too long."""
    script = read_script(character * (20_000 // len(character)) + "x")
    assert script.coverage.unaccounted == 0
    assert max(seconds_of_tokens(segment.text) for segment in script.segments) <= 15.5
    if character.strip(" \n").isalpha():
        letter = character.strip()
        assert sum(segment.text.count(letter) for segment in script.segments) == script.source.count(letter)


def test_words_are_not_cut_where_there_are_spaces():
    words = [f"{'abcdefgh'[i % 8]}word" for i in range(2000)]
    assert " ".join(texts(" ".join(words))).split() == words


def test_hard_wrapped_lines_are_joined_and_verse_is_not():
    wrapped = (
        "The ferry had left the harbour an hour before, and now the\nlights of the town went out one by one\nbehind it."
    )
    assert texts(wrapped) == [wrapped.replace("\n", " ")]
    assert texts("The Raven\nby a poet\nof note") == ["The Raven, by a poet, of note"]
    assert texts("床前明月光\n疑是地上霜") == ["床前明月光，疑是地上霜"]
    line = "他在山里住了很多年从来没有下过山也没有见过外面的世界"
    assert texts(f"{line}\n{line}\n") == [f"{line}{line}"]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r", "\u2028"])
def test_every_line_end_is_understood(line_end):
    assert texts(f"One.{line_end}Two.{line_end}{line_end}Three.") == ["One. Two.", "Three."]


def test_pauses_by_boundary():
    pauses = Pauses(cut_s=0.01, clause_s=0.1, sentence_s=0.4, paragraph_s=0.9)
    long_clauses = "and when they came to the river they stopped to drink, " * 5
    script = read_script(f"{SENTENCE * 3}\n\n{long_clauses}end. Next [voice: ada]she said.[/voice]", pauses=pauses)
    by_text = {segment.text.split()[-1]: segment.pause_after_s for segment in script.segments}
    assert by_text["once."] == 0.9
    assert by_text["drink,"] == 0.1
    assert by_text["Next"] == 0.1
    assert by_text["said."] == 0.9


def test_a_scene_break_is_a_paragraph_pause():
    assert texts("One.\n\n* * *\n\nTwo.") == ["One.", "Two."]


def test_segments_name_their_source_and_language():
    source = "Good evening.\n\n晚上好。"
    segments = read_script(source).segments
    assert [source[slice(*segment.source)] for segment in segments] == ["Good evening.", "晚上好。"]
    assert [segment.language for segment in segments] == ["en", "zh"]
    assert read_script("Guten Abend", language="de").segments[0].language == "de"


def test_cantonese_is_cut_and_counted_as_chinese_is_and_keeps_its_name():
    text = "今日系12號，佢哋行咗3公里。" * 8
    (first, *_), (chinese, *_) = (read_script(text, language=language).segments for language in ("yue", "zh"))
    assert (first.language, chinese.language) == ("yue", "zh")
    assert first.text == chinese.text
    assert "十二" in first.text
    assert first.text.endswith("。")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I read{R EH1 D} it.", "I read it."),
        ("Don’t{D OW1 N T} pay $5.", "Don't pay five dollars."),
        ("去银行{yin2 hang2}吧。", "去银行吧。"),
        ("我用iPhone{AY1 F OW2 N}。", "我用iPhone。"),
        ("[laughter] You <strong>did</strong> [breath] what?", "You did what?"),
        ("[breath]", None),
    ],
)
@pytest.mark.parametrize("phonemes", [PHONEMES, frozenset()])
def test_the_words_of_a_segment_have_no_tags_and_no_sounds(text, words, phonemes):
    segments = read_script(text, phonemes=phonemes).segments
    assert [segment.words for segment in segments] == [words or ""]


def test_the_words_of_japanese_in_katakana_are_katakana():
    (segment,) = read_script("猫と犬。", language="ja", katakana=True).segments
    assert segment.words == segment.text == "ネコ ト イヌ。"
