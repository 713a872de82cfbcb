import gzip

import pytest

from cosycli.audio.line_breaks import LINE_COLUMNS, columns_of, divide, lines_of


def test_a_short_text_is_one_line():
    assert divide("The lake was still.") == ["The lake was still."]
    assert lines_of("The lake was still.") == ["The lake was still."]


def test_lines_end_at_clauses_where_they_can():
    assert lines_of("When the fog had lifted, we saw the other shore.") == [
        "When the fog had lifted,",
        "we saw the other shore.",
    ]


def test_a_long_sentence_is_divided_at_the_best_places():
    text = (
        "The boats lay on the sand all winter, upside down and covered with old sails, "
        "and nobody came to look at them. In spring the children painted them blue."
    )
    assert divide(text) == [
        "The boats lay on the sand all winter, upside down and covered with old sails,",
        "and nobody came to look at them. In spring the children painted them blue.",
    ]


def test_chinese_takes_two_columns_and_breaks_without_spaces():
    text = "湖水很静，船都停在岸边。冬天没有人来，只有几只鸟站在冰上，等着春天慢慢地回来，等着孩子们再来给船刷上蓝色。"
    assert columns_of("湖水，a") == 7
    for cue in divide(text):
        assert all(columns_of(line) <= LINE_COLUMNS for line in lines_of(cue))
        assert all(line[-1] in "，。" for line in lines_of(cue))
    assert "".join(divide(text)) == text


def test_no_line_starts_with_a_closing_mark_or_ends_with_an_opening_one():
    text = "他说「" + "很好」「" * 30 + "再见」。"
    for cue in divide(text):
        for line in lines_of(cue):
            assert line[0] not in "」。"
            assert line[-1] != "「"


@pytest.mark.parametrize(
    "text",
    [
        "x" * 500,
        "https://example.org/" + "path/" * 40,
        "e\u0301" * 200,
        "한국어 문장은 낱말 사이를 띄어 쓴다 " * 10,
        "👩‍👩‍👧 " * 60,
    ],
)
def test_any_text_fits_and_nothing_is_lost(text):
    text = text.strip()
    cues = divide(text)
    assert "".join("".join(cues).split()) == "".join(text.split())
    for cue in cues:
        assert all(columns_of(line) <= LINE_COLUMNS for line in lines_of(cue))


def test_an_accent_stays_on_its_letter():
    for cue in divide("e\u0301" * 200):
        assert all(line.startswith("e") for line in lines_of(cue))


def test_real_sentences_fit(shared):
    with gzip.open(shared / "corpus" / "text" / "train_en.txt.gz", "rt", encoding="utf-8") as file:
        sentences = [" ".join(next(file).split()) for _ in range(300)]
    for sentence in sentences:
        cues = divide(sentence)
        assert " ".join(cues) == sentence
        assert all(columns_of(line) <= LINE_COLUMNS for cue in cues for line in lines_of(cue))
