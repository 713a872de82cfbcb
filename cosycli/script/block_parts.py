"""Decides how each part of a block is spoken: by the notation in its text, its marks, the lexicon and its quotes.

The notation wins over the marks of the source, and these win over the lexicon. A voice that notation or marks ask for
wins over the voice for dialogue.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from cosycli.documents.book import Block, BlockKind, Mark, MarkKind
from cosycli.errors import UsageError
from cosycli.script.capabilities import Capabilities
from cosycli.script.languages import dominant_language
from cosycli.script.lexicon import Lexicon
from cosycli.script.marks import MarkReader
from cosycli.script.markup import Notation
from cosycli.script.normalisation import say_in_words
from cosycli.script.parts import Part, Replacement, apply_replacements, cut
from cosycli.script.segment import Note

_NARRATION = frozenset({BlockKind.PARAGRAPH, BlockKind.LIST_ITEM, BlockKind.QUOTE, BlockKind.VERSE})
# Opening mark -> the marks that may close it. „ closes in German with “, in Polish and Hungarian with ”; » opens in
# German and Danish books; in Finnish and Swedish ones » and ” open and close alike.
_CLOSING = {"“": "”", "„": "“”", "«": "»", "»": "«»", "”": "”", '"': '"', "「": "」", "‘": "’"}
_NOT_AFTER_A_WORD = frozenset('»”"‘')  # what else closes, measures inches or stands for a letter
_MARK = re.compile('[“”„«»"「」‘’]')
_SPEECH_END = frozenset(".,!?…—-;:。，！？")


class BlockReader:
    """Reads the blocks of one chapter in order.

    Args:
        text: the text of the chapter.
        place: the name of the chapter in errors.
        obeys_markup: whether the text may contain the notation.
    """

    def __init__(
        self,
        text: str,
        place: str,
        capabilities: Capabilities,
        *,
        obeys_markup: bool,
        lexicon: Lexicon,
        dialogue_voice: str | None,
        cast: Mapping[str, str],
    ) -> None:
        self._text = text
        self._place = place
        self._notation = Notation(text, capabilities, cast, self._where)
        self._marks = MarkReader(capabilities, cast)
        self._obeys_markup = obeys_markup
        self._lexicon = lexicon
        self._dialogue_voice = dialogue_voice

    def parts(self, block: Block, start: int, declared: str | None) -> list[Part]:
        """Returns the parts of a block that begins at `start` in the chapter; they follow each other without gap.

        Args:
            declared: ISO 639-1 code of the language that the source declares for the block.

        Raises:
            UsageError: the block asks for a tag, style or voice that does not exist.
        """
        parts = list(self._written_parts(block, start))
        marks = [
            replace(mark, start=mark.start + start, end=mark.end + start)
            for mark in block.marks
            if not _is_style_of_block(mark, block)
        ]
        try:
            spoken = list(self._marks.apply(self._text, marks, parts, declared))
        except UsageError as error:
            raise UsageError(f"{self._where(start)}: {error.what}", error.hint) from None
        spoken = list(apply_replacements(spoken, list(self._replacements(block.text, start, declared))))
        return self._with_dialogue(block, start, spoken)

    def _written_parts(self, block: Block, start: int) -> Iterator[Part]:
        """Reads the notation, except in code and in text marked as literal."""
        end = start + len(block.text)
        if not self._obeys_markup or block.kind is BlockKind.CODE:
            yield from self._notation.read_as_text(start, end)
            return
        position = start
        for mark in block.marks:
            if mark.kind is MarkKind.LITERAL:
                yield from self._notation.read(position, start + mark.start)
                yield from self._notation.read_as_text(start + mark.start, start + mark.end)
                position = start + mark.end
        yield from self._notation.read(position, end)

    def finish(self) -> tuple[Note, ...]:
        """Returns the notes for the writer in order of the text, each message once.

        Raises:
            UsageError: a pair of tags is never closed.
        """
        unclosed = self._notation.finish()
        of_marks = [
            Note((start, end), self._notation.line(start), message) for start, end, message in self._marks.notes
        ]
        notes = sorted([*self._notation.notes, *of_marks, *unclosed], key=lambda note: note.source)
        return tuple({note.message: note for note in reversed(notes)}.values())[::-1]

    def _where(self, position: int) -> str:
        words = " ".join(self._text[position : position + 40].split())
        return f"{self._place}, at “{words}”" if words else self._place

    def _replacements(self, text: str, start: int, declared: str | None) -> Iterator[Replacement]:
        """Looks up the words of the block in the lexicon."""
        for found in self._lexicon.find(text, dominant_language(text, declared)) if self._lexicon.entries else ():
            word, entry = text[found.start : found.end], found.entry
            if entry.alias:
                alias = say_in_words(entry.alias, declared)
                yield Replacement(start + found.start, start + found.end, alias, alias)
            else:
                yield self._marks.pronounce(start + found.start, word, entry.tokens, declared)

    def _with_dialogue(self, block: Block, start: int, parts: Sequence[Part]) -> list[Part]:
        if self._dialogue_voice is None or block.kind not in _NARRATION:
            return list(parts)
        edges = [start + edge for quote in _quoted_speech(block.text) for edge in quote]
        return [
            replace(part, voice=part.voice or self._dialogue_voice) if bisect_right(edges, part.start) % 2 else part
            for part in cut(parts, edges)
        ]


def _is_style_of_block(mark: Mark, block: Block) -> bool:
    """True for emphasis on all of a block, such as a letter in italics: it sets nothing off from the rest."""
    covered = block.text[mark.start : mark.end].strip()
    return mark.kind is MarkKind.EMPHASIS and covered == block.text.strip()


def _quoted_speech(text: str) -> Iterator[tuple[int, int]]:
    """Finds the start and end of every outermost quote of a paragraph, its marks included, in order.

    A quote that is not closed ends with the paragraph: speech of several paragraphs repeats the opening mark in each.
    Single quotes count only where they enclose speech that ends in punctuation, which tells them from apostrophes.
    """
    opened: re.Match[str] | None = None
    last_single = max((match.start() for match in _MARK.finditer(text) if _closes_single(match)), default=-1)
    for match in _MARK.finditer(text):
        if opened is None:
            is_quote = _opens(match) and (match.group() != "‘" or match.start() < last_single)
            opened = match if is_quote else None
        elif match.group() in _CLOSING[opened.group()] and (match.group() != "’" or _closes_single(match)):
            yield opened.start(), match.end()
            opened = None
    if opened:
        yield opened.start(), len(text)


def _opens(match: re.Match[str]) -> bool:
    if match.group() not in _CLOSING:
        return False
    before, after = match.string[match.start() - 1 : match.start()], match.string[match.end() : match.end() + 1]
    return match.group() not in _NOT_AFTER_A_WORD or (not before.isalnum() and bool(after) and not after.isspace())


def _closes_single(match: re.Match[str]) -> bool:
    before, after = match.string[match.start() - 1 : match.start()], match.string[match.end() : match.end() + 1]
    return match.group() == "’" and before in _SPEECH_END and not after.isalnum()
