"""Reads Markdown as a book: CommonMark with tables, footnotes and YAML front matter, with chapters at headings."""

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

MAX_CHARACTERS = 64 * 1024  # of YAML metadata; the loader is slow
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
    """Read a Markdown text; `name` is its file name, for the title if the text has none."""
    text = normalise(text)
    written, body = _split_front_matter(text)
    parsed = parse_markdown(body)
    account = Account()
    reader = MarkdownBlocks(parsed, name, policy, account)
    blocks = list(reader.read())
    metadata = replace(written, title=written.title or _title(blocks) or PurePath(name).stem)
    chapters = tuple(_without_contents(list(chapters_at_headings(blocks, metadata.title)), policy, account))
    _record_markup(account, text, body, parsed.num_characters)
    return Book(
        metadata,
        chapters,
        count_characters(text),
        obeys_markup=True,
        left_out=account.left_out,
        notes_count=reader.notes_count,
    )


def _title(blocks: Sequence[Block]) -> str:
    """Return the first heading if all others are of lower levels, or ""."""
    headings = [block for block in blocks if block.kind is BlockKind.HEADING]
    is_title = bool(headings) and all(block.level > headings[0].level for block in headings[1:])
    return heading_title(headings[0]) if is_title else ""


def _without_contents(chapters: Sequence[Chapter], policy: ReadingPolicy, account: Account) -> Iterator[Chapter]:
    """Yield the chapters except a list of contents, if contents are not read."""
    for chapter in chapters:
        if is_contents_title(chapter.title) and not policy.reads("contents"):
            characters = sum(count_characters(block.text) for block in chapter.blocks)
            account.leave_out("contents", reason_for("contents"), characters, title=chapter.title)
        else:
            yield chapter


def _record_markup(account: Account, text: str, body: str, num_visible: int) -> None:
    """Record the characters of the source that are not visible text."""
    front_matter = count_characters(text) - count_characters(body)
    if front_matter:
        account.leave_out("metadata", "metadata is not read", front_matter)
    num_markup = count_characters(body) - num_visible
    if num_markup:
        account.leave_out("markup", "Markdown syntax, link targets and HTML tags are not read", num_markup)


def _split_front_matter(text: str) -> tuple[Metadata, str]:
    """Split `text` into the metadata in its YAML front matter, if it has any, and the text after it."""
    head = _FRONT_MATTER.match(text, 0, MAX_CHARACTERS)
    metadata = read_metadata(head[1]) if head else None
    return (metadata, text[head.end() :]) if head and metadata else (Metadata(), text)


def read_metadata(written: str) -> Metadata | None:
    """Read YAML metadata by the names that pandoc uses; return None if `written` is not a YAML mapping."""
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
    """Return the names in "A", ["A", "B"] or [{name: A}, {text: B}]."""
    values = value if isinstance(value, list) else [value]
    names = [item.get("name", item.get("text", "")) if isinstance(item, dict) else item for item in values]
    return tuple(name for name in map(_one, names) if name)
