"""Parses Markdown: CommonMark with tables and footnotes, in which the notation of `script.markup` stays text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.html_re import HTML_TAG_RE
from markdown_it.common.utils import escapeHtml
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

from cosycli.documents.accounting import count_characters

MAX_NESTING = 40  # levels of tokens: 40 quotes or 20 lists; at 300 levels markdown-it exceeds the recursion limit
# Notation of `cosycli.script.markup` that Markdown would misread: names of styles and voices may contain "_" or "*",
# and the tags of the models look like HTML.
_NOTATION = re.compile(r"\[/?\s*(?:style|voice|pause)\b[^\[\]\n]{0,300}\]|</?(?:laughter|strong)>")
_ATTRIBUTES = re.compile(r"\{:?\s*[#.][\w-][^{}\n]{0,200}\}\s*\Z")  # of pandoc, kramdown and mdBook, after a heading
_SILENT_HTML = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_UNCLOSED_HTML = re.compile(r"\s*<[!?].*\Z", re.DOTALL)
_TAG = re.compile("<[^>]*>")


@dataclass(frozen=True)
class ParsedMarkdown:
    """A parsed Markdown text.

    Attributes:
        tokens: tokens of markdown-it; footnotes are where they were written.
        inline_notes: the tokens of each note written `^[like this]`, by the `id` of its reference.
        num_characters: number of visible characters, with code, notes and alternative texts of images. They are
            counted in the HTML that markdown-it renders, independently of the conversion to blocks.
    """

    tokens: Sequence[Token]
    inline_notes: dict[int, list[Token]]
    num_characters: int


def parse_markdown(text: str) -> ParsedMarkdown:
    """Parse Markdown; every text is valid."""
    environment: dict[str, Any] = {}
    parser = _parser()
    tokens = parser.parse(text, environment)
    notes = environment.get("footnotes", {}).get("list", {})
    inline_notes = {number: note["tokens"] for number, note in notes.items() if "tokens" in note}
    rendered = parser.renderer.render(tokens, parser.options, environment)
    return ParsedMarkdown(tokens, inline_notes, count_characters(unescape(_TAG.sub("", rendered))))


def parse_inline_html(html: str) -> list[Token]:
    """Parse a block of HTML within Markdown into inline tokens: tags (`html_inline`), text and entities."""
    html = "" if _UNCLOSED_HTML.match(html) and not HTML_TAG_RE.match(html.strip()) else _SILENT_HTML.sub("", html)
    return _html_parser().parseInline(html)[0].children or []


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable(["table", "strikethrough"])
    parser.use(footnote_plugin, move_to_end=False)
    parser.disable("text_join")  # it loses which characters were escaped
    parser.block.ruler.before("table", "too_deep", _too_deep)
    parser.inline.ruler.before("escape", "notation", _notation)
    parser.inline.ruler.before("escape", "attributes", _attributes)
    for name, rule in _COUNTING_RENDERERS.items():
        parser.add_render_rule(name, rule)
    return parser


@lru_cache(maxsize=1)
def _html_parser() -> MarkdownIt:
    parser = MarkdownIt("zero", {"html": True}).enable(["html_inline", "entity", "newline"]).disable("text_join")
    parser.inline.ruler.before("newline", "notation", _notation)
    return parser


def _too_deep(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """Turn content that markdown-it would drop, as nested too deeply, into one paragraph."""
    if state.level < MAX_NESTING - 3:
        return False
    if not silent:
        state.push("paragraph_open", "p", 1)
        token = state.push("inline", "", 0)
        token.content = state.getLines(start_line, end_line, state.blkIndent, False).strip()
        token.children = []
        state.push("paragraph_close", "p", -1)
    state.line = end_line
    return True


def _notation(state: StateInline, silent: bool) -> bool:
    """Keep notation as text."""
    found = _NOTATION.match(state.src, state.pos, state.posMax) if state.src[state.pos] in "[<" else None
    if found is None:
        return False
    if not silent:
        state.append_pending(found.group())
    state.pos = found.end()
    return True


def _attributes(state: StateInline, silent: bool) -> bool:
    """Drop attributes at the end of a heading."""
    found = _ATTRIBUTES.match(state.src, state.pos, state.posMax) if state.src[state.pos] == "{" else None
    if found is None:
        return False
    state.pos = found.end()
    return True


def _words(tokens: Iterable[Token]) -> Iterator[str]:
    """Yield the text of inline tokens, with the alternative texts of images."""
    for token in tokens:
        if token.type == "image":
            yield from _words(token.children or ())
        elif token.type in ("text", "text_special", "code_inline"):
            yield token.content


def _render_note_reference(tokens: Sequence[Token], index: int, options: Any, environment: Any) -> str:
    note = environment["footnotes"]["list"][tokens[index].meta["id"]]
    return str(_parser().renderer.render(note.get("tokens", []), options, environment))


# Renderers for tokens whose HTML would be miscounted.
_COUNTING_RENDERERS: dict[str, Any] = {
    "text_special": lambda _, tokens, index, options, environment: escapeHtml(tokens[index].content),
    "html_inline": lambda *_: "",
    "html_block": lambda _, tokens, index, options, environment: escapeHtml(
        "".join(_words(parse_inline_html(tokens[index].content)))
    ),
    "image": lambda _, tokens, index, options, environment: escapeHtml("".join(_words(tokens[index].children or ()))),
    "footnote_ref": lambda _, *arguments: _render_note_reference(*arguments),
}
