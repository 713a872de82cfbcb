"""Writes a chapter as an XHTML page of an EPUB, in which every segment is a span with an id.

The page contains all text of the chapter; unspoken text stands between the spans.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from cosycli.documents.book import Alphabet, Block, BlockKind, Mark, MarkKind

if TYPE_CHECKING:
    from cosycli.script.book_script import ChapterScript

STYLESHEET = "style.css"
PAGE_ID = "chapter"  # the id of the section around a page
# The tags around the text of a block. Footnotes and figures: EPUB 3 Structural Semantics, and HTML 4.4.12.
_ELEMENTS = {
    BlockKind.PARAGRAPH: ("<p{0}>", "</p>"),
    BlockKind.LIST_ITEM: ("<li{0}>", "</li>"),
    BlockKind.QUOTE: ("<blockquote{0}><p>", "</p></blockquote>"),
    BlockKind.VERSE: ('<p class="verse"{0}>', "</p>"),
    BlockKind.TABLE_ROW: ('<p class="row"{0}>', "</p>"),
    BlockKind.FIGURE: ("<figure{0}><figcaption>", "</figcaption></figure>"),
    BlockKind.NOTE: ('<aside epub:type="footnote"{0}><p>', "</p></aside>"),
    BlockKind.CODE: ("<pre{0}><code>", "</code></pre>"),
}
# Characters that no XML document may contain (XML 1.0, section 2.2).
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")  # the form of a BCP 47 tag


def chapter_page(chapter: ChapterScript, language: str) -> str:
    """The XHTML page of a chapter."""
    writer = _Writer(chapter)
    numbered = enumerate(chapter.chapter.blocks)
    body = []
    for is_list, blocks in groupby(numbered, key=lambda item: item[1].kind is BlockKind.LIST_ITEM):
        elements = "\n".join(writer.element(number, block) for number, block in blocks)
        body.append(f"<ul>\n{elements}\n</ul>" if is_list else elements)
    return page(chapter.chapter.title, language, f'<section id="{PAGE_ID}" epub:type="chapter">', *body, "</section>")


def page(title: str, language: str, *body: str) -> str:
    """An XHTML document with these lines as its body."""
    return "\n".join(
        (
            '<?xml version="1.0" encoding="utf-8"?>',
            "<!DOCTYPE html>",
            '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"'
            f"{_language_attributes(language)}>",
            f'<head><meta charset="utf-8"/><title>{text(title) or "…"}</title>',
            f'<link rel="stylesheet" type="text/css" href="{STYLESHEET}"/></head>',
            "<body>",
            *body,
            "</body>",
            "</html>",
            "",
        )
    )


def span_id(segment_number: int) -> str:
    """The id of the span of a segment on its page; segments are counted from 1."""
    return f"s{segment_number}"


def text(content: str) -> str:
    """Escape `content` as the text of an XML element."""
    return escape(xml_characters(content))


def xml_characters(content: str) -> str:
    """Remove the characters that no XML document may contain."""
    return _NOT_XML.sub("", content)


def is_language(tag: str) -> bool:
    """Whether `tag` has the form of a BCP 47 tag; books contain other values."""
    return _LANGUAGE.fullmatch(tag) is not None


def _language_attributes(language: str | None) -> str:
    return f' lang="{language}" xml:lang="{language}"' if language and is_language(language) else ""


class _Writer:
    """Writes the blocks of a chapter, in order."""

    def __init__(self, chapter: ChapterScript) -> None:
        self.script = chapter.script
        self.block_starts = chapter.block_starts
        self.segments = [(*segment.source, number) for number, segment in enumerate(chapter.script.segments, start=1)]
        self.next_segment = 0

    def element(self, number: int, block: Block) -> str:
        """The XHTML element of a block."""
        if block.kind is BlockKind.SCENE_BREAK:
            return "<hr/>"
        start = self.block_starts[number]
        content = "".join(self._content(block, start, start + len(block.text)))
        if block.kind is not BlockKind.CODE:
            content = content.replace("\n", "<br/>\n")
        before, after = self._tags(block)
        return f"{before.format(_language_attributes(block.language))}{content}{after}"

    def _tags(self, block: Block) -> tuple[str, str]:
        if block.kind is BlockKind.HEADING:
            level = min(max(block.level, 1), 6)
            return f"<h{level}{{0}}>", f"</h{level}>"
        return _ELEMENTS[block.kind]

    def _content(self, block: Block, start: int, end: int) -> Iterator[str]:
        """Yield the source text from `start` to `end`, with its segments in spans."""
        marks = [replace(mark, start=mark.start + start, end=mark.end + start) for mark in block.marks]
        while self.next_segment < len(self.segments):
            segment_start, segment_end, number = self.segments[self.next_segment]
            if segment_start >= end:
                break
            yield self._inline(marks, start, segment_start)
            yield f'<span id="{span_id(number)}">{self._inline(marks, segment_start, segment_end)}</span>'
            start = segment_end
            self.next_segment += 1
        yield self._inline(marks, start, end)

    def _inline(self, marks: Sequence[Mark], start: int, end: int) -> str:
        near = [mark for mark in marks if mark.start < end and start < mark.end]
        edges = {edge for mark in near for edge in (mark.start, mark.end) if start < edge < end}
        return "".join(
            self._marked(near, first, last) for first, last in pairwise(sorted({start, *edges, end})) if first < last
        )

    def _marked(self, marks: Sequence[Mark], start: int, end: int) -> str:
        """Text in which no mark starts or ends, inside the elements of the marks that enclose it."""
        content = "".join(text(self.script.source[a:b]) for a, b in self.script.stretches(start, end))
        for mark in reversed([mark for mark in marks if mark.start <= start and end <= mark.end]):
            if mark.kind is MarkKind.EMPHASIS:
                content = f"<em>{content}</em>"
            elif mark.kind is MarkKind.LANGUAGE and is_language(mark.value):
                content = f"<span{_language_attributes(mark.value)}>{content}</span>"
            elif mark.alphabet is Alphabet.RUBY and (mark.start, mark.end) == (start, end):
                content = f"<ruby>{content}<rt>{text(mark.value)}</rt></ruby>"
        return content
