"""Renders scripts to speech, in batches of segments; see `BatchRenderer`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cosycli.engine.batch import BatchRenderer, max_batch_size
from cosycli.engine.capabilities import check_mask, read_for
from cosycli.engine.conversion import convert
from cosycli.engine.memory import Memory
from cosycli.engine.model_runner import ModelRunner
from cosycli.engine.prepare import prepare_for
from cosycli.engine.speech import FailedPassage, SpeechBlocks, TextNote, read_text
from cosycli.engine.streaming import SpeechStream
from cosycli.engine.threads import can_overlap, num_cores, overlapped
from cosycli.engine.token2wav import Token2Wav, Token2WavRequest
from cosycli.engine.utterance import Take, Utterance
from cosycli.engine.verification import Listener, listener_for
from cosycli.engine.voice_cache import VoiceCache
from cosycli.engine.voice_prompt import PROMPT_S, VoicePrompt
from cosycli.engine.worker_processes import WorkerProcesses, can_fork
from cosycli.model.loading import Model
from cosycli.model.masks import FlowMask
from cosycli.model.reference_encoder import resampled
from cosycli.script import Script
from cosycli.settings import RenderOptions
from cosycli.sound.audio_segment import segment_of
from cosycli.voices import DEFAULT_VOICE

if TYPE_CHECKING:
    from pydub import AudioSegment

RETAKES = 2
MIN_BATCH_SIZE = 8  # utterances for which a core by itself speaks a second of sound sooner than two cores together


@dataclass(frozen=True)
class StageTimings:
    """Seconds of wall time that each stage took; on CUDA stages overlap, and take more together than the whole."""

    language_model_s: float = 0.0
    flow_s: float = 0.0
    vocoder_s: float = 0.0


@dataclass(frozen=True)
class Speech:
    """A text spoken.

    Attributes:
        samples: (N,) float32, full scale is 1.
        notes: what of the text is read otherwise than it may seem, or not spoken.
        failed: segments that did not pass their checks, however often they were drawn.
    """

    samples: NDArray[np.float32]
    sample_rate: int
    timings: StageTimings = field(default_factory=StageTimings)
    notes: tuple[TextNote, ...] = ()
    failed: tuple[FailedPassage, ...] = ()

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.sample_rate

    def audio_segment(self) -> AudioSegment:
        """The speech as a 16-bit mono `pydub.AudioSegment`: to cut, fade, mix or export it."""
        return segment_of(self.samples, self.sample_rate)


@dataclass(frozen=True)
class _WorkerTask:
    """A batch for a worker process, with the prompts of its voices."""

    utterances: Sequence[Utterance]
    mask: FlowMask
    prompts: Mapping[str, VoicePrompt]


@dataclass(frozen=True)
class _WorkerResult:
    """The takes of a batch, and the seconds that each stage took in the worker."""

    takes: list[Take]
    elapsed: dict[str, float]


class Synthesizer:
    """A loaded model that speaks; long texts faster within `worker_processes`."""

    def __init__(
        self,
        model: Model,
        verify: bool = False,
        retakes: int = RETAKES,
        memory: str | None = None,
        prompt: float = PROMPT_S,
    ) -> None:
        """See `cosycli.load`.

        Raises:
            MissingError: there is no recognizer for the model, and `verify` wants one to listen to each take.
            UsageError: the memory is no amount, or too little for the model.
        """
        self._model = model
        self._listener: Listener | None = listener_for(model.directory) if verify else None
        self._memory = Memory(model, memory, num_cores(model.device))
        self._runner = ModelRunner(model, self._memory)
        self._voices = VoiceCache(self._runner, prompt)
        self._renderer = BatchRenderer(self._runner, self._voices, self._listener, retakes)
        self._workers: WorkerProcesses[_WorkerTask, _WorkerResult] | None = None

    @property
    def sample_rate(self) -> int:
        return self._model.profile.mel.sample_rate

    @property
    def max_batch_size(self) -> int:
        """The most utterances that are worth giving to `render_batches` as one batch."""
        return max_batch_size(self._model.device)

    def batch_size(self, num_utterances: int) -> int:
        """How many of so many utterances are best given to `render_batches` as one batch.

        At most `max_batch_size`, and less where that gives every core as many utterances as the others.
        """
        num_batches = math.ceil(num_utterances / self.max_batch_size)
        if self._workers is not None and num_utterances >= self._workers.num_workers * MIN_BATCH_SIZE:
            num_batches = math.ceil(num_batches / self._workers.num_workers) * self._workers.num_workers
        return math.ceil(num_utterances / max(1, num_batches)) or 1

    @contextmanager
    def worker_processes(self) -> Iterator[None]:
        """Within this context batches are rendered in worker processes, a core each, where that pays.

        To be entered before other threads run; see `can_fork`. Batches are rendered in this process where it cannot be
        copied, where cores or memory are too few, and where a recognizer listens, for it may have threads of its own.
        """
        num_workers = self._memory.num_workers
        if num_workers < 2 or self._listener is not None or not can_fork():
            yield
            return
        prepare = partial(self._runner.take_share, num_workers)
        with WorkerProcesses(self._render_in_worker, num_workers, prepare) as self._workers:
            try:
                yield
            finally:
                self._workers = None

    def speak(
        self,
        text: str,
        *,
        voice: str | None = None,
        style: str | None = None,
        speed: float = 1.0,
        seed: int = 0,
        mask: str = "full",
    ) -> Speech:
        """A whole text as one stretch of sound.

        Args:
            text: any length; the markup of docs/marking-up-text.md is obeyed.
            voice: a name of the voice library, a voice folder, or a speaker that the model knows by name.
            style: a style's name, or an instruction in words, for models that take them.
            speed: 0.5 to 2; pitch stays as it is.
            seed: random seed; change it for another take.
            mask: what the flow's attention sees: full, causal, chunk or double-chunk.

        Raises:
            InputError: nothing in the text can be spoken.
            UsageError: a style, tag, speed or mask does not exist.
            MissingError: the voice does not exist.
        """
        self._runner.elapsed.clear()
        options = RenderOptions(voice=voice, style=style, speed=speed, seed=seed, mask=mask)
        ready = read_text(text, prepare_for(self._model.directory, self._model.profile, options))
        sound = SpeechBlocks(ready, self.render(ready.utterances, mask=mask))
        samples = np.concatenate(list(sound))
        timings = StageTimings(**self._runner.elapsed)
        return Speech(samples, self.sample_rate, timings, ready.notes, tuple(sound.failed))

    def read(self, text: str) -> Script:
        """The text as a script for this model; see `cosycli.script.read_script`."""
        return read_for(self._model.profile, text, self._model.directory)

    def render(self, utterances: Sequence[Utterance], *, mask: str = "full") -> Iterator[Take]:
        """The takes of some utterances in their order; raises what `render_batches` does."""
        size = self.batch_size(len(utterances))
        batches = [utterances[start : start + size] for start in range(0, len(utterances), size)]
        for takes in self.render_batches(batches, mask=mask):
            yield from takes

    def render_batches(self, batches: Sequence[Sequence[Utterance]], *, mask: str = "full") -> Iterator[list[Take]]:
        """The takes of each batch, whose utterances the language model speaks together; batches in their order.

        Batches are rendered one after the other; within `worker_processes` side by side; and on CUDA the next one is
        begun before this one is done.

        Args:
            mask: what the flow's attention sees: full, causal, chunk or double-chunk.

        Raises:
            UsageError: the mask does not exist.
            MissingError: a voice does not exist, or is of no use to this model; or there is not enough memory.
        """
        check_mask(mask, self._model.profile)
        render = partial(self._renderer.render_batch, mask=FlowMask(mask))
        voices = dict.fromkeys(utterance.voice for batch in batches for utterance in batch)
        prompts = {voice: self._voices.prompt(voice) for voice in voices}
        if len(batches) > 1 and self._workers is not None:
            yield from self._render_by(
                self._workers, [_WorkerTask(batch, FlowMask(mask), prompts) for batch in batches]
            )
        elif len(batches) > 1 and can_overlap(self._model.device):
            yield from overlapped(render, batches)
        else:
            yield from map(render, batches)

    def _render_by(
        self, workers: WorkerProcesses[_WorkerTask, _WorkerResult], tasks: Sequence[_WorkerTask]
    ) -> Iterator[list[Take]]:
        for result in workers.map(tasks):
            for stage, seconds in result.elapsed.items():
                self._runner.elapsed[stage] += seconds / workers.num_workers
            yield result.takes

    def _render_in_worker(self, task: _WorkerTask) -> _WorkerResult:
        self._voices.add(task.prompts)
        before = self._runner.elapsed.copy()
        takes = self._renderer.render_batch(task.utterances, task.mask)
        return _WorkerResult(takes, {stage: now - before[stage] for stage, now in self._runner.elapsed.items()})

    def stream(self, utterances: Iterable[Utterance]) -> SpeechStream:
        """The sound of utterances while they arrive and while it is made; see `SpeechStream`."""
        return SpeechStream(self._runner, self._voices, utterances)

    def convert(
        self, samples: NDArray[np.float32], sample_rate: int, *, voice: str | None = None, mask: str = "full"
    ) -> Speech:
        """A recording (N,) of any length, said again by another voice in the same time.

        Raises:
            UsageError, MissingError: as for `speak`.
        """
        own_rate = resampled(samples, sample_rate, self.sample_rate)[0].numpy()
        blocks = list(self.convert_blocks([own_rate], voice=voice, mask=mask))
        return Speech(np.concatenate([np.zeros(0, np.float32), *blocks]), self.sample_rate)

    def convert_blocks(
        self, blocks: Iterable[NDArray[np.float32]], *, voice: str | None = None, mask: str = "full"
    ) -> Iterator[NDArray[np.float32]]:
        """As `convert`, of a recording that comes in blocks (N,) at our own `sample_rate`.

        Raises:
            MissingError: the model has nothing to hear a recording with.
        """
        check_mask(mask, self._model.profile)
        prompt, flow_mask = self._voices.prompt(voice or DEFAULT_VOICE), FlowMask(mask)
        hear, token2wav = self._model.reference_encoder.tokens, Token2Wav(self._runner, self._voices)

        def say_again(heard: NDArray[np.float32]) -> NDArray[np.float32]:
            tokens = hear(heard, self.sample_rate).tolist()
            return token2wav([Token2WavRequest(tokens, prompt, seed=0)], flow_mask)[0]

        return convert(say_again, blocks, self.sample_rate)
