"""A single HTML file as a Book: its headings make the chapters."""

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
from cosycli.documents.sections import divide
from cosycli.documents.semantics import attribute, local_name
from cosycli.documents.xhtml import read_document
from cosycli.errors import InputError

__all__ = ["read_html"]

MAX_BYTES = 32 * 1024 * 1024  # as for plain text
_XHTML = (b"<?xml", b'xmlns="http://www.w3.org/1999/xhtml"')


def read_html(data: bytes, name: str, policy: ReadingPolicy) -> Book:
    """The book in an HTML file; `name` is the file's and names it in errors.

    Raises:
        InputError: it is too large, or holds nothing that could be read.
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
        [document], said = without_licence([document])
        metadata = replace(metadata, authors=metadata.authors or said.authors)
    chapters = assemble_chapters(divide([document], ()), {}, metadata.title or PurePath(name).stem, policy, account)
    return Book(
        metadata=metadata,
        chapters=chapters,
        num_characters=count.characters,
        left_out=account.left_out,
        notes_count=count.note_references,
        warnings=parsed.warnings,
    )


def _metadata(root: etree._Element) -> Metadata:
    """What the `meta` elements say, by the names of HTML or Dublin Core."""
    said: dict[str, list[str]] = {}
    for element in root.iter("*"):
        if local_name(element) == "meta" and element.get("name"):
            key = element.get("name").lower().replace("dcterms.", "").replace("dc.", "")
            said.setdefault(key, []).append(" ".join((element.get("content") or "").split()))
        if local_name(element) == "body":
            break
    return Metadata(
        authors=tuple(name for name in [*said.get("author", []), *said.get("creator", [])] if name),
        language=attribute(root, "lang") or next(iter(said.get("language", [])), ""),
        publisher=next(iter(said.get("publisher", [])), ""),
        date=next(iter(said.get("date", said.get("created", []))), ""),
        description=next(iter(said.get("description", [])), ""),
    )
