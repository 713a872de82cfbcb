"""What the documents stage hands on: a book as chapters of blocks, and an account of what was left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

__all__ = ["Alphabet", "Block", "BlockKind", "Book", "Chapter", "Cover", "LeftOut", "Mark", "MarkKind", "Metadata"]


class BlockKind(str, Enum):
    """What a block is to its reader."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list item"
    QUOTE = "quote"
    VERSE = "verse"
    TABLE_ROW = "table row"
    FIGURE = "figure"
    NOTE = "note"
    CODE = "code"
    SCENE_BREAK = "scene break"


class MarkKind(str, Enum):
    """What a mark says about the characters under it.

    EMPHASIS has no value. Nor has LITERAL: text that is not obeyed even where it looks like a mark of the notation.
    LANGUAGE is an ISO 639-1 code. PRONUNCIATION is written in the mark's alphabet. ALIAS is said instead of the
    characters. SAY_AS is an `interpret-as` of W3C "SSML 1.0 say-as attribute values". VOICE is a name, STYLE a name or
    an instruction in quotes, RATE a factor such as "0.8". PAUSE is in seconds, at an empty span.
    """

    EMPHASIS = "emphasis"
    LITERAL = "literal"
    LANGUAGE = "language"
    PRONUNCIATION = "pronunciation"
    ALIAS = "alias"
    SAY_AS = "say-as"
    VOICE = "voice"
    STYLE = "style"
    RATE = "rate"
    PAUSE = "pause"


class Alphabet(str, Enum):
    """In which a pronunciation is written; RUBY is as printed above the characters: pinyin, zhuyin or kana."""

    IPA = "ipa"
    X_SAMPA = "x-sampa"
    CMU = "x-cmu"
    PINYIN = "x-pinyin"
    RUBY = "ruby"


@dataclass(frozen=True)
class Mark:
    """What holds for the characters `start` to `end` of a block's text."""

    start: int
    end: int
    kind: MarkKind
    value: str = ""
    alphabet: Alphabet | None = None


@dataclass(frozen=True)
class Block:
    """A stretch of text that stands by itself.

    Attributes:
        text: in Unicode form NFC; a newline ends a line of verse or an address. Empty for a scene break.
        level: 1 to 6 of a heading, depth of a list item or quote, else 0.
        language: BCP 47 tag as the source gives it, or None for the book's own.
        marks: ordered by start, the outer one first; marks are nested, never crossed.
        source: the file of the book the block comes from, and `#id` where its element has one.
    """

    kind: BlockKind
    text: str
    level: int = 0
    language: str | None = None
    marks: tuple[Mark, ...] = ()
    source: str = ""


@dataclass(frozen=True)
class Chapter:
    """Blocks under one title, in reading order; `level` is 1 for a part or chapter, more for what is inside it.

    A part that has no text of its own, only chapters below it, has no blocks.
    """

    title: str
    level: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Cover:
    """The picture on the front, as its file holds it."""

    data: bytes
    media_type: str
    path: str


@dataclass(frozen=True)
class LeftOut:
    """Text of the source that no block holds.

    Attributes:
        kind: what it is, by the names that `--read` and `--skip` take.
        title: its heading or file, where it has one.
        reason: a sentence part, such as "notes are not read".
        count: how many such places there are.
        characters: non-space characters of the source that are in none of the blocks because of it.
    """

    kind: str
    title: str
    reason: str
    count: int
    characters: int


@dataclass(frozen=True)
class Metadata:
    """What a library would know of a book; strings are empty where the source does not say."""

    title: str = ""
    subtitle: str = ""
    authors: tuple[str, ...] = ()
    narrator: str = ""
    language: str = ""
    series: str = ""
    series_position: str = ""
    publisher: str = ""
    date: str = ""
    description: str = ""
    identifiers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Book:
    """A document of any kind, read.

    Attributes:
        obeys_markup: its text may hold marks such as `[pause 1s]`; those of published formats are ordinary text.
        pronunciations: PLS documents that came with it.
        num_characters: non-space characters of the source, counted apart from the blocks; what is neither in a block
            nor left out is unaccounted for.
        notes_count: references to foot- and endnotes.
        warnings: what is wrong with the source and was got round.
    """

    metadata: Metadata
    chapters: tuple[Chapter, ...]
    num_characters: int
    obeys_markup: bool = False
    left_out: tuple[LeftOut, ...] = ()
    notes_count: int = 0
    cover: Cover | None = None
    pronunciations: tuple[bytes, ...] = field(default=(), repr=False)
    warnings: tuple[str, ...] = ()
