"""Reads an XHTML or HTML document as blocks and omissions, which together account for every character."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from lxml import etree

from cosycli.documents.accounting import count_characters, count_source
from cosycli.documents.block_frames import Frame, block_frame, inline_frame, is_block, open_marks
from cosycli.documents.book import Block, BlockKind, Mark, MarkKind
from cosycli.documents.element_kinds import element_kind
from cosycli.documents.inline_text import InlineText, Ruby
from cosycli.documents.reading_policy import ReadingPolicy
from cosycli.documents.semantics import NOT_TEXT, attribute, local_name, short_text, text_of

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_WITHIN_PARAGRAPH = _HEADINGS | {"p", "span", "a", "em", "strong", "i", "b", "td"}
_VERSE_LINE = re.compile(r"(?:^|\s)(?:line|verse-?line|l)(?:$|\s)", re.IGNORECASE)
_BREAK_CLASS = re.compile(
    r"(?:^|\s)(?:scene-?break|section-?break|thought-?break|context-?break|tb|asterism|ornament|dinkus|divider)(?:$|\s)",
    re.IGNORECASE,
)
_ORNAMENT = re.compile(r"(?=\S)[\s*＊⁂•·●○◆◇■□★☆※~～#–—―_=❦☙❧✻✽✾❖†‡§-]+")
# In these, two br end a paragraph: books without p elements have no other sign.
_SPLIT_AT_TWO_BREAKS = (BlockKind.PARAGRAPH, BlockKind.QUOTE, BlockKind.VERSE)


@dataclass(frozen=True)
class Omission:
    """A place where text was left out; `is_section` if it is a whole section, not a mark within a text."""

    kind: str
    characters: int
    title: str = ""
    is_section: bool = False


DocumentPart = Block | Omission


@dataclass(frozen=True)
class ReadDocument:
    """The content of a document, in reading order.

    Attributes:
        title: the `title` in its head.
        anchors: for each `id`, the index of the part that starts there, or of the next one.
    """

    path: str
    title: str
    parts: tuple[DocumentPart, ...]
    anchors: Mapping[str, int]


class _Ending(NamedTuple):
    """The actions due at the end of an element."""

    ends_block: bool
    ends_line: bool
    num_marks: int


def read_document(root: etree._Element, path: str, policy: ReadingPolicy, language: str = "") -> ReadDocument:
    """Read the document at `path`, in a book whose language is `language`."""
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
    """Processes the start and end of each element, without recursion: hostile files nest very deeply."""

    def __init__(self, path: str, policy: ReadingPolicy, language: str) -> None:
        self.parts: list[DocumentPart] = []
        self.anchors: dict[str, int] = {}
        self._path = path
        self._policy = policy
        self._book_language = language
        self._frames = [Frame(language=language)]
        self._endings: list[_Ending] = []
        self._text = InlineText()
        self._ruby: list[Ruby] = []
        self._skipped: etree._Element | None = None

    def enter(self, element: etree._Element) -> bool:
        """Process the start of an element; return False if its content is to be skipped."""
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
        """Process the end of an element, and its tail."""
        if element is self._skipped:
            self._skipped = None
        else:
            self._close(local_name(element))
        if len(self._frames) > 1:
            self._add(element.tail, self._frames[-1])
        else:
            self._flush()

    def _add(self, text: str | None, frame: Frame) -> None:
        if text and frame.is_preserved:
            self._text.add_preserved(text)
        elif text:
            self._text.add(text)

    def _read_whole(self, element: etree._Element, name: str) -> bool:
        """Process an element with its content, and return True; False if its content is to be walked."""
        if name in ("rt", "rtc"):
            if self._ruby and (name == "rt" or not self._ruby[-1].has_reading):
                self._ruby[-1].add_reading("".join(element.itertext()))
        elif name in NOT_TEXT or not name:
            pass
        elif (name in ("p", "div") and self._is_scene_break(element)) or (name == "hr" and _is_empty(element)):
            self._break_scene(element)
        elif name in ("br", "img"):
            self._note_anchor(element)
            self._break_line() if name == "br" else self._read_picture(element)
            return _is_empty(element)
        elif name == "math":
            self._note_anchor(element)
            self._read_formula(element)
        else:
            return False
        return True

    def _break_line(self) -> None:
        if self._text.ends_line and self._frames[-1].kind in _SPLIT_AT_TWO_BREAKS:
            self._flush()
        self._text.break_line()

    def _open(self, element: etree._Element, name: str, kind: str | None) -> None:
        starts_block = is_block(name)
        if starts_block:
            self._flush()
        self._note_anchor(element)
        parent = self._frames[-1]
        frame = block_frame(element, name, kind, parent) if starts_block else inline_frame(element, parent)
        ends_line = name in ("td", "th") or (name == "span" and bool(_VERSE_LINE.search(element.get("class") or "")))
        if ends_line:
            self._text.break_line()
        num_marks = open_marks(element, name, frame, parent, self._text)
        self._frames.append(frame)
        self._endings.append(_Ending(starts_block, ends_line, num_marks))
        if name == "ruby":
            self._ruby.append(Ruby(self._text))
        elif name == "rb" and self._ruby:
            self._ruby[-1].next_base()

    def _close(self, name: str) -> None:
        if name == "ruby" and self._ruby:
            self._ruby.pop().finish()
        elif name == "rb" and self._ruby:
            self._ruby[-1].next_base()
        ending = self._endings.pop()
        for _ in range(ending.num_marks):
            self._text.close()
        if ending.ends_line:
            self._text.break_line()
        if ending.ends_block:
            self._flush()
        self._frames.pop()

    def _leave_out(self, element: etree._Element, name: str, kind: str) -> None:
        parent = element.getparent()
        is_section = is_block(name) and (parent is None or local_name(parent) not in _WITHIN_PARAGRAPH)
        if is_section:
            self._flush()
        for inner in element.iter("*"):
            self._note_anchor(inner)
        self._text.omit(text_of(element))
        characters = count_source(element, with_alt_text=self._policy.reads("alt-text")).characters
        if characters or kind in ("note-marks", "page-numbers"):
            self.parts.append(Omission(kind, characters, _first_heading(element) if is_section else "", is_section))

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
            self._text.omit(" ")
            self._text.add(alternative)
            self._text.omit(" ")
        elif alternative:
            self.parts.append(Omission("alt-text", 0))

    def _read_formula(self, element: etree._Element) -> None:
        """Add the symbols of a formula, separated by spaces, with its `alttext` as the spoken form."""
        self._text.add(" ")
        alternative = " ".join(attribute(element, "alttext").split())
        if alternative:
            self._text.open(MarkKind.ALIAS, alternative)
        self._text.add(" ".join(self._symbols(element)))
        if alternative:
            self._text.close()
        self._text.add(" ")

    def _symbols(self, formula: etree._Element) -> Iterator[str]:
        """Yield the visible symbols of a formula, without its machine-readable annotations."""
        walk = etree.iterwalk(formula, events=("start", "end"))
        for event, element in walk:
            name = local_name(element)
            if event == "end":
                yield from (element.tail or "").split() if element is not formula else ()
            elif name in NOT_TEXT or name.startswith("annotation"):
                self.parts.append(Omission("math", count_source(element).characters))
                walk.skip_subtree()
            else:
                yield from (element.text or "").split()
                if name == "img" and self._policy.reads("alt-text"):
                    yield from (element.get("alt") or "").split()

    def _note_anchor(self, element: etree._Element) -> None:
        for key in ("id", "name"):
            if value := element.get(key):
                self.anchors.setdefault(value, len(self.parts))

    def _flush(self) -> None:
        for ruby in self._ruby:
            ruby.finish()
        text, marks = self._text.finish()
        if text:
            self._append_text(text, marks)
        self._text = InlineText(self._text.open_marks)
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


def _is_empty(element: etree._Element) -> bool:
    """Return False for `<br>words</br>`, which is possible in XML."""
    return len(element) == 0 and not element.text


def _first_heading(element: etree._Element) -> str:
    headings = (inner for inner in element.iter("*") if local_name(inner) in _HEADINGS)
    return " ".join(next((text_of(heading) for heading in headings), "").split())
