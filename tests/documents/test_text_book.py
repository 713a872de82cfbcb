"""Plain text as a book: chapters, lists of contents, Project Gutenberg's own words, lines and verse."""

import json
import random

import pytest

from cosycli.documents.book import BlockKind
from cosycli.documents.headings import Rank, read_heading
from cosycli.documents.plain_text import decode_book_text
from cosycli.documents.reading_policy import ReadingPolicy
from cosycli.documents.text_book import read_text_book
from tests.documents.accounts import left_out, marked, outline, texts, unaccounted

PROSE = """The road went over the hill and down into the valley, where the mist lay
white upon the water, and nobody had walked on it since the great flood of
the year before.

“Is it far?” she said.

"""
HAN_PROSE = "　　" + "山下有一条河，河边住着一个老人。" * 8 + "\n"


def read(text, *kinds, name="my_book.txt"):
    book = read_text_book(text, name, ReadingPolicy(frozenset(kinds)))
    assert unaccounted(book) == 0
    return book


@pytest.mark.parametrize(
    "line",
    [
        *("Chapter 3", "CHAPTER XIV.", "Chapter Twenty-One", "CHAPTER I. The Storm", "Chapter 4: in which we land"),
        *("Part One", "BOOK II", "Book the First--Recalled to Life", "Letter 4", "STAVE ONE", "Act II", "Second Act"),
        *("Prologue", "EPILOGUE.", "Epilogue: Home", "Preface", "Appendix B", "II. THE LONG ROAD"),
        *("Kapitel 2", "Zweites Kapitel", "Erster Teil", "Chapitre premier", "Première partie", "Capítulo 3: El mar"),
        *("Глава 3", "Часть первая", "第三章 风雪夜归人", "第十二回", "第一章风雪", "卷一", "楔子", "エピローグ"),
    ],
)
def test_lines_that_are_headings(line):
    heading = read_heading(line)
    assert heading
    assert heading.rank is not Rank.NUMERAL


@pytest.mark.parametrize(
    "line",
    [
        *("Chapter 3 was the best of them", "Part of the crew", "Book 3 of the series was bad", "Introduction to it"),
        *("He", "Act now", "Section", "第一章讲的是一个老人。", "Chapter 3,", "I am", "1. buy milk"),
    ],
)
def test_lines_that_are_prose(line):
    assert read_heading(line) is None


def chapters(*headings, text=PROSE):
    return "".join(f"{heading}\n\n{text}" for heading in headings)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (chapters("Chapter 1", "Chapter 2"), [(1, "Chapter 1"), (1, "Chapter 2")]),
        (chapters("I", "II", "III"), [(1, "I"), (1, "II"), (1, "III")]),
        (chapters("Prologue", "1", "2", "Epilogue"), [(1, "Prologue"), (1, "1"), (1, "2"), (1, "Epilogue")]),
        (
            chapters("PART I\n\nI.", "II.", "PART II\n\nI."),
            [(1, "PART I"), (2, "I."), (2, "II."), (1, "PART II"), (2, "I.")],
        ),
        (
            chapters("CHAPTER I\n\nThe Rain", "CHAPTER II\n\nThe Sun"),
            [(1, "CHAPTER I: The Rain"), (1, "CHAPTER II: The Sun")],
        ),
        (chapters("I.\nThe Rain", "II.\nThe Sun"), [(1, "my_book")]),
        (chapters("Chapter 1\nThe Rain", "Chapter 2\nThe Sun"), [(1, "Chapter 1 The Rain"), (1, "Chapter 2 The Sun")]),
        (
            chapters("CHAPTER I.\nThe Rain", "CHAPTER II.\nThe Sun"),
            [(1, "CHAPTER I. The Rain"), (1, "CHAPTER II. The Sun")],
        ),
        (chapters("I. THE RAIN\n\nI.", "II.", "II. THE SUN"), [(1, "I. THE RAIN"), (1, "II. THE SUN")]),
        (chapters("1. The Rain", "2. The Sun"), [(1, "1. The Rain"), (1, "2. The Sun")]),
        (f"{PROSE}1. Eggs\n\n2. Milk\n\n3. Flour\n\n{PROSE}", [(1, "my_book")]),
        (f"Chapter 1\n{PROSE}Chapter 2\n{PROSE}", [(1, "Chapter 1"), (1, "Chapter 2")]),
        (
            f"第一章 山\n{HAN_PROSE}第二章 水\n{HAN_PROSE}尾声\n{HAN_PROSE}",
            [(1, "第一章 山"), (1, "第二章 水"), (1, "尾声")],
        ),
        (f"{PROSE}12\n\nand so on\n\n13\n\nto the sea\n\n14\n\n{PROSE}", [(1, "my_book")]),
        (chapters("V"), [(1, "my_book")]),
        (PROSE, [(1, "my_book")]),
    ],
)
def test_chapters(text, expected):
    assert outline(read(text)) == expected


def test_numbers_within_chapters_are_headings_of_sections():
    book = read(chapters("Chapter 1\n\n1", "2", "Chapter 2\n\n1"))
    assert outline(book) == [(1, "Chapter 1"), (1, "Chapter 2")]
    headings = [(b.level, b.text) for c in book.chapters for b in c.blocks if b.kind is BlockKind.HEADING]
    assert headings == [(1, "Chapter 1"), (2, "1"), (2, "2"), (1, "Chapter 2"), (2, "1")]


@pytest.mark.parametrize(
    ("entries", "headings"),
    [
        ("Contents\n\nI Rain\nII Sun\n\n", ["I\n\nRain", "II\n\nSun"]),
        ("CONTENTS\n\nChapter 1 ..... 3\n\nChapter 2 ..... 14\n\n", ["Chapter 1", "Chapter 2"]),
        ("Inhalt\n\nRegen\nSonne\n\n", ["REGEN", "SONNE"]),
        ("Contents\n\n1. Rain\n2. Sun\n\n", ["Chapter 1: Rain", "Chapter 2: Sun"]),
        ("Chapter 1\nChapter 2\nChapter 3\n\n", ["Chapter 1", "Chapter 2", "Chapter 3"]),
    ],
)
def test_a_list_of_contents_is_not_chapters(entries, headings):
    book = read(entries + chapters(*headings))
    assert len(book.chapters) == len(headings)
    assert left_out(book) == {"contents": 1}
    first_entry = entries.split("\n\n")[-2].split("\n")[0]
    assert first_entry in "\n".join(texts(read(entries + chapters(*headings), "contents")))


def test_a_preface_before_the_list_of_contents_is_a_chapter():
    entries = "Contents\n\nChapter 1\nChapter 2\n\n"
    book = read(chapters("Preface") + entries + chapters("Chapter 1", "Chapter 2"))
    assert outline(book) == [(1, "Preface"), (1, "Chapter 1"), (1, "Chapter 2")]
    assert left_out(book) == {"contents": 1}


def test_title_and_author_of_a_title_page():
    book = read(f"The Long Road\nby Ada Byron\n\n{chapters('Chapter 1', 'Chapter 2')}")
    assert (book.metadata.title, book.metadata.authors) == ("The Long Road", ("Ada Byron",))
    assert left_out(book) == {"title-page": 1}
    assert "by Ada Byron" in texts(read(f"The Long Road\n\nby Ada Byron\n\n{chapters('I', 'II')}", "title-page"))


def test_text_before_the_first_chapter_is_a_chapter_if_it_is_more_than_a_title_page():
    assert outline(read(PROSE + chapters("Chapter 1", "Chapter 2")))[0] == (1, "my_book")


def test_lines_are_joined_but_verse_keeps_them():
    verse = "Over the hill\nthe wind goes by\nand no one knows"
    blocks = read(f"{verse}\n\n{PROSE}").chapters[0].blocks
    assert (blocks[0].kind, blocks[0].text) == (BlockKind.VERSE, verse)
    assert blocks[1].text.startswith("The road went over the hill and down into the valley, where the mist lay white")
    assert texts(read("山下有一条河，河边住着一个老人，他每天都\n" * 4))[0].count("\n") == 0
    korean = "산 아래에 강이 있고 그 곁에 노인이 살고 있었다. 오늘은 날씨가 좋고 바람도 구름도\n" * 4
    assert "구름도 산 아래에" in texts(read(korean))[0]


def test_lines_longer_than_any_page_are_paragraphs_if_they_end_like_them():
    whole = (
        "The road went over the hill and down into the valley, where the mist lay white upon the water at dawn. " * 2
    )
    assert len(texts(read(f"{whole}\n{whole}\n{whole}\n"))) == 3
    assert len(texts(read(f"{whole}\nand {whole} of the\n{whole} and the\n".replace(". \n", "\n")))) == 1


def test_paragraphs_told_apart_by_indents():
    first, second = (
        "  The road went over the hill and down into\nthe valley.\n",
        "  Is it far, she said to him, and he did\nnot know.\n",
    )
    assert len(texts(read(first + second))) == 2
    assert len(texts(read(HAN_PROSE * 2))) == 2


def test_page_numbers_are_not_read():
    text = f"{PROSE}12\n\nand so on\n\n- 13 -\n\nto the sea\n\n14\n\n{PROSE}"
    assert left_out(read(text)) == {"page-numbers": 3}
    assert not any(block.isdecimal() for block in texts(read(text)))
    assert "12" in texts(read(text, "page-numbers"))


def test_scene_breaks_and_underscores():
    book = read(f"{PROSE}* * *\n\nIt was _very_ late, my_file said.\n")
    assert [block.kind for block in book.chapters[0].blocks][-2] is BlockKind.SCENE_BREAK
    assert texts(book)[-1] == "It was very late, my_file said."
    assert marked(book) == [("emphasis", "", "very")]
    assert left_out(book) == {"scene-breaks": 1, "markup": 1}


GUTENBERG = f"""The Project Gutenberg eBook of The Long Road

Title: The Long Road
       and the Short

Author: Ada Byron and Charles B.

Release Date: May 1, 2004 [EBook #123]

Language: English

*** START OF THE PROJECT GUTENBERG EBOOK THE LONG ROAD ***

Produced by somebody
and others

CHAPTER I.

She left.[1] He stayed [2].

[Illustration: The _long_ road]

[Footnote 1: In spring,
as they say.

Or in autumn.]

[2] At home.

CHAPTER II.

{PROSE}
End of the Project Gutenberg EBook of The Long Road

*** END OF THE PROJECT GUTENBERG EBOOK THE LONG ROAD ***

Licence.
"""


def test_what_project_gutenberg_adds_is_left_out():
    book = read(GUTENBERG)
    assert book.metadata.title == "The Long Road and the Short"
    assert book.metadata.authors == ("Ada Byron", "Charles B.")
    assert (book.metadata.language, book.metadata.identifiers) == ("en", ("https://www.gutenberg.org/ebooks/123",))
    assert outline(book) == [(1, "CHAPTER I."), (1, "CHAPTER II.")]
    assert texts(book)[1:3] == ["She left. He stayed.", "The long road"]
    assert (book.notes_count, book.obeys_markup) == (2, False)
    assert left_out(book) == {"licence": 2, "note-marks": 2, "notes": 3, "markup": 2}
    assert "[2] At home." in texts(read(GUTENBERG, "notes"))
    assert texts(read(GUTENBERG, "licence"))[-1] == "Licence."


def test_the_words_under_a_picture_end_with_their_bracket():
    picture = "[Illustration:\n\nTHE ROAD\n\nby C. B.]\n\n"
    text = GUTENBERG.replace("She left.[1]", f"{picture}She left.[1]")
    figures = [b.text for c in read(text).chapters for b in c.blocks if b.kind is BlockKind.FIGURE]
    assert figures == ["THE ROAD", "by C. B.", "The long road"]
    unclosed = GUTENBERG.replace("She left.[1]", "[Illustration: The road\n\nShe left.[1]")
    assert "She left. He stayed." in texts(read(unclosed))


def test_the_project_s_texts_have_exactly_their_chapters(shared):
    folder = shared / "corpus/text"
    for facts in json.loads((folder / "expected.json").read_text())["files"]:
        if "chapter_heading_lines" not in facts:
            continue
        data = (folder / facts["file"]).read_bytes()
        text, _ = decode_book_text(data, facts["file"])
        book = read(text, name=facts["file"])
        numbers = [heading for _, heading in facts["chapter_heading_lines"]]
        assert [chapter.blocks[0].text for chapter in book.chapters] == numbers
        assert book.metadata.language == facts["language"]
        words = sum(len(block.split()) for block in texts(book))
        assert words == pytest.approx(facts["words_between_markers"], rel=0.01)


def test_titles_below_numbers_are_part_of_the_chapter_s_title(shared):
    name = "pg35-the-time-machine-utf8.txt"
    book = read((shared / "corpus/text" / name).read_text(encoding="utf-8"), name=name)
    assert outline(book)[2] == (1, "III: The Time Traveller Returns")
    assert outline(book)[16] == (1, "Epilogue")
    assert left_out(book) == {"title-page": 1, "contents": 1, "markup": 23, "licence": 2}


PIECES = [
    *(
        "\n",
        "\n\n",
        "\n\n\n",
        "\r\n",
        "\f",
        "\u3000",
        "  ",
        "\x85",
        "\u2028",
        "I",
        "II.",
        "1",
        "2",
        "Chapter 1",
        "Prologue",
    ),
    *("Contents", "Part One", "第一章 x", "* * *", "---", "by A B", "“Hi”", "_em_", "_", "e\u0301", "[1] ", "]"),
    *("[Footnote 1: x", "[Illustration: y]", "words that go on and on for a while ", "Title: T\n", "底本：z\n"),
    *("*** START OF THIS PROJECT GUTENBERG EBOOK X ***\n", "*** END OF THIS PROJECT GUTENBERG EBOOK X ***\n"),
    *(
        "漢字《かんじ》",
        "｜",
        "［",
        "］",
        "［＃「字」に傍点］",
        "［＃改ページ］",
        "［＃「x」は大見出し］",
        "［＃中見出し］",
        "［＃中見出し終わり］",
    ),
    *("※［＃x、U+546D］", "〔e'tude〕"),
]


def test_any_text_at_all_is_read_and_accounted_for():
    draw = random.Random(5)
    for _ in range(400):
        text = "".join(draw.choice(PIECES) for _ in range(draw.randrange(50)))
        book = read_text_book(
            text, "a.txt", ReadingPolicy(frozenset(draw.sample(["contents", "notes", "title-page"], 1)))
        )
        assert unaccounted(book) == 0, text
        assert all(0 <= m.start < m.end <= len(b.text) for c in book.chapters for b in c.blocks for m in b.marks), text
