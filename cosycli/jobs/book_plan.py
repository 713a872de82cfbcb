"""Plans a book: reads the source into segments to render, without loading a model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cosycli.engine.capabilities import check_language
from cosycli.engine.prepare import Prepared, prepare
from cosycli.engine.utterance import Utterance, VoiceSettings, utterances_of
from cosycli.errors import UsageError
from cosycli.jobs.take_store import Conditions, model_fingerprint, take_key, voice_fingerprint
from cosycli.script import Pauses, Segment
from cosycli.script.book_script import BookScript, read_book_script
from cosycli.script.timing import DEFAULT_PAUSES, seconds_of_tokens
from cosycli.settings import RenderOptions
from cosycli.voices import find_voice

if TYPE_CHECKING:
    from cosycli.script.lexicon import Lexicon


@dataclass(frozen=True)
class ChapterRange:
    """Chapter numbers, counted from 1, as in "2-5,7"; None is all of them."""

    numbers: frozenset[int] | None = None

    @classmethod
    def parse(cls, text: str) -> ChapterRange:
        """Raises: UsageError: the text is not a list of numbers and ranges."""
        numbers: set[int] = set()
        for part in text.split(","):
            match = re.fullmatch(r"\s*(\d{1,5})(?:\s*-\s*(\d{1,5}))?\s*", part)
            first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
            if not 1 <= first <= last:
                raise UsageError(f"{text!r} names no chapters.", "Count from 1: --chapters 2-5,7")
            numbers.update(range(first, last + 1))
        return cls(frozenset(numbers))

    def __contains__(self, number: int) -> bool:
        return self.numbers is None or number in self.numbers


ALL_CHAPTERS = ChapterRange()


@dataclass(frozen=True)
class BookRequest:
    """A source and how to read it.

    Attributes:
        source: file or folder; None reads `stdin`.
        read, skip: kinds of content to read or skip against the default.
        language: ISO 639-1 code of words in Latin letters; None for the language of the book.
        lexicons: files of pronunciations; later ones override earlier ones.
        dialogue_voice: voice for what stands in quotation marks.
        cast: voice for each name that `[voice: NAME]` uses.
    """

    source: Path | None
    stdin: bytes | None = None
    read: frozenset[str] = frozenset()
    skip: frozenset[str] = frozenset()
    language: str | None = None
    lexicons: tuple[Path, ...] = ()
    dialogue_voice: str | None = None
    cast: Mapping[str, str] | None = None
    pauses: Pauses = DEFAULT_PAUSES
    chapters: ChapterRange = ALL_CHAPTERS

    @property
    def voices(self) -> tuple[str, ...]:
        """The voices that the request names."""
        return tuple(filter(None, (self.dialogue_voice, *(self.cast or {}).values())))


@dataclass(frozen=True)
class Plan:
    """A book whose segments are ready to be rendered."""

    request: BookRequest
    prepared: Prepared
    script: BookScript

    @property
    def settings(self) -> RenderOptions:
        return self.prepared.settings

    @property
    def voice_settings(self) -> VoiceSettings:
        return self.prepared.voice_settings

    def chosen_segments(self) -> Iterator[tuple[int, int, Segment]]:
        """Yields number of the chapter, number of the segment and the segment, for the chosen chapters."""
        return (place for place in self.script.segments() if place[0] in self.request.chapters)

    @property
    def heard(self) -> BookScript:
        """The script of the chosen chapters that have segments."""
        chosen = (chapter for number, chapter in enumerate(self.script.chapters, 1) if number in self.request.chapters)
        return replace(self.script, chapters=tuple(chapter for chapter in chosen if chapter.script.segments))


@dataclass(frozen=True)
class Order:
    """One segment to render, and the key of its take.

    Attributes:
        first_seed: seed of the utterance without the re-renderings that the user asked for.
    """

    chapter: int
    number: int
    utterance: Utterance
    key: str
    first_seed: int

    @property
    def id(self) -> str:
        return f"{self.chapter}.{self.number}"


def plan_book(request: BookRequest, settings: RenderOptions) -> Plan:
    """Read the source into a plan.

    Raises:
        InputError: the source cannot be read, or holds nothing to speak.
        UsageError: a tag, style, mask, voice, kind of content, language or variant of the model does not exist.
        MissingError: the model or a voice does not exist.
    """
    from cosycli.documents.reading_policy import ReadingPolicy
    from cosycli.documents.sources import read_source

    prepared = prepare(settings)
    check_request(request, prepared)
    can = prepared.capabilities
    book = read_source(request.source, ReadingPolicy(request.read, request.skip), stdin=request.stdin)
    script = read_book_script(
        book,
        replace(can, voices=(*(can.voices or ()), *request.voices)),  # which may be folders
        language=request.language,
        pauses=request.pauses,
        lexicon=_lexicon_of(request),
        dialogue_voice=request.dialogue_voice,
        cast=request.cast or {},
    )
    _check_chapters(request.chapters, len(script.chapters))
    return Plan(request, prepared, script)


def check_request(request: BookRequest, prepared: Prepared) -> None:
    """Raises: UsageError, MissingError: the model does not speak the language, or cannot use a voice of the request."""
    check_language(request.language, prepared.profile)
    for voice in request.voices:
        find_voice(voice, prepared.folder)


def _lexicon_of(request: BookRequest) -> Lexicon | None:
    from cosycli.script.lexicon_files import read_lexicon

    lexicon = None
    for path in request.lexicons:
        read = read_lexicon(path)
        lexicon = read if lexicon is None else lexicon.merge(read)
    return lexicon


def _check_chapters(chosen: ChapterRange, count: int) -> None:
    beyond = [number for number in chosen.numbers or () if number > count]
    if beyond:
        raise UsageError(f"There is no chapter {min(beyond)}: the book has {count}.", "`cosy plan` lists them.")


def orders_of(plan: Plan, rerenders: Mapping[str, int]) -> list[Order]:
    """Returns the segments of the chosen chapters with the keys of their takes.

    Occurrences of equal segments are counted over the whole book, so that the chosen chapters do not change keys.

    Args:
        rerenders: how often each utterance is re-rendered, by its seed.

    Raises:
        MissingError: a voice does not exist.
    """
    places = list(plan.script.segments())
    utterances = utterances_of((segment for _, _, segment in places), plan.voice_settings)
    folder = plan.prepared.folder
    conditions = Conditions(
        model=model_fingerprint(folder, plan.settings.variant),
        voices={voice: voice_fingerprint(voice, folder) for voice in {item.voice for item in utterances}},
        options=plan.settings.keyed,
    )
    orders = []
    for (chapter, number, _), first in zip(places, utterances, strict=True):
        if chapter in plan.request.chapters:
            times = rerenders.get(str(first.seed), 0)
            utterance = first.another_take("redo", str(times)) if times else first
            key = take_key(utterance, conditions)
            orders.append(Order(chapter, number, utterance, key, first.seed))
    return orders


def seconds_of_segment(segment: Segment, voice_settings: VoiceSettings) -> float:
    """Estimated duration, including pauses."""
    return (
        seconds_of_tokens(segment.text) / (voice_settings.speed * segment.speed)
        + segment.pause_before_s
        + segment.pause_after_s
    )
