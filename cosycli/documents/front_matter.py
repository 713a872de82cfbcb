"""What a writer says of a book in YAML: at the head of a Markdown file, or in a folder's metadata.yaml."""

from __future__ import annotations

import re
from typing import Any

import yaml

from cosycli.documents.book import Metadata

__all__ = ["read_metadata", "split_front_matter"]

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


def split_front_matter(text: str) -> tuple[Metadata, str]:
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
