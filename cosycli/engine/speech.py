"""Turns a text into sound: reads it for a model, and joins its rendered takes into blocks.

`cosy speak`, `Synthesizer.speak` and the texts of `cosy batch` share these steps; they differ in who renders the takes:

    text = read_text("Good evening.", prepare(settings))
    sound = SpeechBlocks(text, synthesizer.render(text.utterances, mask=settings.mask))
    for block in sound:
        sink.write(block)
    sound.failed

Legend: N samples.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cosycli.engine.capabilities import read_with
from cosycli.engine.prepare import Prepared
from cosycli.engine.utterance import Utterance, utterances_of
from cosycli.errors import counted
from cosycli.script import Script
from cosycli.script.languages import foreign_languages
from cosycli.sound.joining import Piece, join

UNREMARKABLE = ("white space", "markup", "repeated punctuation")  # reasons to skip that are not reported
MAX_SKIPPED = 10  # different skipped texts that are reported


@dataclass(frozen=True)
class TextNote:
    """A note on how a text is spoken: a sentence for people, and facts for programs."""

    message: str
    facts: Mapping[str, Any]

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class ReadyText:
    """A text ready to be rendered.

    Attributes:
        notes: what is read differently than it may seem, what is not spoken, and languages that the model lacks.
    """

    prepared: Prepared
    utterances: tuple[Utterance, ...]
    notes: tuple[TextNote, ...]


@dataclass(frozen=True)
class FailedPassage:
    """Text whose sound failed checks, and the names of these checks."""

    text: str
    failures: tuple[str, ...]


class FinishedTake(Protocol):
    """A rendered utterance, as far as it is needed here."""

    @property
    def samples(self) -> NDArray[np.float32]:
        """(N,), full scale is 1."""

    @property
    def failures(self) -> tuple[str, ...]: ...


def read_text(text: str, prepared: Prepared) -> ReadyText:
    """Read a text of any length into utterances.

    Raises:
        UsageError: a tag, style or voice in the text does not exist.
        InputError: nothing in the text can be spoken.
        MissingError: what is needed to read Japanese in katakana is not installed.
    """
    script = read_with(prepared.capabilities, text)
    utterances = utterances_of(script.segments, prepared.voice_settings)
    languages = [segment.language for segment in script.segments]
    foreign = foreign_languages(languages, prepared.capabilities.languages)
    notes = [*_notes_on(script), *(TextNote(f"Note: {warning}", {"warning": warning}) for warning in foreign)]
    return ReadyText(prepared, tuple(utterances), tuple(notes))


def _notes_on(script: Script) -> Iterator[TextNote]:
    for note in script.notes:
        yield TextNote(f"Line {note.line}: {note.message}", {"line": note.line})
    skipped = Counter((item.text.strip(), item.reason) for item in script.skipped if item.reason not in UNREMARKABLE)
    for (text, reason), count in skipped.most_common(MAX_SKIPPED):
        times = f" ({counted(count, 'time')})" if count > 1 else ""
        facts = {"text": text, "reason": reason, "count": count}
        yield TextNote(f"Not spoken{times}: {text[:40]!r}, {reason}.", facts)


class SpeechBlocks:
    """The sound of a text in blocks (N,), each available as soon as its take is. It can be iterated over once.

    Attributes:
        num_samples: number of samples so far.
        failed: segments so far that failed a check.
    """

    def __init__(self, text: ReadyText, takes: Iterable[FinishedTake]) -> None:
        self.text = text
        self.num_samples = 0
        self.failed: list[FailedPassage] = []
        self._takes = takes

    @property
    def sample_rate(self) -> int:
        return self.text.prepared.sample_rate

    @property
    def duration_s(self) -> float:
        """Duration so far."""
        return self.num_samples / self.sample_rate

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        for block in join(self._pieces(), self.sample_rate):
            self.num_samples += len(block)
            yield block

    def _pieces(self) -> Iterator[Piece]:
        for utterance, take in zip(self.text.utterances, self._takes, strict=True):
            segment = utterance.segment
            if take.failures:
                self.failed.append(FailedPassage(segment.words, take.failures))
            yield Piece(take.samples, segment.pause_after_s, segment.pause_before_s)
