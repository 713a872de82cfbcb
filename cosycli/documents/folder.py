"""Reads a folder of documents as one book, in the order of an mdBook SUMMARY.md or of the file names."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

from cosycli.documents.accounting import Account
from cosycli.documents.book import Book, Chapter, Cover, Metadata
from cosycli.documents.headings import HAN_NUMERAL, numeral_value
from cosycli.documents.markdown import read_metadata
from cosycli.documents.plain_text import read_text_file
from cosycli.errors import InputError, counted

MAX_FILES = 10_000  # in a folder with subfolders
_COVERS = {"cover.jpg": "image/jpeg", "cover.jpeg": "image/jpeg", "cover.png": "image/png"}
_MAX_COVER_BYTES = 16 * 1024 * 1024
_METADATA = ("metadata.yaml", "metadata.yml")
_SUMMARY = "SUMMARY.md"
_NUMBER = re.compile(rf"(\d+|{HAN_NUMERAL})")
_LEADING_NUMBER = re.compile(r"\d+[\s._-]+(?=\D)")
_MAX_NAMES = 5  # in a warning


@dataclass(frozen=True)
class _Document:
    """A file of the folder, with the titles that its chapters have in the whole book."""

    book: Book
    chapters: tuple[Chapter, ...]


@dataclass(frozen=True)
class _Entry:
    """A chapter in SUMMARY.md: its title, the path of its file, and its depth from 1 in the nested list."""

    title: str
    path: str
    level: int


@dataclass(frozen=True)
class _Summary:
    """The content of SUMMARY.md (mdBook guide, "SUMMARY.md"); `title` is its first heading unless that is "Summary"."""

    title: str
    entries: tuple[_Entry, ...]


def read_folder(folder: Path, suffixes: Container[str], read_file: Callable[[Path], Book]) -> Book:
    """Read the documents in `folder` and its subfolders as one book.

    Args:
        suffixes: file name suffixes of documents, in lower case; other files are listed as left out.
        read_file: reads one document.

    Raises:
        InputError: a document cannot be read, there is none, or there are more than `MAX_FILES` files.
    """
    source = folder / "src" if (folder / "src" / _SUMMARY).is_file() else folder  # the root of an mdBook
    files = _files(source)
    account = Account()
    if (source / _SUMMARY).is_file():
        summary = _read_summary(read_text_file(source / _SUMMARY))
        title = summary.title
        documents, warnings = _read_summarized(source, summary.entries, read_file)
        named = {source / entry.path for entry in summary.entries}
        _record_other_files(
            account, source, [file for file in files if file not in named], f"{_SUMMARY} does not list it"
        )
    else:
        title, warnings = "", ()
        chosen = [file for file in files if file.suffix.lower() in suffixes]
        documents = [_read_by_name(file, read_file) for file in chosen]
        _record_other_files(account, source, [file for file in files if file not in chosen], "it is not a document")
    if not documents:
        raise InputError(f"{folder} contains no document.", "Supported are EPUB, HTML, Markdown, plain text and SSML.")
    books = [document.book for document in documents]
    for left in (left for book in books for left in book.left_out):
        account.leave_out(left.kind, left.reason, left.characters, title=left.title, count=left.count)
    return Book(
        _metadata(folder, source, title, books),
        tuple(chapter for document in documents for chapter in document.chapters),
        sum(book.num_characters for book in books),
        obeys_markup=all(book.obeys_markup for book in books),
        left_out=account.left_out,
        notes_count=sum(book.notes_count for book in books),
        cover=_cover(source) or _cover(folder) or next((book.cover for book in books if book.cover), None),
        pronunciations=tuple(document for book in books for document in book.pronunciations),
        warnings=(*warnings, *(warning for book in books for warning in book.warnings)),
    )


def _files(folder: Path) -> list[Path]:
    """Return the files in a folder and its subfolders, except hidden ones, in natural order of their names.

    Raises:
        InputError: there are more than `MAX_FILES`.
    """
    found = (path for path in folder.rglob("*") if not _is_hidden(path.relative_to(folder)) and path.is_file())
    files = list(islice(found, MAX_FILES + 1))
    if len(files) > MAX_FILES:
        raise InputError(f"{folder} contains more than {MAX_FILES} files.", "Give the folder of one book.")
    return sorted(files, key=lambda path: [_natural_key(part) for part in path.relative_to(folder).parts])


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _natural_key(name: str) -> list[tuple[int, str]]:
    """Return a sort key that puts "2.txt" before "10.txt", and 第二章 before 第十章."""
    fields = _NUMBER.split(name.casefold())
    return [(numeral_value(field), "") if index % 2 else (-1, field) for index, field in enumerate(fields)]


def _read_by_name(file: Path, read_file: Callable[[Path], Book]) -> _Document:
    """Read a file; a document without headings is titled by its file name, without the leading number."""
    book = read_file(file)
    title = _LEADING_NUMBER.sub("", file.stem, count=1).replace("_", " ")
    chapters = [replace(chapter, title=title) if chapter.title == file.stem else chapter for chapter in book.chapters]
    return _Document(book, tuple(chapters))


def _read_summarized(
    folder: Path, entries: Sequence[_Entry], read_file: Callable[[Path], Book]
) -> tuple[list[_Document], tuple[str, ...]]:
    """Read each entry as one chapter with the title and level from the summary; return a warning of missing files."""
    documents, missing, read = [], [], set()
    for entry in entries:
        path = (folder / entry.path).resolve()
        if path in read:
            continue
        read.add(path)
        if not path.is_relative_to(folder.resolve()) or not path.is_file():
            missing.append(entry.path)
            continue
        book = read_file(path)
        blocks = tuple(block for chapter in book.chapters for block in chapter.blocks)
        documents.append(_Document(book, (Chapter(entry.title, entry.level, blocks),) if blocks else ()))
    shown = ", ".join(missing[:_MAX_NAMES]) + (", …" if len(missing) > _MAX_NAMES else "")
    warning = f"{_SUMMARY} lists {counted(len(missing), 'file')} missing from the folder: {shown}."
    return documents, (warning,) if missing else ()


def _read_summary(text: str) -> _Summary:
    """Parse SUMMARY.md: every link is a chapter, except drafts, which have no file."""
    tokens = MarkdownIt("commonmark").parse(text)
    headings = [tokens[number + 1].content for number, token in enumerate(tokens) if token.type == "heading_open"]
    title = headings[0].strip() if headings and headings[0].strip().lower() != "summary" else ""
    return _Summary(title, tuple(_entries(tokens)))


def _entries(tokens: list[Token]) -> Iterator[_Entry]:
    depth = 0
    for token in tokens:
        if token.type in ("bullet_list_open", "ordered_list_open"):
            depth += 1
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            depth -= 1
        for number, child in enumerate(token.children or ()):
            path = unquote(str(child.attrGet("href") or "")).partition("#")[0] if child.type == "link_open" else ""
            if path:
                yield _Entry(_link_text(token.children or [], number + 1), path, max(1, depth))


def _link_text(tokens: list[Token], start: int) -> str:
    """Return the text of the link whose first token is at `start`."""
    words = []
    for token in tokens[start:]:
        if token.type == "link_close":
            break
        words.append(token.content)
    return " ".join("".join(words).split())


def _record_other_files(account: Account, folder: Path, files: Sequence[Path], reason: str) -> None:
    for file in files:
        if file.name not in (*_COVERS, *_METADATA, _SUMMARY):
            account.leave_out("files", reason, 0, title=file.relative_to(folder).as_posix())


def _metadata(folder: Path, source: Path, title: str, books: Sequence[Book]) -> Metadata:
    """Return the metadata in metadata.yaml, completed from the summary, folder name and documents."""
    written = Metadata()
    for path in _named_files(folder, source, _METADATA):
        metadata = read_metadata(read_text_file(path))
        if metadata is None:
            raise InputError(f"{path} is not a YAML mapping.", "Write lines such as `title: The Time Machine`.")
        written = metadata
    languages = {book.metadata.language for book in books}
    authors = {book.metadata.authors for book in books}
    return replace(
        written,
        title=written.title or title or folder.resolve().name,
        authors=written.authors or (authors.pop() if len(authors) == 1 else ()),
        language=written.language or (languages.pop() if len(languages) == 1 else ""),
    )


def _cover(folder: Path) -> Cover | None:
    for path in _named_files(folder, folder, tuple(_COVERS)):
        with path.open("rb") as file:
            data = file.read(_MAX_COVER_BYTES + 1)
        if len(data) <= _MAX_COVER_BYTES:
            return Cover(data, _COVERS[path.name], path.name)
    return None


def _named_files(folder: Path, source: Path, names: Sequence[str]) -> Iterator[Path]:
    """Yield the files of these names in the folder of the book and in that of its documents."""
    places = dict.fromkeys((folder, source))
    return (place / name for place in places for name in names if (place / name).is_file())
