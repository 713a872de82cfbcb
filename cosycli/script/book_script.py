"""Turns a book into its script: prepares every block of every chapter for speaking."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import accumulate, chain, pairwise

from cosycli.documents.book import Block, BlockKind, Book, Chapter, LeftOut
from cosycli.errors import InputError
from cosycli.script.block_parts import BlockReader
from cosycli.script.capabilities import Capabilities, voice_named
from cosycli.script.languages import foreign_languages, primary_language
from cosycli.script.lexicon import Lexicon
from cosycli.script.lexicon_files import parse_pls
from cosycli.script.passages import Passage, read_passages
from cosycli.script.segment import MARKUP, Coverage, Fate, Script, Segment
from cosycli.script.segmenting import segments_of
from cosycli.script.timing import DEFAULT_PAUSES, Boundary, Pauses

_BETWEEN_BLOCKS = "\n\n"


@dataclass(frozen=True)
class ChapterScript:
    """A chapter prepared for speaking.

    Attributes:
        script: the source of this script is the texts of the chapter's blocks, joined by empty lines.
        block_starts: the position in that source where each block begins.
    """

    chapter: Chapter
    script: Script
    block_starts: tuple[int, ...]


@dataclass(frozen=True)
class BookScript:
    """A book prepared for speaking; `warnings` come from the book and from the lexicons used for it."""

    book: Book
    chapters: tuple[ChapterScript, ...]
    warnings: tuple[str, ...] = ()

    def segments(self) -> Iterator[tuple[int, int, Segment]]:
        """Yields chapter number, segment number in the chapter, both from 1, and the segment; 3 and 12 make "3.12"."""
        for chapter_number, chapter in enumerate(self.chapters, 1):
            for number, segment in enumerate(chapter.script.segments, 1):
                yield chapter_number, number, segment

    @property
    def coverage(self) -> Coverage:
        """Counts the book's non-space characters by fate; what the documents stage left out counts as skipped."""
        counts: Counter[Fate] = Counter()
        for chapter in self.chapters:
            for span in chapter.script.spans:
                counts[span.fate] += num_characters(chapter.script.source[span.start : span.end])
        left_out = sum(item.characters for item in self.book.left_out)
        return Coverage(
            self.book.num_characters, counts[Fate.SPOKEN], counts[Fate.REWRITTEN], counts[Fate.SKIPPED] + left_out
        )

    @property
    def skipped(self) -> tuple[LeftOut, ...]:
        """Lists what is not spoken: first what the documents stage left out, then signs and markup within the text."""
        places: Counter[str] = Counter()
        characters: Counter[str] = Counter()
        for chapter in self.chapters:
            for skipped in chapter.script.skipped:
                count = num_characters(skipped.text)
                places[skipped.reason] += count > 0
                characters[skipped.reason] += count
        signs = (
            LeftOut(MARKUP if reason == MARKUP else "signs", "", reason, places[reason], count)
            for reason, count in characters.items()
            if count
        )
        return (*self.book.left_out, *signs)


def num_characters(text: str) -> int:
    """Counts the characters that are not white space."""
    return len("".join(text.split()))


def read_book_script(
    book: Book,
    capabilities: Capabilities,
    *,
    language: str | None = None,
    pauses: Pauses = DEFAULT_PAUSES,
    lexicon: Lexicon | None = None,
    dialogue_voice: str | None = None,
    cast: Mapping[str, str] | None = None,
) -> BookScript:
    """Prepares a book for speaking.

    Args:
        capabilities: of the model and the voice library.
        language: BCP 47 tag for blocks that declare no language; by default that of the book.
        lexicon: pronunciations of words; those given in the text itself win.
        dialogue_voice: the voice for text in quotes.
        cast: voice by each name that the text may use for a speaker.

    Raises:
        UsageError: a tag, style or voice does not exist.
        InputError: the book contains nothing that can be spoken.
        MissingError: the library that reads Japanese in katakana is not installed.
    """
    declared = primary_language(language or book.metadata.language)
    entries, warnings = _lexicon_of(book, lexicon or Lexicon())
    roles = cast or {}
    for voice in filter(None, (dialogue_voice, *roles.values())):
        voice_named(voice, capabilities, {})
    chapters = []
    for chapter in book.chapters:
        source = _BETWEEN_BLOCKS.join(block.text for block in chapter.blocks)
        reader = BlockReader(
            source,
            f"Chapter “{chapter.title}”",
            capabilities,
            obeys_markup=book.obeys_markup,
            lexicon=entries,
            dialogue_voice=dialogue_voice,
            cast=roles,
        )
        chapters.append(_read_chapter(chapter, source, reader, declared, pauses, capabilities.katakana))
    script = BookScript(book, tuple(chapters), (*book.warnings, *warnings))
    if next(script.segments(), None) is None:
        raise _nothing_to_say(book)
    foreign = foreign_languages((segment.language for _, _, segment in script.segments()), capabilities.languages)
    return replace(script, warnings=(*script.warnings, *foreign))


def _lexicon_of(book: Book, lexicon: Lexicon) -> tuple[Lexicon, tuple[str, ...]]:
    """Merges the lexicons inside the book with the given one, which wins; also returns warnings about them."""
    warnings: list[str] = []
    merged = Lexicon()
    for document in book.pronunciations:
        try:
            merged = merged.merge(parse_pls(document))
        except InputError as error:
            warnings.append(f"A lexicon of the book is not used. {error.what}")
    merged = merged.merge(lexicon)
    return merged, (*warnings, *merged.warnings)


def _read_chapter(
    chapter: Chapter, source: str, reader: BlockReader, declared: str | None, pauses: Pauses, katakana: bool
) -> ChapterScript:
    ends = accumulate(len(block.text) + len(_BETWEEN_BLOCKS) for block in chapter.blocks)
    starts = (0, *ends)[: len(chapter.blocks)]
    segmented = segments_of(_passages(chapter, source, starts, reader, declared), pauses, katakana=katakana)
    return ChapterScript(chapter, Script(source, segmented.segments, segmented.spans, reader.finish()), starts)


def _passages(
    chapter: Chapter, source: str, starts: tuple[int, ...], reader: BlockReader, declared: str | None
) -> Iterator[Passage]:
    boundaries = chain((_boundary(*neighbours) for neighbours in pairwise(chapter.blocks)), [Boundary.CHAPTER])
    for block, start, boundary in zip(chapter.blocks, starts, boundaries, strict=False):
        language = primary_language(block.language) or declared
        is_heading = block.kind is BlockKind.HEADING
        parts = reader.parts(block, start, language)
        yield from read_passages(source, parts, language, boundary, is_heading=is_heading)
        end = start + len(block.text)
        yield _gap(end, min(end + len(_BETWEEN_BLOCKS), len(source)), boundary)


def _gap(start: int, end: int, boundary: Boundary) -> Passage:
    """The passage for the space between two blocks, or for a scene break without signs."""
    return Passage(
        voice=None,
        style=None,
        speed=1.0,
        declared=None,
        is_heading=False,
        runs=(),
        skipped=((start, end, "white space"),),
        pause_s=None,
        boundary=boundary,
    )


def _boundary(block: Block, following: Block) -> Boundary:
    kinds = {block.kind, following.kind}
    if BlockKind.SCENE_BREAK in kinds:
        return Boundary.SCENE_BREAK
    if BlockKind.HEADING in kinds:
        return Boundary.HEADING
    if kinds in ({BlockKind.LIST_ITEM}, {BlockKind.TABLE_ROW}):
        return Boundary.SENTENCE
    return Boundary.PARAGRAPH


def _nothing_to_say(book: Book) -> InputError:
    name = f"The book “{book.metadata.title}”" if book.metadata.title else "The book"
    return InputError(
        f"{name} contains no words that can be spoken.",
        "Give a book with text in it. `cosy plan SOURCE` lists what was skipped; --read includes it.",
    )
