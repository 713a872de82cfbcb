"""Converts Markdown tokens to the blocks of a book."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from markdown_it.token import Token

from cosycli.documents.accounting import Account, count_characters
from cosycli.documents.book import Block, BlockKind, Mark, MarkKind
from cosycli.documents.inline_text import InlineText, Ruby
from cosycli.documents.markdown_parser import ParsedMarkdown, parse_inline_html
from cosycli.documents.reading_policy import ReadingPolicy, reason_for

_CONTAINERS = {
    "list_item_open": BlockKind.LIST_ITEM,
    "blockquote_open": BlockKind.QUOTE,
    "footnote_reference_open": BlockKind.NOTE,
}
_ENDS = {name.replace("_open", "_close") for name in _CONTAINERS}
_TAG_NAME = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)")
# Elements displayed as blocks (HTML, section 15.3), and table cells.
_BLOCK_NAMES = """
address article aside blockquote body center dd details dialog dir div dl dt fieldset figcaption figure footer form h1
h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol option p pre search section summary table tbody td tfoot
th thead tr ul
"""
_BLOCK_ELEMENTS = frozenset(_BLOCK_NAMES.split())
_LOWEST_LEVEL = 6  # of headings
_BRACKETS = frozenset("[]<>{}\\")


class MarkdownBlocks:
    """Converts tokens to blocks, in order.

    Attributes:
        notes_count: number of references to notes so far.
    """

    def __init__(self, parsed: ParsedMarkdown, source: str, policy: ReadingPolicy, account: Account) -> None:
        self.parsed = parsed
        self.source = source
        self.policy = policy
        self.account = account
        self.notes_count = 0
        self._containers: list[BlockKind] = []
        self._inline_notes: list[Sequence[Token]] = []

    def read(self) -> Iterator[Block]:
        """Yield the blocks to read; record in the account what the policy leaves out."""
        for block in self._blocks():
            kind = self._left_out_as(block)
            if kind:
                self.account.leave_out(kind, reason_for(kind), count_characters(block.text))
            elif block.text or block.kind is BlockKind.SCENE_BREAK:
                yield block

    def _left_out_as(self, block: Block) -> str | None:
        """Return the class of text of a block that is not read, or None."""
        kinds = {BlockKind.NOTE: "notes", BlockKind.CODE: "code", BlockKind.TABLE_ROW: "tables"}
        kind = kinds.get(block.kind)
        return kind if kind and not self.policy.reads(kind) else None

    def _blocks(self) -> Iterator[Block]:
        opened: Token | None = None
        cells: list[Token] = []
        for token in self.parsed.tokens:
            if token.type in _CONTAINERS:
                self._containers.append(_CONTAINERS[token.type])
            elif token.type in _ENDS:
                self._containers.pop()
            elif token.type == "inline":
                if opened and opened.type in ("th_open", "td_open"):
                    cells.append(token)
                else:
                    yield from self._inline(token, opened)
            elif token.type == "tr_close":
                yield from self._row(cells)
                cells = []
            elif token.type in ("fence", "code_block"):
                yield self._code(token.content)
            elif token.type == "html_block":
                yield from self._html(token.content)
            elif token.type == "hr":
                yield Block(BlockKind.SCENE_BREAK, "", source=self.source)
            elif token.nesting == 1:
                opened = token

    def _inline(self, token: Token, opened: Token | None) -> Iterator[Block]:
        """Yield a heading or paragraph, then the inline notes in it."""
        text = InlineText()
        self._add(token.children or (), text)
        is_heading = opened is not None and opened.type == "heading_open"
        yield self._block(text, int(opened.tag[1]) if is_heading and opened else 0)
        yield from self._pop_inline_notes()

    def _pop_inline_notes(self) -> Iterator[Block]:
        while self._inline_notes:
            note = InlineText()
            self._add(self._inline_notes.pop(0), note)
            content, marks = note.finish()
            yield Block(BlockKind.NOTE, content, marks=marks, source=self.source)

    def _block(self, text: InlineText, heading_level: int = 0) -> Block:
        """Return a block of the kind that its containers imply; a heading in a quote or list has the lowest level."""
        content, marks = text.finish()
        if BlockKind.NOTE in self._containers:
            kind, level = BlockKind.NOTE, 0
        elif heading_level:
            kind, level = BlockKind.HEADING, _LOWEST_LEVEL if self._containers else heading_level
        elif self._containers:
            kind = self._containers[-1]
            level = self._containers.count(kind)
        else:
            kind, level = BlockKind.PARAGRAPH, 0
        return Block(kind, content, level, marks=marks, source=self.source)

    def _row(self, cells: Sequence[Token]) -> Iterator[Block]:
        """Yield a table row, with one line per cell."""
        text = InlineText()
        for cell in cells:
            text.break_line()
            self._add(cell.children or (), text)
        content, marks = text.finish()
        kind = BlockKind.NOTE if BlockKind.NOTE in self._containers else BlockKind.TABLE_ROW
        yield Block(kind, content, marks=marks, source=self.source)
        yield from self._pop_inline_notes()

    def _code(self, code: str) -> Block:
        content = code.strip()
        kind = BlockKind.NOTE if BlockKind.NOTE in self._containers else BlockKind.CODE
        return Block(kind, content, marks=(Mark(0, len(content), MarkKind.LITERAL),), source=self.source)

    def _html(self, html: str) -> Iterator[Block]:
        """Yield the blocks of embedded HTML, divided at the start and end of block elements."""
        is_code = False
        for is_edge, run in groupby(parse_inline_html(html), key=lambda token: _tag(token)[1] in _BLOCK_ELEMENTS):
            tokens = list(run)
            if is_edge:
                is_code = _tag(tokens[-1]) == (False, "pre")
            else:
                text = InlineText()
                self._add(tokens, text)
                yield self._code(text.finish()[0]) if is_code else self._block(text)

    def _add(self, tokens: Sequence[Token], text: InlineText) -> None:
        ruby = _InlineRuby(text)
        for token in tokens:
            if token.type == "softbreak":
                text.add("\n")
            elif token.type == "hardbreak":
                text.break_line()
            elif token.type in ("em_open", "strong_open"):
                text.open(MarkKind.EMPHASIS)
            elif token.type in ("em_close", "strong_close"):
                text.close()
            elif token.type == "image":
                self._add_image(token, text)
            elif token.type == "footnote_ref":
                self._add_note_reference(token)
            elif token.type == "html_inline":
                ruby.read_tag(*_tag(token))
            elif token.type in ("text", "text_special", "code_inline") and not ruby.consumes(token.content):
                _add_words(token, text)
        num_consumed = ruby.finish()
        if num_consumed:
            self.account.leave_out("markup", "readings are spoken in place of the characters below them", num_consumed)

    def _add_image(self, token: Token, text: InlineText) -> None:
        if self.policy.reads("alt-text"):
            self._add(token.children or (), text)
            return
        alternative = InlineText()
        self._add(token.children or (), alternative)
        characters = count_characters(alternative.finish()[0])
        self.account.leave_out("alt-text", reason_for("alt-text"), characters)

    def _add_note_reference(self, token: Token) -> None:
        self.notes_count += 1
        if token.meta["id"] in self.parsed.inline_notes:
            self._inline_notes.append(self.parsed.inline_notes[token.meta["id"]])


class _InlineRuby:
    """Processes the tags of ruby, `<ruby>山<rt>やま</rt></ruby>`, and of line breaks in a block."""

    def __init__(self, text: InlineText) -> None:
        self._text = text
        self._ruby: Ruby | None = None
        self._reading: list[str] | None = None
        self._num_consumed = 0

    def read_tag(self, closing: bool, name: str) -> None:
        if name == "br":
            self._text.break_line()
        elif name == "ruby":
            self._end_ruby()
            self._ruby = None if closing else Ruby(self._text)
        elif name in ("rt", "rp") and self._ruby:
            self._end_reading(is_said=name == "rt")
            self._reading = None if closing else []

    def consumes(self, words: str) -> bool:
        """Consume the words, and return True, if they are a reading or its brackets, not text of the block."""
        if self._reading is None:
            return False
        self._reading.append(words)
        self._num_consumed += count_characters(words)
        return True

    def finish(self) -> int:
        """Place the readings as marks, and return their number of characters."""
        self._end_ruby()
        return self._num_consumed

    def _end_ruby(self) -> None:
        self._end_reading(is_said=True)
        if self._ruby:
            self._ruby.finish()

    def _end_reading(self, *, is_said: bool) -> None:
        if self._ruby and self._reading and is_said:
            self._ruby.add_reading("".join(self._reading))
        self._reading = None


def _add_words(token: Token, text: InlineText) -> None:
    """Add text, as literal if it is code or an escape with a bracket of the notation."""
    is_literal = token.type != "text" and not _BRACKETS.isdisjoint(token.content)
    if is_literal:
        text.open(MarkKind.LITERAL)
    text.add(token.content)
    if is_literal:
        text.close()


def _tag(token: Token) -> tuple[bool, str]:
    """Return whether an HTML tag is a closing one, and its name in lower case; "" for other tokens."""
    tag = _TAG_NAME.match(token.content) if token.type == "html_inline" else None
    return (bool(tag[1]), tag[2].lower()) if tag else (False, "")
