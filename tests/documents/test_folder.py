"""A folder of documents as one book."""

import json

import pytest

from cosycli.documents.reading_policy import ReadingPolicy
from cosycli.documents.sources import read_source
from cosycli.errors import InputError
from tests.documents.accounts import left_out, outline, texts, unaccounted


@pytest.fixture
def folder(tmp_path):
    """Makes files, by path and content, in a folder called `The Sea`, and reads it."""
    place = tmp_path / "The Sea"

    def read(files):
        for name, content in files.items():
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        book = read_source(place, ReadingPolicy())
        assert unaccounted(book) == 0
        return book

    return read


def test_files_come_in_the_order_of_their_numbers(folder):
    book = folder({"10 Night.txt": "Dark.", "2 - Noon.md": "Hot.", "1_The_dawn.txt": "Cool.", "b/1.txt": "Late."})
    assert outline(book) == [(1, "The dawn"), (1, "Noon"), (1, "Night"), (1, "1")]
    assert book.metadata.title == "The Sea"


def test_chinese_numbers_are_numbers(folder):
    book = folder({"第十章.txt": "丙。", "第二章.txt": "乙。", "第一章.txt": "甲。"})
    assert texts(book) == ["甲。", "乙。", "丙。"]


def test_chapters_within_the_files_stay(folder):
    book = folder({"1.md": "# One\n\nA.\n\n# Two\n\nB.", "2.md": "# Three\n\nC."})
    assert outline(book) == [(1, "One"), (1, "Two"), (1, "Three")]


def test_summary_gives_order_titles_and_nesting(folder):
    book = folder(
        {
            "src/SUMMARY.md": "# Summary\n\n[Preface](pre.md)\n\n- [First *part*](a/one.md)\n"
            "  - [Inner](<two two.md>)\n- [Draft]()\n- [Gone](gone.md)\n- [Out](../../secret.md)\n",
            "src/a/one.md": "# Other title\n\nOne.\n\n# More\n\nStill one.",
            "src/two two.md": "Two.",
            "src/pre.md": "Pre.",
            "src/unused.md": "Unused.",
            "book.toml": "",
        }
    )
    assert outline(book) == [(1, "Preface"), (1, "First part"), (2, "Inner")]
    assert [left.title for left in book.left_out if left.kind == "files"] == ["unused.md"]
    assert "lists 2 files missing from the folder: gone.md, ../../secret.md" in book.warnings[0]


def test_metadata_cover_and_what_is_not_a_document(folder):
    book = folder(
        {
            "metadata.yaml": "title: Salt\nauthor: Ada B\nlanguage: en",
            "cover.jpg": b"\xff\xd8\xff",
            "a.txt": "Text.",
            "notes.xlsx": b"PK",
            ".hidden.txt": "No.",
        }
    )
    assert (book.metadata.title, book.metadata.authors, book.metadata.language) == ("Salt", ("Ada B",), "en")
    assert (book.cover.media_type, book.cover.data) == ("image/jpeg", b"\xff\xd8\xff")
    assert left_out(book) == {"files": 1}
    assert texts(book) == ["Text."]


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({"a.bin": b"\0"}, "contains no document"),
        ({"a.txt": "A.", "metadata.yaml": "- just a list"}, "not a YAML mapping"),
        ({"a.txt": b"\0\1"}, "a.txt is not plain text"),
    ],
)
def test_folders_that_are_no_book(folder, files, complaint):
    with pytest.raises(InputError, match=complaint):
        folder(files)


@pytest.mark.parametrize(("name", "number"), [("rust-book", 16), ("rust-book-zh", 16)])
def test_a_real_book_in_a_folder(shared, name, number):
    facts = json.loads((shared / "corpus/markdown/expected.json").read_text())["books"]
    counts = next(book["counts"] for book in facts if book["folder"] == name)
    book = read_source(shared / "corpus/markdown" / name, ReadingPolicy())
    assert unaccounted(book) == 0
    assert len(book.chapters) == number == counts["files"]
    assert left_out(book)["code"] == counts["fence"]
    assert [chapter.level for chapter in book.chapters] == [1, 1, 2, 2, 2, 1, 1, 2, 2, 2, 2, 2, 1, 2, 2, 2]
