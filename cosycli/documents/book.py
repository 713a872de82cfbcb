"""The values that this package returns: a book as chapters of blocks, with an account of what was left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class BlockKind(str, Enum):
    """The typographic role of a block."""

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
    """The kind of a mark, which determines what its value means.

    EMPHASIS and LITERAL have no value; LITERAL text is never interpreted as notation. LANGUAGE is an ISO 639-1 code.
    PRONUNCIATION is written in the mark's alphabet. ALIAS is spoken instead of the characters. SAY_AS is an
    `interpret-as` of W3C "SSML 1.0 say-as attribute values". VOICE is a name, STYLE a name or an instruction in quotes,
    RATE a factor such as "0.8". PAUSE is in seconds, at an empty span.
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
    """The alphabet of a pronunciation; RUBY is text printed above the characters: pinyin, zhuyin or kana."""

    IPA = "ipa"
    X_SAMPA = "x-sampa"
    CMU = "x-cmu"
    PINYIN = "x-pinyin"
    RUBY = "ruby"


@dataclass(frozen=True)
class Mark:
    """A property of the characters `start` to `end` of a block's text."""

    start: int
    end: int
    kind: MarkKind
    value: str = ""
    alphabet: Alphabet | None = None


@dataclass(frozen=True)
class Block:
    """A paragraph, heading or other block of text.

    Attributes:
        text: in Unicode form NFC; a newline is a meant line break, as in verse. Empty for a scene break.
        level: 1 to 6 of a heading, depth of a list item or quote, else 0.
        language: BCP 47 tag as in the source, or None for the language of the book.
        marks: ordered by start, outer marks first; marks nest and never cross.
        source: the file that the block comes from, and `#id` where its element has one.
    """

    kind: BlockKind
    text: str
    level: int = 0
    language: str | None = None
    marks: tuple[Mark, ...] = ()
    source: str = ""


@dataclass(frozen=True)
class Chapter:
    """Blocks under one title, in reading order; `level` is 1 for parts and chapters at the top, 2 for those below.

    A part without text before its first chapter has no blocks.
    """

    title: str
    level: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Cover:
    """The cover image, as in its file."""

    data: bytes
    media_type: str
    path: str


@dataclass(frozen=True)
class LeftOut:
    """Text of the source that no block holds.

    Attributes:
        kind: a class of text, by the names that `--read` and `--skip` take.
        title: the heading or the file, where there is one.
        reason: a clause such as "notes are not read".
        count: the number of places with such text.
        characters: the number of non-space characters of the source in these places.
    """

    kind: str
    title: str
    reason: str
    count: int
    characters: int


@dataclass(frozen=True)
class Metadata:
    """Bibliographic data of a book; strings are empty where the source does not say."""

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
    """The content of a document of any format.

    Attributes:
        num_characters: non-space characters of the source, counted independently of the blocks; those that are neither
            in a block nor left out were lost.
        obeys_markup: notation such as `[pause 1s]` in the text is interpreted; in published formats it is plain text.
        notes_count: number of references to foot- and endnotes.
        pronunciations: PLS lexicons that came with the document.
        warnings: defects of the source that did not stop reading.
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
