"""Reads a single HTML file as a Book, with chapters at its headings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath

from lxml import etree

from cosycli.documents.accounting import Account, count_source
from cosycli.documents.book import Book, Metadata
from cosycli.documents.chapters import assemble_chapters
from cosycli.documents.gutenberg import without_licence
from cosycli.documents.parsing import parse_html, parse_xhtml
from cosycli.documents.reading_policy import ReadingPolicy
from cosycli.documents.sections import divide_into_sections
from cosycli.documents.semantics import attribute, local_name
from cosycli.documents.xhtml import read_document
from cosycli.errors import InputError

MAX_BYTES = 32 * 1024 * 1024  # as for plain text
_XHTML = (b"<?xml", b'xmlns="http://www.w3.org/1999/xhtml"')


def read_html(data: bytes, name: str, policy: ReadingPolicy) -> Book:
    """Read an HTML file; `name` is its file name, for errors and as a last resort for the title.

    Raises:
        InputError: the file is too large, or contains nothing that can be read.
    """
    if len(data) > MAX_BYTES:
        raise InputError(f"{name} is larger than {MAX_BYTES >> 20} MB.", "Split it into several files.")
    is_xhtml = any(sign in data[:1024] for sign in _XHTML)
    parsed = (parse_xhtml if is_xhtml else parse_html)(data, name)
    count = count_source(parsed.root, with_alt_text=policy.reads("alt-text"))
    metadata = _metadata(parsed.root)
    document = read_document(parsed.root, name, policy, metadata.language)
    metadata = replace(metadata, title=document.title)
    account = Account()
    if not policy.reads("licence"):
        [document], header = without_licence([document])
        metadata = replace(metadata, authors=metadata.authors or header.authors)
    sections = divide_into_sections([document], ())
    chapters = assemble_chapters(sections, {}, metadata.title or PurePath(name).stem, policy, account)
    return Book(
        metadata=metadata,
        chapters=chapters,
        num_characters=count.characters,
        left_out=account.left_out,
        notes_count=count.note_references,
        warnings=parsed.warnings,
    )


def _metadata(root: etree._Element) -> Metadata:
    """Return the metadata in the `meta` elements, by their HTML or Dublin Core names."""
    values: dict[str, list[str]] = {}
    for element in root.iter("*"):
        if local_name(element) == "meta" and element.get("name"):
            key = element.get("name").lower().replace("dcterms.", "").replace("dc.", "")
            values.setdefault(key, []).append(" ".join((element.get("content") or "").split()))
        if local_name(element) == "body":
            break
    return Metadata(
        authors=tuple(name for name in [*values.get("author", []), *values.get("creator", [])] if name),
        language=attribute(root, "lang") or next(iter(values.get("language", [])), ""),
        publisher=next(iter(values.get("publisher", [])), ""),
        date=next(iter(values.get("date", values.get("created", []))), ""),
        description=next(iter(values.get("description", [])), ""),
    )
