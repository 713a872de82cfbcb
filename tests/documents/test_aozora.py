"""Texts of Aozora Bunko."""

import re

import pytest

from cosycli.documents.book import BlockKind
from cosycli.documents.plain_text import decode_book_text
from cosycli.documents.reading_policy import ReadingPolicy
from cosycli.documents.text_book import read_text_book
from tests.documents.accounts import left_out, marked, outline, texts, unaccounted

TEXT = """山の道
青空花子

-------------------------------------------------------
【テキスト中に現れる記号について】

《》：ルビ
-------------------------------------------------------

［＃３字下げ］上［＃「上」は大見出し］

　山路《やまみち》を登りながら、｜こう考《かんが》えた。
［＃改ページ］
［＃中見出し］一［＃中見出し終わり］

　腹がへっても［＃「へっても」に傍点］歩いた。
※［＃「口＋世」、U+546D］と〔e'tude〕と※［＃ローマ数字1、1-13-21］。

底本：「山の道」某社
"""


def read(text, *kinds):
    book = read_text_book(text, "yama.txt", ReadingPolicy(frozenset(kinds)))
    assert unaccounted(book) == 0
    return book


def test_title_author_and_chapters():
    book = read(TEXT)
    assert (book.metadata.title, book.metadata.authors, book.metadata.language) == ("山の道", ("青空花子",), "ja")
    assert outline(book) == [(1, "上"), (2, "一")]
    assert left_out(book)["copyright"] == 1


def test_readings_and_emphasis_are_marks():
    book = read(TEXT)
    assert "山路を登りながら、こう考えた。" in texts(book)
    assert marked(book) == [
        ("pronunciation", "やまみち", "山路"),
        ("pronunciation", "かんが", "こう考"),
        ("emphasis", "", "へっても"),
    ]


def test_characters_that_notes_describe_are_put_in():
    assert texts(read(TEXT))[-1] == "呭と〔étude〕とⅠ。"


def test_a_page_break_is_a_pause():
    assert BlockKind.SCENE_BREAK in [block.kind for block in read(TEXT).chapters[0].blocks]


@pytest.mark.parametrize("word", ["qu'il", "l'eau, la"])
def test_apostrophes_and_commas_are_not_accents(word):
    assert texts(read(f"題\n者\n\n漢字《かんじ》［＃改段］\n〔{word}〕\n"))[-1] == f"〔{word}〕"


def test_a_text_with_every_note_of_the_manual(shared):
    name = "aozora-chuki-sample-cp932.txt"
    text, warnings = decode_book_text((shared / "corpus/text" / name).read_bytes(), name)
    assert "cp932" in warnings[0]
    book = read(text)
    read_aloud = "\n".join(texts(book))
    assert "［＃" not in read_aloud
    assert re.findall("《.+?》", read_aloud) == ["《花がたみ》"]  # a title in quotes
    assert sum(kind == "pronunciation" for kind, _, _ in marked(book)) >= 100
    assert (2, "第一章 議論の本意を定る事") in outline(book)
