"""Markdown as a book: CommonMark with tables, footnotes, front matter and our notation; headings make the chapters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Any

import yaml

from cosycli.documents.accounting import Account, count_characters
from cosycli.documents.book import Block, BlockKind, Book, Chapter, Metadata
from cosycli.documents.headings import chapters_at_headings, heading_title, is_contents_title
from cosycli.documents.markdown_blocks import MarkdownBlocks
from cosycli.documents.markdown_parser import parse_markdown
from cosycli.documents.plain_text import normalise
from cosycli.documents.reading_policy import ReadingPolicy, reason_for

__all__ = ["read_markdown", "read_metadata"]

MAX_CHARACTERS = 64 * 1024  # of YAML that describes a book; the safe loader takes 0.3 s for them
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_NAMES = {
    "title": ("title",),
    "subtitle": ("subtitle",),
    "narrator": ("narrator",),
    "language": ("language", "lang"),
    "series": ("series", "belongs-to-collection"),
    "series_position": ("series-position", "series_position", "group-position"),
    "publisher": ("publisher",),
    "date": ("date",),
    "description": ("description", "summary", "abstract"),
}


def read_markdown(text: str, name: str, policy: ReadingPolicy) -> Book:
    """The book in a Markdown text; `name` is that of its file, a title if nothing better is found."""
    text = normalise(text)
    written, body = _split_front_matter(text)
    parsed = parse_markdown(body)
    account = Account()
    reader = MarkdownBlocks(parsed, name, policy, account)
    blocks = list(reader.read())
    metadata = replace(written, title=written.title or _title(blocks) or PurePath(name).stem)
    chapters = tuple(_without_contents(list(chapters_at_headings(blocks, metadata.title)), policy, account))
    _account_for_signs(account, text, body, parsed.num_characters)
    return Book(
        metadata,
        chapters,
        count_characters(text),
        obeys_markup=True,
        left_out=account.left_out,
        notes_count=reader.notes_count,
    )


def _title(blocks: Sequence[Block]) -> str:
    """The first heading, if no other is of its level or a higher one."""
    headings = [block for block in blocks if block.kind is BlockKind.HEADING]
    is_title = bool(headings) and all(block.level > headings[0].level for block in headings[1:])
    return heading_title(headings[0]) if is_title else ""


def _without_contents(chapters: Sequence[Chapter], policy: ReadingPolicy, account: Account) -> Iterator[Chapter]:
    """The chapters but for a list of contents among them."""
    for chapter in chapters:
        if is_contents_title(chapter.title) and not policy.reads("contents"):
            characters = sum(count_characters(block.text) for block in chapter.blocks)
            account.leave_out("contents", reason_for("contents"), characters, title=chapter.title)
        else:
            yield chapter


def _account_for_signs(account: Account, text: str, body: str, num_visible: int) -> None:
    """What is in the source and not in the text that a reader sees."""
    front_matter = count_characters(text) - count_characters(body)
    if front_matter:
        account.leave_out("metadata", "what describes the book is not read", front_matter)
    signs = count_characters(body) - num_visible
    if signs:
        account.leave_out("markup", "Markdown's signs, link targets and HTML tags are not read", signs)


def _split_front_matter(text: str) -> tuple[Metadata, str]:
    """What the YAML at the head of `text` says, and the text after it; all of the text if there is none."""
    head = _FRONT_MATTER.match(text, 0, MAX_CHARACTERS)
    metadata = read_metadata(head[1]) if head else None
    return (metadata, text[head.end() :]) if head and metadata else (Metadata(), text)


def read_metadata(written: str) -> Metadata | None:
    """The metadata in YAML by the names that pandoc uses, or None if `written` is not a mapping in YAML."""
    if len(written) > MAX_CHARACTERS:
        return None
    try:
        fields = yaml.safe_load(written)
    except (yaml.YAMLError, ValueError, RecursionError):  # ValueError: a date such as 2020-13-01
        return None
    if not isinstance(fields, dict):
        return None
    values = {name: next((_one(fields[key]) for key in keys if key in fields), "") for name, keys in _NAMES.items()}
    authors = next((_many(fields[key]) for key in ("author", "authors", "creator") if key in fields), ())
    identifiers = next((_many(fields[key]) for key in ("identifier", "isbn") if key in fields), ())
    return Metadata(**values, authors=authors, identifiers=identifiers)


def _one(value: Any) -> str:
    return " ".join(str(value).split()) if isinstance(value, str | int | float) or hasattr(value, "isoformat") else ""


def _many(value: Any) -> tuple[str, ...]:
    """Names from "A", ["A", "B"] or [{name: A}, {text: B}]."""
    values = value if isinstance(value, list) else [value]
    names = [item.get("name", item.get("text", "")) if isinstance(item, dict) else item for item in values]
    return tuple(name for name in map(_one, names) if name)
