import gzip
from unicodedata import category, east_asian_width

import pytest

from cosycli.documents.book import Chapter
from cosycli.errors import InputError
from cosycli.publish.subtitles import (
    LINE_COLUMNS,
    Cue,
    LrcTags,
    chapter_cues,
    divide,
    lines_of,
    to_lrc,
    to_srt,
    to_vtt,
    write_subtitles,
)
from tests.publish.told_book import PAUSE_S, SEGMENT_S, book_of, heading, paragraph, tell

LONG = (
    "The boats lay on the sand all winter, upside down and covered with old sails, and nobody came to look at them "
    "until the ice began to sing."
)
LAKE = Chapter("The Lake", 1, (heading("The Lake"), paragraph(LONG)))
SHORE = Chapter("The Shore", 1, (heading("The Shore"), paragraph("It cost $5 to cross.")))


def test_cues_hold_what_is_printed_at_the_times_it_is_spoken(tmp_path):
    book = book_of(SHORE)
    told = tell(book, tmp_path / "book.m4b")
    assert list(chapter_cues(book.chapters[0], told.chapters[0])) == [
        Cue("The Shore", 0.75, 3.75),
        Cue("It cost $5 to cross.", 4.25, 7.25),
    ]


def test_the_time_of_a_long_segment_is_shared_by_length(tmp_path):
    book = book_of(LAKE)
    told = tell(book, tmp_path / "book.m4b")
    title, first, second = chapter_cues(book.chapters[0], told.chapters[0])
    assert first.text + " " + second.text == LONG
    assert first.start_s == title.end_s + PAUSE_S
    assert first.end_s == second.start_s
    assert second.end_s == pytest.approx(first.start_s + SEGMENT_S)
    share = (first.end_s - first.start_s) / SEGMENT_S
    assert share == pytest.approx(len(first.text) / len(LONG), abs=0.02)


def test_marks_of_the_notation_are_not_shown(tmp_path):
    text = "I read{R EH1 D} it twice. [voice: michael]So did I.[/voice]"
    book = book_of(Chapter("", 1, (paragraph(text),)), obeys_markup=True)
    told = tell(book, tmp_path / "book.m4b")
    cues = chapter_cues(book.chapters[0], told.chapters[0])
    assert [cue.text for cue in cues] == ["I read it twice.", "So did I."]


def test_a_book_that_has_no_notation_keeps_its_brackets(tmp_path):
    text = "The set {A, B} is shown in [voice: two]."
    book = book_of(Chapter("", 1, (paragraph(text),)))
    told = tell(book, tmp_path / "book.m4b")
    assert [cue.text for cue in chapter_cues(book.chapters[0], told.chapters[0])] == [text]


def test_srt():
    cues = [Cue("One.", 0.0, 1.5), Cue("When the fog had lifted, we saw the other shore.", 359999.9996, 360001.25)]
    assert to_srt(cues) == (
        "1\n00:00:00,000 --> 00:00:01,500\nOne.\n\n"
        "2\n100:00:00,000 --> 100:00:01,250\nWhen the fog had lifted,\nwe saw the other shore.\n"
    )


def test_srt_text_cannot_be_taken_for_times_or_tags():
    text = to_srt([Cue(r"a --> b <i>c</i> {\an8}", 0, 1)]).splitlines()[2]
    assert "-->" not in text
    assert "<i>" not in text
    assert "{\\" not in text
    assert text.replace("\u2060", "") == r"a --> b <i>c</i> {\an8}"


def test_vtt():
    assert to_vtt([Cue("Tom & Ada --> <home>", 1.0, 2.0), Cue("Two.", 2.0, 3.0)]) == (
        "WEBVTT\n\n"
        "00:00:01.000 --> 00:00:02.000\nTom &amp; Ada --&gt; &lt;home&gt;\n\n"
        "00:00:02.000 --> 00:00:03.000\nTwo.\n"
    )


def test_lrc():
    cues = [Cue("When the fog had lifted, we saw the other shore.", 1.234, 3.0), Cue("[12] said no.", 6003.0, 6004.5)]
    assert to_lrc(cues, LrcTags("The Lake [one]", "Ada Example", "")) == (
        "[ti:The Lake [one)]\n[ar:Ada Example]\n"
        "[00:01.23]When the fog had lifted, we saw the other shore.\n[100:03.00] [12] said no.\n[100:04.50]\n"
    )


def test_a_book_in_one_file_gets_one_file_of_timed_text(tmp_path):
    book = book_of(SHORE, LAKE)
    told = tell(book, tmp_path / "The Lake.m4b")
    assert write_subtitles(book, told, book.book.metadata, "srt") == [tmp_path / "The Lake.srt"]
    lines = (tmp_path / "The Lake.srt").read_text(encoding="utf-8").splitlines()
    assert lines[0:3] == ["1", "00:00:00,750 --> 00:00:03,750", "The Shore"]
    assert "The Lake" in lines


def test_chapters_in_files_of_their_own_get_one_each(tmp_path):
    book = book_of(SHORE, LAKE)
    files = tmp_path / "1.mp3", tmp_path / "2.mp3"
    assert write_subtitles(book, tell(book, *files), book.book.metadata, "lrc") == [
        tmp_path / "1.lrc",
        tmp_path / "2.lrc",
    ]
    first, second = (file.with_suffix(".lrc").read_text(encoding="utf-8").splitlines() for file in files)
    assert first[:4] == ["[ti:The Shore]", "[ar:Ada Example]", "[al:The Lake]", "[00:00.75]The Shore"]
    assert second[3] == "[00:00.75]The Lake"


def test_what_cannot_be_written_is_named_and_leaves_nothing(tmp_path):
    book = book_of(SHORE)
    with pytest.raises(InputError, match=r"book.vtt could not be written"):
        write_subtitles(book, tell(book, tmp_path / "missing" / "book.m4b"), book.book.metadata, "vtt")
    assert list(tmp_path.iterdir()) == []


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


def columns_of(text):
    """As a terminal shows it: marks on a letter and what joins two signs take no room."""
    room = [0 if category(char) in ("Mn", "Me", "Cf") else 1 + (east_asian_width(char) in "WF") for char in text]
    return sum(room)


def test_chinese_takes_two_columns_and_breaks_without_spaces():
    text = "湖水很静，船都停在岸边。冬天没有人来，只有几只鸟站在冰上，等着春天慢慢地回来，等着孩子们再来给船刷上蓝色。"
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
