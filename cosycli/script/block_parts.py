"""How each part of a block is to be said: by the marks in its text, its source, the lexicon and its quotes.

What the text itself orders wins over the marks of its source, these over the lexicon; a voice ordered by either wins
over the voice for speech.
"""

from __future__ import annotations

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
from cosycli.script.parts import Part, Replacement, cut, say_instead
from cosycli.script.quotes import quoted_speech
from cosycli.script.segment import Note

__all__ = ["BlockReader"]

_NARRATION = frozenset({BlockKind.PARAGRAPH, BlockKind.LIST_ITEM, BlockKind.QUOTE, BlockKind.VERSE})


class BlockReader:
    """Reads the blocks of one chapter in order.

    Args:
        text: of the chapter.
        place: what to call the chapter in an error.
        obeys_markup: whether its text may hold marks of the notation.
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

    def parts(self, block: Block, start: int, told: str | None) -> list[Part]:
        """The parts of a block that begins at `start` in the chapter, without gap.

        Args:
            told: ISO 639-1 code of its language as the source tells it.

        Raises:
            UsageError: it asks for a tag, style or voice that does not exist.
        """
        parts = list(self._written_parts(block, start))
        marks = [
            replace(mark, start=mark.start + start, end=mark.end + start)
            for mark in block.marks
            if not _is_style_of_block(mark, block)
        ]
        try:
            spoken = list(self._marks.lay(self._text, marks, parts, told))
        except UsageError as error:
            raise UsageError(f"{self._where(start)}: {error.what}", error.hint) from None
        spoken = list(say_instead(spoken, list(self._replacements(block.text, start, told))))
        return self._with_dialogue(block, start, spoken)

    def _written_parts(self, block: Block, start: int) -> Iterator[Part]:
        """What the notation in the text says, but for text that is to be taken literally."""
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
        """What the writer should know, in order of the text, each thing once.

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

    def _replacements(self, text: str, start: int, told: str | None) -> Iterator[Replacement]:
        """What the lexicon says of the block's words."""
        for found in self._lexicon.find(text, dominant_language(text, told)) if self._lexicon.entries else ():
            word, entry = text[found.start : found.end], found.entry
            if entry.alias:
                spoken = say_in_words(entry.alias, told)
            else:
                spoken = self._marks.say_tokens(start + found.start, word, entry.tokens)
            yield Replacement(start + found.start, start + found.end, spoken)

    def _with_dialogue(self, block: Block, start: int, parts: Sequence[Part]) -> list[Part]:
        if self._dialogue_voice is None or block.kind not in _NARRATION:
            return list(parts)
        edges = [start + edge for quote in quoted_speech(block.text) for edge in quote]
        return [
            replace(part, voice=part.voice or self._dialogue_voice) if bisect_right(edges, part.start) % 2 else part
            for part in cut(parts, edges)
        ]


def _is_style_of_block(mark: Mark, block: Block) -> bool:
    """Emphasis that covers all of a block, such as a letter in italics, sets nothing off from the rest."""
    covered = block.text[mark.start : mark.end].strip()
    return mark.kind is MarkKind.EMPHASIS and covered == block.text.strip()
