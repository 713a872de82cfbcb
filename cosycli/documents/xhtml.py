"""An XHTML or HTML document as blocks: every character of it is in one of them, or known to be left out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from lxml import etree

from cosycli.documents.accounting import count_characters
from cosycli.documents.book import Alphabet, Block, BlockKind, Mark, MarkKind
from cosycli.documents.flowing_text import FlowingText
from cosycli.documents.reading_policy import ReadingPolicy
from cosycli.documents.ruby import Ruby
from cosycli.documents.semantics import (
    NOT_TEXT,
    attribute,
    element_kind,
    local_name,
    semantic_types,
    short_text,
    text_of,
)
from cosycli.documents.source_text import count_source

__all__ = ["Omission", "Part", "ReadDocument", "read_document"]

MAX_NESTED_MARKS = 32  # each is opened anew in every block: thousands of unclosed elements would take minutes
# Those that HTML (section 15.3) shows as blocks; cells stay together in their row.
_BLOCKS = re.compile(
    r"address|article|aside|blockquote|body|caption|center|dd|details|dialog|dir|div|dl|dt|fieldset|figcaption|figure"
    r"|footer|form|h[1-6]|header|hgroup|html|li|main|menu|nav|ol|p|pre|section|summary|table|tbody|tfoot|thead|tr|ul"
).fullmatch
_LISTS = frozenset({"ul", "ol", "dl", "menu", "dir"})
_ITEMS = frozenset({"li", "dt", "dd"})
_CONTENT = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "span", "a", "em", "strong", "i", "b", "td"})
_HEADING = re.compile(r"h([1-6])\Z")
_VERSE = re.compile(r"(?:^|[\s:_-])(?:verse|poem|poetry|stanza|lyrics?|hymn)(?:$|[\s_-])", re.IGNORECASE)
_VERSE_LINE = re.compile(r"(?:^|\s)(?:line|verse-?line|l)(?:$|\s)", re.IGNORECASE)
_BREAK_CLASS = re.compile(
    r"(?:^|\s)(?:scene-?break|section-?break|thought-?break|context-?break|tb|asterism|ornament|dinkus|divider)(?:$|\s)",
    re.IGNORECASE,
)
_ORNAMENT = re.compile(r"(?=\S)[\s*＊⁂•·●○◆◇■□★☆※~～#–—―_=❦☙❧✻✽✾❖†‡§-]+")
_ALPHABETS = {"ipa": Alphabet.IPA, "x-sampa": Alphabet.X_SAMPA, "x-cmu": Alphabet.CMU, "x-pinyin": Alphabet.PINYIN}

# Books without p elements end their paragraphs by two br.
_PARAGRAPHS = (BlockKind.PARAGRAPH, BlockKind.QUOTE, BlockKind.VERSE)


@dataclass(frozen=True)
class Omission:
    """A place where text was left out; `is_section` tells a whole section from a mark within a text."""

    kind: str
    characters: int
    title: str = ""
    is_section: bool = False


Part = Block | Omission


@dataclass(frozen=True)
class ReadDocument:
    """A document as parts in reading order.

    Attributes:
        title: of its head.
        anchors: for every `id`, which part begins there or is the first after it.
    """

    path: str
    title: str
    parts: tuple[Part, ...]
    anchors: Mapping[str, int]


@dataclass(frozen=True)
class _Frame:
    """What holds inside an element that is open."""

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


def read_document(root: etree._Element, path: str, policy: ReadingPolicy, language: str = "") -> ReadDocument:
    """The parts of the document at `path` in a book whose language is `language`."""
    reader = _DocumentReader(path, policy, language)
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        if event == "end":
            reader.leave(element)
        elif not reader.enter(element):
            walk.skip_subtree()
    return ReadDocument(path, _head_title(root), tuple(reader.parts), reader.anchors)


def _head_title(root: etree._Element) -> str:
    heads = (child for child in root[:4] if local_name(child) == "head")
    titles = (child for head in heads for child in head if local_name(child) == "title")
    return " ".join(next((text_of(title) for title in titles), "").split())


class _DocumentReader:
    """Follows the elements of a document as they open and close, without recursion: files nest as deep as they like."""

    def __init__(self, path: str, policy: ReadingPolicy, language: str) -> None:
        self.parts: list[Part] = []
        self.anchors: dict[str, int] = {}
        self._path = path
        self._policy = policy
        self._book_language = language
        self._frames = [_Frame(language=language)]
        self._text = FlowingText()
        self._ruby: list[Ruby] = []
        self._skipped: etree._Element | None = None

    def enter(self, element: etree._Element) -> bool:
        """Take the start of an element; False if what is inside it is not to be looked at."""
        name = local_name(element)
        kind = None if name in NOT_TEXT or not name else element_kind(element, name)
        if kind and not self._policy.reads(kind):
            self._leave_out(element, name, kind)
        elif self._read_whole(element, name):
            pass
        else:
            self._open(element, name, kind)
            self._add(element.text, self._frames[-1])
            return True
        self._skipped = element
        return False

    def leave(self, element: etree._Element) -> None:
        """Take the end of an element, and the text after it."""
        if element is self._skipped:
            self._skipped = None
        else:
            self._close(local_name(element))
        if len(self._frames) > 1:
            self._add(element.tail, self._frames[-1])
        else:
            self._flush()

    def _add(self, text: str | None, frame: _Frame) -> None:
        if text and frame.is_preserved:
            self._text.add_preserved(text)
        elif text:
            self._text.add(text)

    def _read_whole(self, element: etree._Element, name: str) -> bool:
        """Take an element at once; False if it is one whose inside is to be read step by step."""
        if name in ("rt", "rtc"):
            if self._ruby and (name == "rt" or not self._ruby[-1].has_reading):
                self._ruby[-1].add_reading(_reading(element))
        elif name in NOT_TEXT or not name:
            pass
        elif name == "br":
            self._note_anchor(element)
            if self._text.ends_line and self._frames[-1].kind in _PARAGRAPHS:
                self._flush()
            self._text.break_line()
        elif name == "hr" or (name in ("p", "div") and self._is_scene_break(element)):
            self._break_scene(element)
        elif name == "img":
            self._note_anchor(element)
            self._read_picture(element)
        elif name == "math":
            self._note_anchor(element)
            self._read_formula(element)
        else:
            return False
        return True

    def _open(self, element: etree._Element, name: str, kind: str | None) -> None:
        is_block = bool(_BLOCKS(name))
        if is_block:
            self._flush()
        self._note_anchor(element)
        parent = self._frames[-1]
        frame = self._block_frame(element, name, kind, parent) if is_block else replace(parent, is_block=False)
        ends_line = name in ("td", "th") or (name == "span" and bool(_VERSE_LINE.search(element.get("class") or "")))
        if ends_line:
            self._text.break_line()
        frame = replace(frame, ends_line=ends_line, num_spans=0)
        self._frames.append(self._open_spans(element, name, frame) if element.attrib or not is_block else frame)
        if name == "ruby":
            self._ruby.append(Ruby(self._text))
        elif name == "rb" and self._ruby:
            self._ruby[-1].next_base()

    def _close(self, name: str) -> None:
        if name == "ruby" and self._ruby:
            self._ruby.pop().finish()
        elif name == "rb" and self._ruby:
            self._ruby[-1].next_base()
        frame = self._frames[-1]
        for _ in range(frame.num_spans):
            self._text.close()
        if frame.ends_line:
            self._text.break_line()
        if frame.is_block:
            self._flush()
        self._frames.pop()

    def _block_frame(self, element: etree._Element, name: str, kind: str | None, parent: _Frame) -> _Frame:
        frame = replace(
            parent,
            is_block=True,
            block_id=element.get("id") or "",
            list_depth=parent.list_depth + (name in _LISTS),
            quote_depth=parent.quote_depth + (name == "blockquote"),
        )
        words = f"{element.get('class') or ''} {' '.join(semantic_types(element))}" if element.attrib else ""
        if heading := _HEADING.match(name):
            return replace(frame, kind=BlockKind.HEADING, level=int(heading[1]))
        if kind == "notes" or parent.kind is BlockKind.NOTE:
            return replace(frame, kind=BlockKind.NOTE, level=0)
        if name == "pre":
            block_kind = BlockKind.CODE if kind == "code" else BlockKind.VERSE
            return replace(frame, kind=block_kind, level=0, is_preserved=True)
        if name in ("caption", "figcaption") or kind == "captions":
            return replace(frame, kind=BlockKind.FIGURE, level=0)
        if name == "tr":
            return replace(frame, kind=BlockKind.TABLE_ROW, level=0)
        if _VERSE.search(words):
            return replace(frame, kind=BlockKind.VERSE, level=0)
        if name in _ITEMS:
            return replace(frame, kind=BlockKind.LIST_ITEM, level=frame.list_depth)
        if name == "blockquote":
            return replace(frame, kind=BlockKind.QUOTE, level=frame.quote_depth)
        return frame

    def _open_spans(self, element: etree._Element, name: str, frame: _Frame) -> _Frame:
        """Open the marks that an element puts on its text."""
        if len(self._text.open_spans) > MAX_NESTED_MARKS:
            return frame
        num_spans = 0
        tag = attribute(element, "lang")
        if tag and not frame.is_block and _primary(tag) != _primary(frame.language) and len(_primary(tag)) == 2:
            self._text.open(MarkKind.LANGUAGE, _primary(tag))
            num_spans += 1
        if tag:
            frame = replace(frame, language=tag, block_language=tag if frame.is_block else frame.block_language)
        frame = replace(frame, alphabet=(attribute(element, "alphabet") or frame.alphabet).lower())
        if name in ("em", "strong"):
            self._text.open(MarkKind.EMPHASIS)
            num_spans += 1
        phonemes = attribute(element, "ph").strip()
        if phonemes and frame.alphabet in _ALPHABETS:
            self._text.open(MarkKind.PRONUNCIATION, phonemes, _ALPHABETS[frame.alphabet])
            num_spans += 1
        return replace(frame, num_spans=num_spans)

    def _leave_out(self, element: etree._Element, name: str, kind: str) -> None:
        is_section = bool(_BLOCKS(name)) and not self._is_within_paragraph(element)
        if is_section:
            self._flush()
        for inner in element.iter("*"):
            self._note_anchor(inner)
        text = text_of(element)
        self._text.leave_out(text)
        characters = count_source(element, with_alt_text=self._policy.reads("alt-text")).characters
        if characters or kind in ("note-marks", "page-numbers"):
            self.parts.append(Omission(kind, characters, _first_heading(element) if is_section else "", is_section))

    def _is_within_paragraph(self, element: etree._Element) -> bool:
        parent = element.getparent()
        return parent is not None and local_name(parent) in _CONTENT

    def _is_scene_break(self, element: etree._Element) -> bool:
        if not _BREAK_CLASS.search(element.get("class") or ""):
            return False
        text = short_text(element)
        return text is not None and not any(map(str.isalnum, text))

    def _break_scene(self, element: etree._Element) -> None:
        self._flush()
        self._note_anchor(element)
        characters = count_source(element).characters
        if characters and self._policy.reads("scene-breaks"):
            self._text.add(text_of(element))
            self._flush()
            return
        if characters:
            self.parts.append(Omission("scene-breaks", characters))
        self._append(Block(BlockKind.SCENE_BREAK, "", source=self._source()))

    def _read_picture(self, element: etree._Element) -> None:
        alternative = (element.get("alt") or "").strip()
        if alternative and self._policy.reads("alt-text"):
            self._text.leave_out(" ")
            self._text.add(alternative)
            self._text.leave_out(" ")
        elif alternative:
            self.parts.append(Omission("alt-text", 0))

    def _read_formula(self, element: etree._Element) -> None:
        """Take a formula as its signs with a space between them, to be said as its `alttext` has it."""
        signs: list[str] = []
        walk = etree.iterwalk(element, events=("start", "end"))
        for event, inner in walk:
            name = local_name(inner)
            if event == "end":
                signs += (inner.tail or "").split() if inner is not element else []
            elif name in NOT_TEXT or name.startswith("annotation"):
                self.parts.append(Omission("math", count_source(inner).characters))
                walk.skip_subtree()
            else:
                signs += (inner.text or "").split()
        self._text.add(" ")
        alternative = " ".join(attribute(element, "alttext").split())
        if alternative:
            self._text.open(MarkKind.ALIAS, alternative)
        self._text.add(" ".join(signs))
        if alternative:
            self._text.close()
        self._text.add(" ")

    def _note_anchor(self, element: etree._Element) -> None:
        for key in ("id", "name"):
            if value := element.get(key):
                self.anchors.setdefault(value, len(self.parts))

    def _flush(self) -> None:
        """End the block that is being collected."""
        for ruby in self._ruby:
            ruby.finish()
        text, marks = self._text.finish()
        if text:
            self._append_text(text, marks)
        self._text = FlowingText(self._text.open_spans)
        for ruby in self._ruby:
            ruby.start(self._text)

    def _append_text(self, text: str, marks: tuple[Mark, ...]) -> None:
        frame = self._frames[-1]
        is_ornament = frame.kind is not BlockKind.HEADING and _ORNAMENT.fullmatch(text)
        if is_ornament and not self._policy.reads("scene-breaks"):
            self.parts.append(Omission("scene-breaks", count_characters(text)))
            self._append(Block(BlockKind.SCENE_BREAK, "", source=self._source()))
            return
        language = frame.block_language
        is_own = not language or language.lower() == self._book_language.lower()
        self._append(Block(frame.kind, text, frame.level, None if is_own else language, marks, self._source()))

    def _append(self, block: Block) -> None:
        is_break = block.kind is BlockKind.SCENE_BREAK
        last = next((part for part in reversed(self.parts[-8:]) if isinstance(part, Block)), None)
        if not (is_break and last is not None and last.kind is BlockKind.SCENE_BREAK):
            self.parts.append(block)

    def _source(self) -> str:
        block_id = self._frames[-1].block_id
        return f"{self._path}#{block_id}" if block_id else self._path


def _primary(tag: str) -> str:
    return re.split("[-_]", tag.strip().lower())[0]


def _reading(element: etree._Element) -> str:
    """What an `rt` or `rtc` says: its own text is none of the book's."""
    return "".join(element.itertext())


def _first_heading(element: etree._Element) -> str:
    headings = (inner for inner in element.iter("*") if _HEADING.match(local_name(inner)))
    return " ".join(next((text_of(heading) for heading in headings), "").split())
