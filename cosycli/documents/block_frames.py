"""What holds inside an element of a page: of which kind its text is, in which language, how it is set."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from lxml import etree

from cosycli.documents.book import Alphabet, BlockKind, MarkKind
from cosycli.documents.flowing_text import FlowingText
from cosycli.documents.semantics import attribute, semantic_types

__all__ = ["Frame", "block_frame", "is_block", "open_spans"]

MAX_NESTED_MARKS = 32  # each is opened anew in every block: thousands of unclosed elements would take minutes
# Those that HTML (section 15.3) shows as blocks; cells stay together in their row.
_BLOCKS = re.compile(
    r"address|article|aside|blockquote|body|caption|center|dd|details|dialog|dir|div|dl|dt|fieldset|figcaption|figure"
    r"|footer|form|h[1-6]|header|hgroup|html|li|main|menu|nav|ol|p|pre|section|summary|table|tbody|tfoot|thead|tr|ul"
)
_LISTS = frozenset({"ul", "ol", "dl", "menu", "dir"})
_ITEMS = frozenset({"li", "dt", "dd"})
_VERSE = re.compile(r"(?:^|[\s:_-])(?:verse|poem|poetry|stanza|lyrics?|hymn)(?:$|[\s_-])", re.IGNORECASE)
_ALPHABETS = {"ipa": Alphabet.IPA, "x-sampa": Alphabet.X_SAMPA, "x-cmu": Alphabet.CMU, "x-pinyin": Alphabet.PINYIN}


@dataclass(frozen=True)
class Frame:
    """An open element.

    Attributes:
        kind, level: of the blocks in it.
        language: of the text in it; `block_language` that of the block it stands in.
        block_id: the `id` of that block.
        alphabet: of the pronunciations in it.
        is_preserved: its spaces and line ends are meant.
        ends_line: it stands on a line of its own.
        num_spans: marks to be closed with it.
    """

    kind: BlockKind = BlockKind.PARAGRAPH
    level: int = 0
    language: str = ""
    block_language: str = ""
    block_id: str = ""
    alphabet: str = "ipa"
    list_depth: int = 0
    quote_depth: int = 0
    is_preserved: bool = False
    is_block: bool = True
    ends_line: bool = False
    num_spans: int = 0


def is_block(name: str) -> bool:
    """True for elements that start on a line of their own."""
    return bool(_BLOCKS.fullmatch(name))


def block_frame(element: etree._Element, name: str, content: str | None, parent: Frame) -> Frame:
    """The frame of a block in `parent`; `content` is the kind of text it holds, by `semantics.element_kind`."""
    frame = replace(
        parent,
        is_block=True,
        block_id=element.get("id") or "",
        list_depth=parent.list_depth + (name in _LISTS),
        quote_depth=parent.quote_depth + (name == "blockquote"),
    )
    if name == "pre":
        frame = replace(frame, is_preserved=True)
    kind, level = _kind_and_level(element, name, content, frame)
    return replace(frame, kind=kind, level=level)


def _kind_and_level(element: etree._Element, name: str, content: str | None, frame: Frame) -> tuple[BlockKind, int]:
    if len(name) == 2 and name[0] == "h" and name[1].isdigit():
        return BlockKind.HEADING, int(name[1])
    if content == "notes" or frame.kind is BlockKind.NOTE:
        return BlockKind.NOTE, 0
    if name == "pre":
        return (BlockKind.CODE if content == "code" else BlockKind.VERSE), 0
    if content == "captions":
        return BlockKind.FIGURE, 0
    if name == "tr":
        return BlockKind.TABLE_ROW, 0
    if element.attrib and _VERSE.search(f"{element.get('class') or ''} {' '.join(semantic_types(element))}"):
        return BlockKind.VERSE, 0
    if name in _ITEMS:
        return BlockKind.LIST_ITEM, frame.list_depth
    if name == "blockquote":
        return BlockKind.QUOTE, frame.quote_depth
    return frame.kind, frame.level


def open_spans(element: etree._Element, name: str, frame: Frame, text: FlowingText) -> Frame:
    """Open the marks that an element puts on its text, and note in its frame how many there are."""
    tag = attribute(element, "lang")
    alphabet = attribute(element, "alphabet").lower() or frame.alphabet
    phonemes = attribute(element, "ph").strip()
    num_before = len(text.open_spans)
    if num_before < MAX_NESTED_MARKS:
        language = _primary(tag)
        if (
            not frame.is_block and len(language) == 2 and language != _primary(frame.language)
        ):  # ISO 639-1 has two letters
            text.open(MarkKind.LANGUAGE, language)
        if name in ("em", "strong"):
            text.open(MarkKind.EMPHASIS)
        if phonemes and alphabet in _ALPHABETS:
            text.open(MarkKind.PRONUNCIATION, phonemes, _ALPHABETS[alphabet])
    return replace(
        frame,
        language=tag or frame.language,
        block_language=tag if tag and frame.is_block else frame.block_language,
        alphabet=alphabet,
        num_spans=len(text.open_spans) - num_before,
    )


def _primary(tag: str) -> str:
    """The first part of a BCP 47 tag: "de" of "de-AT"."""
    return re.split("[-_]", tag.strip().lower())[0]
