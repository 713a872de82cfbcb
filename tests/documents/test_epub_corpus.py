"""Real EPUB files: what is read of each agrees with facts that were found without any EPUB library."""

from __future__ import annotations

import json

import pytest

from cosycli.documents.epub import read_epub
from cosycli.documents.reading_policy import READABLE, ReadingPolicy
from cosycli.errors import InputError
from tests.documents.accounts import count_blocks, texts, unaccounted

BOOKS = [
    "se-the-time-machine",
    "se-meditations",
    "zh-guwenguanzhi",
    "zh-epub-style-demo",
    "idpf-kusamakura-japanese-vertical-writing",
    "idpf-childrens-literature",
    "de-calibre-quick-start",
    "epubjs-alice",
    "w3c-mol-navigation",
    "w3c-mol-tts_multi",
    "w3c-pss-support",
    "w3c-nav-spine_in-spine",
    "w3c-pkg-spine-order",
    "w3c-pkg-meta-whitespace",
    "w3c-ocf-package_multiple",
    "w3c-pub-xml-non-validating_unclosed",
    "w3c-pub-foreign_json-spine",
]
# Entries that are no chapters, because their pages are left out.
NO_CHAPTERS = {
    "se-the-time-machine": ["Titlepage", "Imprint", "Endnotes", "Colophon", "Uncopyright"],
    "se-meditations": ["Titlepage", "Imprint", "Endnotes", "Colophon", "Uncopyright"],
    "zh-epub-style-demo": ["标题页"],
    "idpf-kusamakura-japanese-vertical-writing": ["この文書について"],
    "idpf-childrens-literature": ["BIBLIOGRAPHY"],
    "de-calibre-quick-start": ["Calibre Kurzanleitung", "Inhaltsverzeichnis"],
    "epubjs-alice": ["Title Page"],
}


@pytest.fixture(scope="module")
def facts(shared):
    listed = json.loads((shared / "corpus/epub/expected.json").read_text())["books"]
    return {each["id"]: {**each, "path": shared / "corpus/epub" / each["file"]} for each in listed}


@pytest.fixture(scope="module")
def books(facts):
    return {name: read_epub(facts[name]["path"], ReadingPolicy()) for name in BOOKS}


@pytest.mark.parametrize("name", BOOKS)
def test_metadata_and_cover(facts, books, name):
    expected, book = facts[name], books[name]
    assert book.metadata.title == expected["title"]
    assert list(book.metadata.authors) == expected["authors"]
    assert book.metadata.language == expected["languages"][0]
    cover = book.cover and (book.cover.path, book.cover.media_type, len(book.cover.data))
    assert cover == (expected["cover"] and tuple(expected["cover"][key] for key in ("path", "type", "bytes")))


@pytest.mark.parametrize("name", BOOKS)
def test_chapters_are_the_entries_of_the_table_of_contents(facts, books, name):
    book = books[name]
    entries = [(depth, title) for depth, title, _ in facts[name]["toc"]]
    left_out = NO_CHAPTERS.get(name, [])
    chapters = [(chapter.level, chapter.title) for chapter in book.chapters]
    assert chapters == [(depth, title) for depth, title in entries if title not in left_out]


@pytest.mark.parametrize("name", BOOKS)
def test_every_character_is_read_or_left_out(facts, books, name):
    book = books[name]
    assert unaccounted(book) == 0
    assert book.notes_count == facts[name]["footnote_refs"]
    if name == "w3c-pub-foreign_json-spine":  # the facts count the JSON, we read the HTML that stands in for it
        assert sum(len(text.split()) for text in texts(book)) == facts[name]["spine"][0]["fallback_words"]
    else:
        assert book.num_characters == facts[name]["text_linear_excl_nav"]["chars"]


@pytest.mark.parametrize("name", [name for name in BOOKS if name != "w3c-pub-foreign_json-spine"])
def test_words_stay_apart_and_whole(facts, name):
    everything = ReadingPolicy(read=frozenset(READABLE) - {"non-linear", "alt-text"})
    book = read_epub(facts[name]["path"], everything)
    nav = facts[name].get("nav_doc", "none")
    blocks = [block for chapter in book.chapters for block in chapter.blocks if not block.source.startswith(nav)]
    expected = facts[name]["text_linear_excl_nav"]
    if expected["cjk"] == 0:
        assert sum(len(block.text.split()) for block in blocks) == pytest.approx(expected["words"], rel=0.002)
    assert unaccounted(book) == 0


def test_entries_of_left_out_pages_are_listed_by_their_titles(books):
    book = books["se-meditations"]
    listed = {left.title: left.kind for left in book.left_out if left.title}
    assert listed == {
        "Titlepage": "title-page",
        "Imprint": "copyright",
        "Endnotes": "notes",
        "Colophon": "copyright",
        "Uncopyright": "copyright",
    }
    assert {left.kind: left.count for left in book.left_out}["note-marks"] == 122


def test_endnotes_are_read_where_they_stand(facts):
    book = read_epub(facts["se-meditations"]["path"], ReadingPolicy(read=frozenset({"notes"})))
    notes = next(chapter for chapter in book.chapters if chapter.title == "Endnotes")
    assert notes.blocks[1].text.startswith("Annius Verius was his grandfather’s name.")
    assert "↩" not in notes.blocks[1].text


def test_page_numbers_are_not_read(books):
    book = books["idpf-childrens-literature"]
    assert not any(text.isdecimal() and int(text) < 190 for text in texts(book))


def test_japanese_ruby_tells_the_reading(books):
    book = books["idpf-kusamakura-japanese-vertical-writing"]
    paragraph = book.chapters[0].blocks[1]
    assert paragraph.text == "山路を登りながら、こう考えた。"
    assert [(mark.start, mark.end, mark.value) for mark in paragraph.marks] == [(0, 2, "やまみち")]
    readings = sum(mark.value != "" for chapter in book.chapters for block in chapter.blocks for mark in block.marks)
    assert readings > 4_500


def test_damaged_and_hostile_archives_are_refused_or_read(shared):
    folder = shared / "corpus/epub"
    for listed in json.loads((folder / "malformed/expected.json").read_text())["files"]:
        outcome = "read" if _is_read(folder / listed["file"]) else "refuse"
        assert listed["reasonable_outcome"] in (outcome, "either"), listed["id"]


def _is_read(path):
    try:
        return count_blocks(read_epub(path, ReadingPolicy()).chapters) > 0
    except InputError:
        return False
