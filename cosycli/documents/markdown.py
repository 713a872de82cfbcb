"""Markdown as a book: CommonMark with tables, footnotes, front matter and our notation; headings make the chapters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePath

from cosycli.documents.accounting import Account, count_characters
from cosycli.documents.book import Block, BlockKind, Book, Chapter
from cosycli.documents.front_matter import split_front_matter
from cosycli.documents.headed_chapters import divide, heading_title
from cosycli.documents.headings import is_contents_title
from cosycli.documents.markdown_blocks import MarkdownBlocks
from cosycli.documents.markdown_parser import parse_markdown
from cosycli.documents.plain_text import normalise
from cosycli.documents.reading_policy import ReadingPolicy, reason_for

__all__ = ["read_markdown"]


def read_markdown(text: str, name: str, policy: ReadingPolicy) -> Book:
    """The book in a Markdown text; `name` is that of its file, a title if nothing better is found."""
    text = normalise(text)
    written, body = split_front_matter(text)
    parsed = parse_markdown(body)
    account = Account()
    reader = MarkdownBlocks(parsed, name, policy, account)
    blocks = list(reader.read())
    metadata = replace(written, title=written.title or _title(blocks) or PurePath(name).stem)
    chapters = tuple(_without_contents(list(divide(blocks, metadata.title)), policy, account))
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
