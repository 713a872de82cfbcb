"""Reads a book from a file, a folder or a pipe, with the reader for its format."""

from __future__ import annotations

import contextlib
import shlex
import tempfile
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from cosycli.documents.book import Book
from cosycli.documents.plain_text import MAX_BYTES, decode_book_text
from cosycli.documents.reading_policy import ReadingPolicy
from cosycli.errors import InputError, did_you_mean

FORMATS = MappingProxyType(
    {
        ".epub": "epub",
        ".html": "html",
        ".htm": "html",
        ".xhtml": "html",
        ".md": "markdown",
        ".markdown": "markdown",
        ".txt": "text",
        ".text": "text",
        ".ssml": "ssml",
    }
)
"""Format by file name suffix; the format of other files is detected from their content."""

_PANDOC, _CALIBRE = "pandoc {} -o book.epub", "ebook-convert {} book.epub"
# Unsupported formats, each with a command that converts it to a supported one.
_CONVERSIONS = {
    ".pdf": ("PDF", "pdftotext -enc UTF-8 {} book.txt"),
    ".docx": ("Word document", _PANDOC),
    ".doc": ("Word document", "soffice --convert-to docx {}"),
    ".odt": ("OpenDocument text", _PANDOC),
    ".rtf": ("RTF document", _PANDOC),
    ".tex": ("TeX document", _PANDOC),
    ".fb2": ("FictionBook", _PANDOC),
    ".mobi": ("Mobipocket book", _CALIBRE),
    ".azw": ("Kindle book", _CALIBRE),
    ".azw3": ("Kindle book", _CALIBRE),
    ".kfx": ("Kindle book", _CALIBRE),
    ".lit": ("Microsoft Reader book", _CALIBRE),
    ".djvu": ("DjVu document", "djvutxt {} book.txt"),
}
_PIPE = "standard input"
_HEAD_BYTES = 4096  # to detect the format


def read_source(source: Path | None, policy: ReadingPolicy, *, stdin: bytes | None = None) -> Book:
    """Read the book in a file or folder, or in `stdin` if `source` is None.

    Raises:
        InputError: the source is missing, cannot be read, is in an unsupported format, or contains no text.
    """
    if source is None:
        book = _read_pipe(stdin or b"", policy)
    else:
        try:
            book = _read_folder(source, policy) if source.is_dir() else _read_file(source, policy)
        except FileNotFoundError:
            raise _missing_source(source) from None
        except OSError as error:
            raise InputError(
                f"{error.filename or source} cannot be read: {error.strerror}.", "Check its permissions."
            ) from None
    if not book.chapters:
        raise InputError(f"{source or 'Standard input'} contains no text to read.", "Give a document with text in it.")
    return book


def _read_folder(folder: Path, policy: ReadingPolicy) -> Book:
    from cosycli.documents.folder import read_folder

    return read_folder(folder, FORMATS, lambda path: _read_file(path, policy))


def _read_file(path: Path, policy: ReadingPolicy) -> Book:
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        _refuse_unsupported(head, path.suffix.lower(), str(path))
        format_name = FORMATS.get(path.suffix.lower()) or _detect_format(head)
        data = head if format_name == "epub" else head + file.read(MAX_BYTES + 1 - len(head))
    if format_name == "epub":
        from cosycli.documents.epub import read_epub

        return read_epub(path, policy)
    return _read_text_format(format_name, data, str(path), policy)


def _read_pipe(data: bytes, policy: ReadingPolicy) -> Book:
    _refuse_unsupported(data[:_HEAD_BYTES], "", _PIPE)
    format_name = _detect_format(data[:_HEAD_BYTES])
    if format_name != "epub":
        return _read_text_format(format_name, data, _PIPE, policy)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.epub"
        path.write_bytes(data)
        try:
            return _read_file(path, policy)
        except InputError as error:
            raise InputError(error.what.replace(str(path), _PIPE), error.hint) from None


def _read_text_format(format_name: str, data: bytes, source: str, policy: ReadingPolicy) -> Book:
    """Read `data` in a text format; `source` is its name in errors, and its last part the file name in the book."""
    name = Path(source).name
    if format_name == "ssml":
        from cosycli.documents.ssml import read_ssml

        return read_ssml(data, name)
    if format_name == "html":
        from cosycli.documents.html import read_html

        return read_html(data, name, policy)
    text, warnings = decode_book_text(data, source)
    if format_name == "markdown":
        from cosycli.documents.markdown import read_markdown

        book = read_markdown(text, name, policy)
    else:
        from cosycli.documents.text_book import read_text_book

        book = read_text_book(text, name, policy)
    return replace(book, warnings=(*warnings, *book.warnings))


def _detect_format(head: bytes) -> str:
    """Detect the format of a document by its first bytes; the default is text."""
    if head.startswith(b"PK\x03\x04"):
        return "epub"
    text = head.decode("utf-8", errors="ignore").lstrip("\ufeff \t\r\n").lower()
    if text.startswith("<") and "<speak" in text:
        return "ssml"
    return "html" if text.startswith(("<!doctype html", "<html", "<?xml")) else "text"


def _refuse_unsupported(head: bytes, suffix: str, source: str) -> None:
    """Refuse a document in an unsupported format, and name the command that converts it.

    Raises:
        InputError: the format is one of `_CONVERSIONS`, by its first bytes or its suffix.
    """
    signs = (
        (".pdf", head.startswith(b"%PDF-")),
        (".mobi", head[60:68] == b"BOOKMOBI"),
        (".rtf", head.startswith(b"{\\rtf")),
        (".doc", head.startswith(b"\xd0\xcf\x11\xe0")),
        (".docx", head.startswith(b"PK\x03\x04") and b"[Content_Types].xml" in head),
        (".odt", b"mimetypeapplication/vnd.oasis.opendocument.text" in head),
        (".djvu", head.startswith(b"AT&TFORM")),
    )
    found = next((name for name, is_it in signs if is_it), suffix)
    if found in _CONVERSIONS:
        kind, command = _CONVERSIONS[found]
        named = f"book{found}" if source == _PIPE else shlex.quote(source)
        raise InputError(
            f"{source} is a {kind}, which cosy does not read.",
            f"Convert it first: {command.format(named)}\nSupported are EPUB, HTML, Markdown, plain text and SSML.",
        )


def _missing_source(path: Path) -> InputError:
    siblings: list[str] = []
    with contextlib.suppress(OSError):
        siblings = [file.name for file in path.parent.iterdir()]
    return InputError(
        f"There is no file or folder {path}.",
        f"{did_you_mean(path.name, siblings)}Give a document, for example: cosy book book.epub",
    )
