"""Single HTML files: saved pages and the books of Project Gutenberg."""

from __future__ import annotations

import pytest

from cosycli.documents.html import read_html
from cosycli.documents.reading_policy import ReadingPolicy
from cosycli.errors import InputError, UsageError
from tests.documents.accounts import left_out, texts, unaccounted


def read(text, encoding="utf-8", **policy):
    book = read_html(text.encode(encoding), "page.html", ReadingPolicy(**policy))
    assert unaccounted(book) == 0
    return book


def test_a_book_of_project_gutenberg(shared):
    data = (shared / "corpus/html/pg22367-die-verwandlung.htm").read_bytes()
    book = read_html(data, "pg22367.htm", ReadingPolicy())
    assert book.metadata.title == "Die Verwandlung, by Franz Kafka—A Project Gutenberg eBook"
    assert (book.metadata.authors, book.metadata.language) == (("Franz Kafka",), "de")
    assert [chapter.title for chapter in book.chapters] == ["I.", "II.", "III."]
    assert book.chapters[0].blocks[1].text.startswith("Als Gregor Samsa eines Morgens aus unruhigen Träumen erwachte")
    assert book.chapters[2].blocks[-1].text.endswith("ihren jungen Körper dehnte.")
    assert left_out(book) == {"licence": 2, "page-numbers": 71, "title-page": 1}
    assert unaccounted(book) == 0


def test_what_project_gutenberg_marks_as_its_own_is_left_out():
    book = read(
        "<title>T</title><section class='pg-boilerplate' id='pg-header'><h2>The Project Gutenberg eBook</h2></section>"
        "<h1>T</h1><h2>One</h2><p>a<h2>Two</h2><p>b<section class='pg-boilerplate' id='pg-footer'><p>licence</section>"
    )
    assert texts(book) == ["One", "a", "Two", "b"]
    assert left_out(book) == {"licence": 1, "title-page": 1}


def test_a_page_without_any_title_is_called_after_its_file():
    assert [chapter.title for chapter in read("<p>text").chapters] == ["page"]


def test_headings_make_chapters():
    book = read("<title>T</title><h1>One</h1><p>a<h2>in it</h2><p>b<h1>Two</h1><p>c")
    assert [(chapter.title, len(chapter.blocks)) for chapter in book.chapters] == [("One", 4), ("Two", 2)]


def test_the_name_of_the_author_is_no_chapter():
    title_page = "<h1>T</h1><h2>by A. Writer</h2><h2>Contents</h2><table><tr><td>Chapter I</table>"
    book = read(f"<title>T</title>{title_page}<h2>Chapter I</h2><p>a<h2>Chapter II</h2><p>b")
    assert [chapter.title for chapter in book.chapters] == ["Chapter I", "Chapter II"]
    assert left_out(book) == {"title-page": 1, "contents": 1}


def test_a_page_without_headings_is_one_chapter():
    book = read("<html lang=fr><title>Le  titre</title><p>texte")
    assert [(chapter.title, texts(book)) for chapter in book.chapters] == [("Le titre", ["texte"])]
    assert book.metadata.language == "fr"


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-16", ""),
        ("cp1252", "<meta charset=iso-8859-1>"),
        ("cp1252", "<meta http-equiv='Content-Type' content='text/html; charset=windows-1252'>"),
        ("cp1252", ""),
        ("cp1252", "<meta charset=utf-8>"),
    ],
)
def test_encodings(encoding, declared):
    assert texts(read(f"{declared}<p>„Grüße“, sagte er.", encoding)) == ["„Grüße“, sagte er."]


@pytest.mark.parametrize("charset", ["punycode", "zlib", "unicode_escape", "no-such", "utf-7"])
def test_a_charset_that_is_no_encoding_of_text_is_not_used(charset):
    assert texts(read(f"<meta charset={charset}><p>plain")) == ["plain"]


def test_metadata_in_meta_elements():
    book = read("<meta name=author content='A. Writer'><meta name=DC.language content=nl><p>tekst")
    assert (book.metadata.authors, book.metadata.language) == (("A. Writer",), "nl")


def test_tags_with_endless_attributes_are_refused():
    with pytest.raises(InputError, match="attributes"):
        read(f"<p {' '.join(f'a{number}' for number in range(1000))}>text")


def test_a_page_without_text_has_no_chapters():
    assert read("<title>T</title><img src=a.png>").chapters == ()


def test_classes_of_text_that_do_not_exist_are_refused():
    with pytest.raises(UsageError, match=r"Did you mean 'notes'\?"):
        ReadingPolicy(read=frozenset({"note"}))
    with pytest.raises(UsageError, match="both --read and --skip"):
        ReadingPolicy(read=frozenset({"notes"}), skip=frozenset({"notes"}))
