"""Markdown as a book: CommonMark with tables, footnotes, front matter and our notation; headings make the chapters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePath

from cosycli.documents.accounting import Account, count_characters
from cosycli.documents.book import Block, BlockKind, Book, Chapter
from cosycli.documents.front_matter import split_front_matter
from cosycli.documents.headings import Rank, is_contents_title, read_heading
from cosycli.documents.markdown_blocks import MarkdownBlocks
from cosycli.documents.markdown_parser import parse_markdown
from cosycli.documents.plain_text import normalise
from cosycli.documents.reading_policy import ReadingPolicy, reason_for

__all__ = ["divide", "read_markdown"]


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


def divide(blocks: Sequence[Block], title: str) -> Iterator[Chapter]:
    """The blocks in chapters; those before the first heading are a chapter called `title`.

    The highest level of heading that occurs more than once divides, or the highest if none does. What is called a part
    is divided further at the next level.
    """
    levels = Counter(block.level for block in blocks if block.kind is BlockKind.HEADING)
    level = min((level for level, count in levels.items() if count > 1), default=min(levels, default=0))
    for heading, part in _cut(blocks, level):
        chapter_title = _words(heading) if heading else title
        named = read_heading(chapter_title)
        inner_levels = {block.level for block in part[1:] if block.kind is BlockKind.HEADING}
        if named and named.rank is Rank.PART and inner_levels:
            for inner, blocks_within in _cut(part, min(inner_levels)):
                yield Chapter(_words(inner), 2, blocks_within) if inner else Chapter(chapter_title, 1, blocks_within)
        else:
            yield Chapter(chapter_title, 1, part)


def _cut(blocks: Sequence[Block], level: int) -> Iterator[tuple[Block | None, tuple[Block, ...]]]:
    """The blocks cut before each heading of `level`, with that heading."""
    starts = [n for n, block in enumerate(blocks) if block.kind is BlockKind.HEADING and block.level == level]
    if blocks and 0 not in starts:
        yield None, tuple(blocks[: starts[0] if starts else len(blocks)])
    for start, end in zip(starts, [*starts[1:], len(blocks)], strict=False):
        yield blocks[start], tuple(blocks[start:end])


def _words(heading: Block) -> str:
    return " ".join(heading.text.split())


def _title(blocks: Sequence[Block]) -> str:
    """The first heading, if no other is of its level or a higher one."""
    headings = [block for block in blocks if block.kind is BlockKind.HEADING]
    is_title = bool(headings) and all(block.level > headings[0].level for block in headings[1:])
    return _words(headings[0]) if is_title else ""


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
