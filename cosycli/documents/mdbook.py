"""The order that mdBook's SUMMARY.md gives to the files of a folder (mdBook guide, "SUMMARY.md")."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

__all__ = ["Entry", "Summary", "read_summary"]


@dataclass(frozen=True)
class Entry:
    """A chapter: its title, the path of its file from SUMMARY.md, and how deeply its list is nested, from 1."""

    title: str
    path: str
    level: int


@dataclass(frozen=True)
class Summary:
    """What SUMMARY.md says; `title` is that of its first heading, unless it is only "Summary"."""

    title: str
    entries: tuple[Entry, ...]


def read_summary(text: str) -> Summary:
    """The summary in Markdown: every link is a chapter, but for drafts, which name no file."""
    tokens = MarkdownIt("commonmark").parse(text)
    headings = [tokens[number + 1].content for number, token in enumerate(tokens) if token.type == "heading_open"]
    title = headings[0].strip() if headings and headings[0].strip().lower() != "summary" else ""
    return Summary(title, tuple(_entries(tokens)))


def _entries(tokens: list[Token]) -> Iterator[Entry]:
    depth = 0
    for token in tokens:
        if token.type in ("bullet_list_open", "ordered_list_open"):
            depth += 1
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            depth -= 1
        for number, child in enumerate(token.children or ()):
            path = unquote(str(child.attrGet("href") or "")).partition("#")[0] if child.type == "link_open" else ""
            if path:
                yield Entry(_title(token.children or [], number + 1), path, max(1, depth))


def _title(tokens: list[Token], start: int) -> str:
    """The text of a link whose first token is the one at `start`."""
    words = []
    for token in tokens[start:]:
        if token.type == "link_close":
            break
        words.append(token.content)
    return " ".join("".join(words).split())
