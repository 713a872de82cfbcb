"""The context that an element passes to its content: block kind, language, list depth, white space."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from lxml import etree

from cosycli.documents.book import Alphabet, BlockKind, MarkKind
from cosycli.documents.inline_text import InlineText
from cosycli.documents.semantics import attribute, semantic_types

MAX_NESTED_MARKS = 8  # open marks are repeated in every block; thousands of unclosed elements would take minutes
# Elements displayed as blocks (HTML, section 15.3); table cells stay together in their row.
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
    """The context of the content of an element.

    Attributes:
        kind, level: kind and level of blocks.
        language: language of the text; `block_language` is that of the enclosing block.
        block_id: `id` of the enclosing block.
        alphabet: alphabet of pronunciations.
        is_preserved: white space and line breaks are significant.
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


def is_block(name: str) -> bool:
    """Return True for an element that starts on a new line."""
    return bool(_BLOCKS.fullmatch(name))


def block_frame(element: etree._Element, name: str, content: str | None, parent: Frame) -> Frame:
    """Return the frame of a block element; `content` is its kind of text by `element_kinds.element_kind`."""
    kind, level = _kind_and_level(element, name, content, parent)
    tag = attribute(element, "lang")
    return Frame(
        kind=kind,
        level=level,
        language=tag or parent.language,
        block_language=tag or parent.block_language,
        block_id=element.get("id") or "",
        alphabet=attribute(element, "alphabet").lower() or parent.alphabet,
        list_depth=parent.list_depth + (name in _LISTS),
        quote_depth=parent.quote_depth + (name == "blockquote"),
        is_preserved=parent.is_preserved or name == "pre",
    )


def inline_frame(element: etree._Element, parent: Frame) -> Frame:
    """Return the frame of an inline element."""
    tag, alphabet = attribute(element, "lang"), attribute(element, "alphabet")
    if not tag and not alphabet:
        return parent
    return replace(parent, language=tag or parent.language, alphabet=alphabet.lower() or parent.alphabet)


def _kind_and_level(element: etree._Element, name: str, content: str | None, parent: Frame) -> tuple[BlockKind, int]:
    if len(name) == 2 and name[0] == "h" and name[1].isdigit():
        return BlockKind.HEADING, int(name[1])
    if content == "notes" or parent.kind is BlockKind.NOTE:
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
        return BlockKind.LIST_ITEM, parent.list_depth
    if name == "blockquote":
        return BlockKind.QUOTE, parent.quote_depth + 1
    return parent.kind, parent.level


def open_marks(element: etree._Element, name: str, frame: Frame, parent: Frame, text: InlineText) -> int:
    """Open the marks that an element puts on its text, and return their number."""
    num_before = len(text.open_marks)
    if num_before >= MAX_NESTED_MARKS:
        return 0
    language = _primary(frame.language) if frame.language != parent.language else ""
    if not is_block(name) and len(language) == 2 and language != _primary(parent.language):  # ISO 639-1 has two letters
        text.open(MarkKind.LANGUAGE, language)
    if name in ("em", "strong") and not any(span.kind is MarkKind.EMPHASIS for span in text.open_marks):
        text.open(MarkKind.EMPHASIS)
    phonemes = attribute(element, "ph").strip()
    if phonemes and frame.alphabet in _ALPHABETS:
        text.open(MarkKind.PRONUNCIATION, phonemes, _ALPHABETS[frame.alphabet])
    return len(text.open_marks) - num_before


def _primary(tag: str) -> str:
    """Return the primary language of a BCP 47 tag: "de-AT" -> "de"."""
    return re.split("[-_]", tag.strip().lower())[0]
