"""Reads plain text as a book, with chapters at its headings, without licence and list of contents."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import takewhile
from pathlib import PurePath

from cosycli.documents.accounting import Account, count_characters
from cosycli.documents.aozora import is_aozora, read_aozora
from cosycli.documents.book import Block, BlockKind, Book, Chapter, Mark, MarkKind, Metadata
from cosycli.documents.gutenberg import CAPTION, NOTE, note_marks, read_gutenberg
from cosycli.documents.headings import HeadingLine, Rank, read_heading
from cosycli.documents.plain_text import normalise
from cosycli.documents.reading_policy import ReadingPolicy, reason_for
from cosycli.documents.text_layout import Paragraph, read_paragraphs
from cosycli.documents.text_outline import ChapterStart, find_chapter_starts, find_contents, find_page_numbers

_SCENE_BREAK = re.compile(r"(?:[*＊#~◇◆○●☆★※⁂•·]\s*){1,20}|(?:[-—–―─=_]\s*){3,80}")
_EMPHASIS = re.compile(r"(?<!\w)_(?=\S)([^_]{1,1000}?)(?<=\S)_(?!\w)")
_MAX_BRACKETED = 20  # paragraphs of a footnote or caption; an unclosed bracket must not hide a chapter
_MARKUP = "marks of emphasis and of pictures are not read"
_BYLINE = re.compile(r"(?:by|von|par|di|door|作者[:：]?|[著文][:：])\s*(\S.{0,80})", re.IGNORECASE)
# Characters of a title page at most, in all and in one paragraph; 222 and 66 in the corpus.
_MAX_TITLE_PAGE, _MAX_TITLE_PARAGRAPH = 1000, 120


def read_text_book(text: str, name: str, policy: ReadingPolicy) -> Book:
    """Read a plain text; `name` is its file name, for the title if the text has none."""
    text = normalise(text)
    return read_aozora(text, name, policy) if is_aozora(text) else _TextReader(text, name, policy).read()


class _TextReader:
    def __init__(self, text: str, name: str, policy: ReadingPolicy) -> None:
        self.text = text
        self.name = name
        self.policy = policy
        self.account = Account()
        self.gutenberg = read_gutenberg(text)
        self.notes_count = 0
        self.note_marks: re.Pattern[str] | None = None

    def read(self) -> Book:
        around = (self.gutenberg.header, self.gutenberg.licence) if self.gutenberg else ("", "")
        paragraphs = self.without_page_numbers(read_paragraphs(self.gutenberg.body if self.gutenberg else self.text))
        if self.gutenberg:
            self.note_marks = note_marks(paragraph.text for paragraph in paragraphs)
        listed = find_contents(paragraphs)
        entries = [paragraphs[number] for number in listed]
        paragraphs = paragraphs[: listed.start] + paragraphs[listed.stop :]
        starts = find_chapter_starts(paragraphs, entries, listed.start)
        front = paragraphs[: starts[0].start] if starts else []
        metadata = self.metadata(front if starts else paragraphs[:3] if len(paragraphs) > 1 else [])
        chapters = [
            *self.optional_chapter("licence", read_paragraphs(around[0])),
            *self.front_matter(front, metadata.title),
            *self.optional_chapter("contents", entries),
            *self.chapters(paragraphs, starts),
            *(() if starts else [Chapter(metadata.title, 1, tuple(self.blocks(paragraphs)))]),
            *self.optional_chapter("licence", read_paragraphs(around[1])),
        ]
        return Book(
            metadata,
            tuple(chapter for chapter in chapters if chapter.blocks),
            count_characters(self.text),
            obeys_markup=self.gutenberg is None,
            left_out=self.account.left_out,
            notes_count=self.notes_count,
        )

    def without_page_numbers(self, paragraphs: Sequence[Paragraph]) -> list[Paragraph]:
        numbers = set() if self.policy.reads("page-numbers") else find_page_numbers(paragraphs)
        if numbers:
            characters = sum(count_characters(paragraphs[number].text) for number in numbers)
            self.account.leave_out("page-numbers", reason_for("page-numbers"), characters, count=len(numbers))
        return [paragraph for number, paragraph in enumerate(paragraphs) if number not in numbers]

    def metadata(self, front: Sequence[Paragraph]) -> Metadata:
        """Return the metadata in the Gutenberg header, else on the title page."""
        if self.gutenberg and self.gutenberg.metadata.title:
            return self.gutenberg.metadata
        lines = [line for paragraph in front for line in paragraph.lines]
        authors = [match[1] for line in lines if (match := _BYLINE.fullmatch(line))]
        first = list(takewhile(lambda line: not _BYLINE.fullmatch(line), front[0].lines if front else ()))
        has_title = bool(first) and front[0].is_title and not read_heading(first[0])
        title = " ".join(first) if has_title else PurePath(self.name).stem
        return Metadata(title=" ".join(title.split()), authors=tuple(authors))

    def front_matter(self, front: Sequence[Paragraph], title: str) -> Iterator[Chapter]:
        """Yield the text before the first heading: a preface is a chapter, a title page is optional."""
        lengths = [len(paragraph.text) for paragraph in front]
        if sum(lengths) > _MAX_TITLE_PAGE or max(lengths, default=0) > _MAX_TITLE_PARAGRAPH:
            yield Chapter(title, 1, tuple(self.blocks(front)))
        else:
            yield from self.optional_chapter("title-page", front)

    def optional_chapter(self, kind: str, paragraphs: Sequence[Paragraph]) -> Iterator[Chapter]:
        """Yield a chapter if text of this kind is read, else record it as left out."""
        if not paragraphs:
            return
        title = paragraphs[0].lines[0]
        if self.policy.reads(kind):
            yield Chapter(title, 1, tuple(self.blocks(paragraphs)))
        else:
            characters = sum(count_characters(paragraph.text) for paragraph in paragraphs)
            self.account.leave_out(kind, reason_for(kind), characters, title=title)

    def chapters(self, paragraphs: Sequence[Paragraph], starts: Sequence[ChapterStart]) -> Iterator[Chapter]:
        ends = [division.start for division in starts[1:]] + [len(paragraphs)]
        for division, end in zip(starts, ends, strict=False):
            headings = [
                self.without_markup(Block(BlockKind.HEADING, paragraph.text, division.level, source=self.name))
                for paragraph in paragraphs[division.start : division.end]
            ]
            text = self.blocks(paragraphs[division.end : end], division.level + 1)
            yield Chapter(division.title, division.level, (*headings, *text))

    def blocks(self, paragraphs: Sequence[Paragraph], heading_level: int = 0) -> Iterator[Block]:
        """Yield paragraphs as blocks; a bare numeral within a chapter is a heading at `heading_level`."""
        bracketed, closed_at = None, -1
        for number, paragraph in enumerate(paragraphs):
            text = paragraph.text
            if number > closed_at and (bracketed := self.bracketed_kind(text)):
                closed_at = _closing_paragraph(paragraphs, number)
            heading = read_heading(text) if len(paragraph.lines) == 1 else None
            if number <= closed_at and bracketed is BlockKind.NOTE:
                yield from self.note(text)
            elif number <= closed_at:
                yield from self.caption(text)
            elif _SCENE_BREAK.fullmatch(text):
                self.account.leave_out("scene-breaks", reason_for("scene-breaks"), count_characters(text))
                yield Block(BlockKind.SCENE_BREAK, "", source=self.name)
            elif heading_level and heading == HeadingLine(Rank.NUMERAL, has_title=False):
                yield Block(BlockKind.HEADING, text, heading_level, source=self.name)
            else:
                kind = BlockKind.VERSE if paragraph.is_verse else BlockKind.PARAGRAPH
                yield self.without_markup(Block(kind, text, source=self.name))

    def bracketed_kind(self, text: str) -> BlockKind | None:
        """Return NOTE or FIGURE if a footnote or a caption starts here."""
        if self.note_marks and NOTE.match(text):
            return BlockKind.NOTE
        return BlockKind.FIGURE if self.gutenberg and CAPTION.match(text) else None

    def note(self, text: str) -> Iterator[Block]:
        if self.policy.reads("notes"):
            yield self.without_markup(Block(BlockKind.NOTE, text, source=self.name))
        else:
            self.account.leave_out("notes", reason_for("notes"), count_characters(text))

    def caption(self, text: str) -> Iterator[Block]:
        if not self.policy.reads("captions"):
            self.account.leave_out("captions", reason_for("captions"), count_characters(text))
            return
        words = CAPTION.sub("", text, count=1).removesuffix("]").strip()
        if num_markup := count_characters(text) - count_characters(words):
            self.account.leave_out("markup", _MARKUP, num_markup)
        if words:
            yield self.without_markup(Block(BlockKind.FIGURE, words, source=self.name))

    def without_markup(self, block: Block) -> Block:
        """Remove note marks from a block, and turn underscores around words into emphasis."""
        text = block.text
        if self.note_marks and block.kind is not BlockKind.NOTE:
            found = self.note_marks.findall(text)
            self.notes_count += len(found)
            if found and not self.policy.reads("note-marks"):
                characters = sum(map(count_characters, found))
                self.account.leave_out("note-marks", reason_for("note-marks"), characters, count=len(found))
                text = self.note_marks.sub("", text)
        plain, marks, position = "", [], 0
        for match in _EMPHASIS.finditer(text):
            plain += text[position : match.start()]
            marks.append(Mark(len(plain), len(plain) + len(match[1]), MarkKind.EMPHASIS))
            plain += match[1]
            position = match.end()
            self.account.leave_out("markup", _MARKUP, 2)
        return replace(block, text=plain + text[position:], marks=tuple(marks))


def _closing_paragraph(paragraphs: Sequence[Paragraph], number: int) -> int:
    """Return the index of the paragraph that closes the bracket opened at `number`, or `number` if none soon does."""
    if not re.match(r"\[[A-Z]", paragraphs[number].text):
        return number
    near = range(number, min(number + _MAX_BRACKETED, len(paragraphs)))
    return next((n for n in near if paragraphs[n].text.endswith("]")), number)
