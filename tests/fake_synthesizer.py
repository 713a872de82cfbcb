"""A stand-in for the synthesizer that needs no weights: every segment is a tone, as long as its text.

Run as a program it is the command `cosy` with this synthesizer in it:  python fake_synthesizer.py speak "Hello" -o -
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from cosycli.engine.speech import FailedPassage
from cosycli.settings import RenderOptions, synthesizer_options

if TYPE_CHECKING:
    from cosycli.engine.streaming import SpeechStream
    from cosycli.engine.synthesizer import Speech
    from cosycli.engine.utterance import Take, Utterance

SAMPLE_RATE = 24_000
# A text that starts with "Wait" is never finished: it waits for a signal. One that starts with "Mumble" fails a gate.
SECONDS_PER_LETTER = 0.02
PITCH_HZ = {None: 220.0, "michael": 220.0, "heart": 110.0, "bella": 130.0}
EDGE_S = 0.3  # silence before and after each tone, as models leave it


Sound = np.ndarray


class SynthesizerProtocol(Protocol):
    """What commands and jobs ask of a synthesizer; `test_fake_synthesizer` holds the real and the fake one to it."""

    @property
    def sample_rate(self) -> int: ...
    @property
    def max_batch_size(self) -> int: ...
    def batch_size(self, num_utterances: int) -> int: ...
    def worker_processes(self) -> AbstractContextManager[None]: ...
    def speak(
        self,
        text: str,
        *,
        voice: str | None = None,
        style: str | None = None,
        speed: float = 1.0,
        seed: int = 0,
        mask: str = "full",
    ) -> Speech: ...
    def render(self, utterances: Sequence[Utterance], *, mask: str = "full") -> Iterator[Take]: ...
    def render_batches(
        self, batches: Sequence[Sequence[Utterance]], *, mask: str = "full"
    ) -> Iterator[Sequence[Take]]: ...
    def stream(self, utterances: Iterable[Utterance]) -> SpeechStream: ...
    def convert_blocks(
        self, blocks: Iterable[Sound], *, voice: str | None = None, mask: str = "full"
    ) -> Iterator[Sound]: ...


@dataclass(frozen=True)
class FakeTake:
    tokens: tuple[int, ...] = ()
    seed: int = 0
    failures: tuple[str, ...] = ()
    num_draws: int = 1
    error_rate: float | None = None
    samples: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    sample_rate: int = SAMPLE_RATE


@dataclass(frozen=True)
class FakeTimings:
    language_model_s: float = 0.1
    flow_s: float = 0.2
    vocoder_s: float = 0.3


@dataclass(frozen=True)
class FakeSpeech:
    samples: np.ndarray
    sample_rate: int = SAMPLE_RATE
    timings: FakeTimings = field(default_factory=FakeTimings)
    notes: tuple[object, ...] = ()
    failed: tuple[FailedPassage, ...] = ()

    def audio_segment(self) -> object:
        from cosycli.sound.audio_segment import segment_of

        return segment_of(self.samples, self.sample_rate)


@dataclass(frozen=True)
class FakeLatency:
    num_tokens: int = 28
    language_model_s: float = 0.28
    flow_s: float = 0.14
    vocoder_s: float = 0.07
    total_s: float = 0.49


class FakeStream:
    """Each utterance in two packets, and the pause after it."""

    latency = FakeLatency()

    def __init__(self, utterances: Iterable[Utterance], render: Callable[..., Iterator[FakeTake]]) -> None:
        self.utterances, self.render = utterances, render
        self.failed = []

    def __iter__(self) -> Iterator[np.ndarray]:
        for said in self.utterances:
            (take,) = self.render([said], mask="chunk")
            if take.failures:
                self.failed.append(FailedPassage(said.segment.text, take.failures))
            yield from np.array_split(take.samples, 2)
            yield np.zeros(round(said.segment.pause_after_s * SAMPLE_RATE), np.float32)


@dataclass
class FakeSynthesizer:
    """Remembers how it was loaded and what it was asked for."""

    options: RenderOptions = field(default_factory=RenderOptions)
    sample_rate: int = SAMPLE_RATE
    max_batch_size: int = 32
    requests: list[dict[str, object]] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)
    seconds_per_take: float = float(os.environ.get("FAKE_COSY_SECONDS_PER_TAKE", "0"))

    def worker_processes(self) -> AbstractContextManager[None]:
        return nullcontext()

    def batch_size(self, num_utterances: int) -> int:
        return max(1, min(self.max_batch_size, num_utterances))

    def render(self, utterances, *, mask="full") -> Iterator[FakeTake]:
        for said in utterances:
            self.requests.append({"voice": said.voice, "style": said.instruction, "speed": said.speed, "mask": mask})
            self.seeds.append(said.seed)
            time.sleep(self.seconds_per_take)
            if said.segment.text.startswith("Wait"):
                print("waiting", file=sys.stderr, flush=True)
                while True:
                    time.sleep(1)  # `signal.pause` would sleep through a signal that comes just before it
            failures = ("pace",) if said.segment.text.startswith("Mumble") else ()
            sound = tone(said.segment.text, said.voice, said.speed)
            yield FakeTake(seed=said.seed, failures=failures, samples=sound)

    def render_batches(self, batches, *, mask="full") -> Iterator[Iterator[FakeTake]]:
        """Each take when it is asked for."""
        for batch in batches:
            yield self.render(batch, mask=mask)

    def stream(self, utterances) -> FakeStream:
        return FakeStream(utterances, self.render)

    def convert_blocks(self, blocks, *, voice=None, mask="full") -> Iterator[np.ndarray]:
        """The same sound, half as loud."""
        self.requests.append({"voice": voice, "mask": mask})
        for block in blocks:
            yield block / 2

    def speak(self, text, *, voice=None, style=None, speed=1.0, seed=0, mask="full") -> FakeSpeech:
        return FakeSpeech(tone(text, voice, speed))


@dataclass(frozen=True)
class FakeRecognizer:
    """Hears the same words in every clip."""

    heard: str

    def negative_log_likelihoods(self, recording: object, wordings: Sequence[str]) -> list[float]:
        return [100.0 - 90.0 * (words.lower() == self.heard.lower()) for words in wordings]


def tone(text: str, voice: str | None, speed: float) -> np.ndarray:
    num_samples = round(len(text) * SECONDS_PER_LETTER / speed * SAMPLE_RATE)
    sound = 0.5 * np.sin(2 * np.pi * PITCH_HZ.get(voice, 300.0) * np.arange(num_samples) / SAMPLE_RATE)
    return np.pad(sound, round(EDGE_S * SAMPLE_RATE)).astype(np.float32)


def install(patch: Callable[[object, str, object], None] = setattr, heard: str = "") -> list[FakeSynthesizer]:
    """Make `cosycli.load` give fakes, of a model like the built-in one, and every clip say what is `heard`.

    Returns the list of the synthesizers that will be made.
    """
    import cosycli
    from cosycli.engine import prepare, voice_checks
    from cosycli.model.library import find_model
    from cosycli.model.profile import ModelProfile

    made: list[FakeSynthesizer] = []

    def load(
        model: str = "builtin",
        device: str | None = None,
        dtype: str | None = None,
        variant: str | None = None,
        **options: Any,
    ) -> FakeSynthesizer:
        find_model(model)
        weights = {"model": model, "device": device, "dtype": dtype, "variant": variant}
        made.append(FakeSynthesizer(RenderOptions(**weights, **synthesizer_options(options))))
        return made[-1]

    patch(cosycli, "load", load)
    patch(voice_checks, "load_recognizer", lambda: FakeRecognizer(heard))
    patch(prepare, "read_profile", lambda _: ModelProfile(spells_words=True))
    return made


if __name__ == "__main__":
    from cosycli.cli.main import run

    install(heard=os.environ.get("FAKE_COSY_HEARS", ""))
    run()
