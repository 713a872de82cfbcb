"""Which reader a document gets, and what is said of those that none reads."""

import shlex

import pytest

from cosycli.documents.reading_policy import ReadingPolicy
from cosycli.documents.sources import read_source
from cosycli.errors import InputError
from tests.documents.accounts import texts
from tests.documents.tiny_epub import page, write_epub

HTML = "<!doctype html><title>T</title><h1>One</h1><p>Hi &amp; bye.</p>"
SSML = '<?xml version="1.0"?><speak version="1.1"><p>Hi &amp; bye.</p></speak>'


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", "Hi & bye."),
        ("a.md", "Hi &amp; **bye**."),
        ("a.MARKDOWN", "Hi &amp; bye."),
        ("a.htm", HTML),
        ("a.ssml", SSML),
        ("a.xml", SSML),
        ("a.story", "Hi & bye."),
        ("a", HTML),
    ],
)
def test_a_file_is_read_by_its_name_or_what_is_in_it(tmp_path, name, content):
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert texts(read_source(tmp_path / name, ReadingPolicy()))[-1] == "Hi & bye."


@pytest.mark.parametrize("content", ["Hi & bye.", HTML, SSML])
def test_a_pipe_is_read_by_what_is_in_it(content):
    assert texts(read_source(None, ReadingPolicy(), stdin=content.encode()))[-1] == "Hi & bye."


def test_an_epub_is_read_from_a_file_and_a_pipe(tmp_path):
    path = write_epub(tmp_path / "a.epub", {"a.xhtml": page("<h1>One</h1><p>Hi.</p>")})
    for book in (read_source(path, ReadingPolicy()), read_source(None, ReadingPolicy(), stdin=path.read_bytes())):
        assert (book.metadata.title, texts(book)) == ("The Book", ["One", "Hi."])


@pytest.mark.parametrize(
    ("name", "content", "kind", "command"),
    [
        ("a.pdf", b"", "PDF", "pdftotext -enc UTF-8 {} book.txt"),
        ("a.txt", b"%PDF-1.7\n", "PDF", "pdftotext"),
        ("a b.docx", b"PK\x03\x04", "Word document", "pandoc {} -o book.epub"),
        ("a.zip", b"PK\x03\x04....[Content_Types].xml", "Word document", "pandoc"),
        ("a.mobi", b"", "Mobipocket book", "ebook-convert {} book.epub"),
        ("a.azw3", b"", "Kindle book", "ebook-convert"),
        ("a.rtf", b"{\\rtf1", "RTF document", "pandoc"),
    ],
)
def test_documents_that_must_be_converted_are_refused_by_name(tmp_path, name, content, kind, command):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"is a {kind}") as caught:
        read_source(path, ReadingPolicy())
    assert command.format(shlex.quote(str(path))) in caught.value.hint


def test_a_pdf_in_a_pipe_is_refused_too():
    with pytest.raises(InputError, match="standard input is a PDF") as caught:
        read_source(None, ReadingPolicy(), stdin=b"%PDF-1.4")
    assert "pdftotext -enc UTF-8 book.pdf" in caught.value.hint


def test_a_missing_file_is_named_with_one_that_is_there(tmp_path):
    (tmp_path / "whale.txt").write_text("Call.")
    with pytest.raises(InputError, match="no file or folder") as caught:
        read_source(tmp_path / "wale.txt", ReadingPolicy())
    assert "Did you mean 'whale.txt'?" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b" \n\n"])
def test_a_document_without_text_is_refused(tmp_path, content):
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(InputError, match="contains no text"):
        read_source(tmp_path / "a.txt", ReadingPolicy())


def test_a_name_too_long_for_any_disk_is_an_error_and_no_traceback(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_source(tmp_path / ("a" * 5000), ReadingPolicy())


def test_a_text_that_is_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("cosycli.documents.plain_text.MAX_BYTES", 1 << 20)
    monkeypatch.setattr("cosycli.documents.sources.MAX_BYTES", 1 << 20)
    (tmp_path / "a.txt").write_bytes(b"word " * (1 << 18))
    with pytest.raises(InputError, match="larger than 1 MB"):
        read_source(tmp_path / "a.txt", ReadingPolicy())


def test_the_encoding_of_an_old_text_is_told_and_said(tmp_path):
    (tmp_path / "a.txt").write_bytes("Ein schöner Tag für große Bären.".encode("cp1252"))
    book = read_source(tmp_path / "a.txt", ReadingPolicy())
    assert texts(book) == ["Ein schöner Tag für große Bären."]
    assert "was decoded as cp1252" in book.warnings[0]
