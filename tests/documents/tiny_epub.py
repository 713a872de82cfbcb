"""Small EPUB files, written by the tests that read them."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from cosycli.documents.book import Book
from cosycli.documents.epub import read_epub
from cosycli.documents.reading_policy import ReadingPolicy
from tests.documents.accounts import unaccounted

CONTAINER = """<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles>
<rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""
TITLE = '<dc:title id="t">The Book</dc:title><dc:language>en</dc:language>'


def page(body: str, *, title: str = "", attributes: str = "") -> str:
    """An XHTML document with this in its body."""
    return f"""<?xml version="1.0" encoding="utf-8"?>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"
 xmlns:ssml="http://www.w3.org/2001/10/synthesis" {attributes}>
<head><title>{title}</title></head><body>{body}</body></html>"""


def nav(entries: str) -> str:
    """A navigation document with these list items."""
    return page(f'<nav epub:type="toc"><h1>Contents</h1><ol>{entries}</ol></nav>')


def package(names: Sequence[str], *, metadata: str = TITLE, items: str = "", spine: str = "", guide: str = "") -> str:
    """A package document that lists these documents in reading order."""
    listed = "".join(f'<item id="{name}" href="{name}" media-type="application/xhtml+xml"/>' for name in names)
    order = spine or "".join(f'<itemref idref="{name}"/>' for name in names)
    return f"""<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/" version="3.0">
<metadata>{metadata}</metadata><manifest>{listed}{items}</manifest><spine>{order}</spine><guide>{guide}</guide></package>"""


def write_epub(
    path: Path,
    documents: Mapping[str, str],
    *,
    toc: str = "",
    metadata: str = TITLE,
    items: str = "",
    spine: str = "",
    guide: str = "",
    files: Mapping[str, str | bytes] | None = None,
) -> Path:
    """Write an EPUB of these documents; `toc` holds the list items of its navigation document."""
    nav_item = '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>' if toc else ""
    opf = package(list(documents), metadata=metadata, items=items + nav_item, spine=spine, guide=guide)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        archive.writestr("META-INF/container.xml", CONTAINER)
        archive.writestr("OPS/book.opf", opf)
        for name, text in documents.items():
            archive.writestr(f"OPS/{name}", text)
        if toc:
            archive.writestr("OPS/nav.xhtml", nav(toc))
        for name, content in (files or {}).items():
            archive.writestr(name, content)
    return path


def read_page(
    folder: Path, body: str, *, read: Sequence[str] = (), skip: Sequence[str] = (), attributes: str = ""
) -> Book:
    """The book of one document with this body; everything in it is accounted for."""
    path = write_epub(folder / "one.epub", {"one.xhtml": page(body, attributes=attributes)})
    book = read_epub(path, ReadingPolicy(frozenset(read), frozenset(skip)))
    assert unaccounted(book) == 0
    return book
