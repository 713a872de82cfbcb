"""Blocks of a book, and their script."""

from cosycli.documents.book import Block, BlockKind, Book, Chapter, Mark, Metadata
from cosycli.script import MODEL_TAGS, PHONEMES, STYLES_V2
from cosycli.script.book_script import read_book_script
from cosycli.script.capabilities import Capabilities

CAPABILITIES = Capabilities(MODEL_TAGS, STYLES_V2, frozenset({"ada", "ben"}), PHONEMES)
BARE = Capabilities(frozenset(), None, frozenset({"ada", "ben"}), frozenset())


def block(text, *marks, kind=BlockKind.PARAGRAPH, **attributes):
    return Block(kind, text, marks=marks, **attributes)


def heading(text):
    return block(text, kind=BlockKind.HEADING, level=1)


def book(*blocks, language="en", **attributes):
    blocks = [block(item) if isinstance(item, str) else item for item in blocks]
    num_characters = sum(len("".join(item.text.split())) for item in blocks)
    return Book(
        Metadata("A Book", language=language), (Chapter("One", 1, tuple(blocks)),), num_characters, **attributes
    )


def mark(text, word, kind, value="", alphabet=None):
    start = text.index(word)
    return Mark(start, start + len(word), kind, value, alphabet)


def read(*blocks, capabilities=CAPABILITIES, language="en", obeys_markup=False, **options):
    script = read_book_script(book(*blocks, language=language, obeys_markup=obeys_markup), capabilities, **options)
    assert script.coverage.unaccounted == 0
    return script


def segments(*blocks, **options):
    return [segment for _, _, segment in read(*blocks, **options).segments()]


def said(*blocks, **options):
    return [segment.text for segment in segments(*blocks, **options)]


def said_with(text, word, kind, value="", alphabet=None, **options):
    return " ".join(said(block(text, mark(text, word, kind, value, alphabet)), **options))
