"""Scripts into speech: language model, flow and vocoder over many segments at once.

Segments are rendered in batches. Within a batch the language model speaks all of them together, then flow and vocoder
work through them: one by one on a CPU, in batches of like length on a GPU. Batches are rendered side by side by the
cores of a CPU, and overlap on CUDA. What a segment sounds like depends on nothing but itself: its text, voice, style,
seed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cosycli.engine.batch import max_batch_size, render_batch
from cosycli.engine.capabilities import check_mask, instruction_of, read_for
from cosycli.engine.conversion import convert
from cosycli.engine.overlap import can_overlap, overlapped
from cosycli.engine.retakes import best_takes, listened_to
from cosycli.engine.stages import Stages
from cosycli.engine.streaming import SpeechStream
from cosycli.engine.take import Take
from cosycli.engine.token2wav import Token2WavRequest, token2wav
from cosycli.engine.utterance import Utterance, VoiceSettings, utterances_of
from cosycli.engine.verification import Listener, listener_for
from cosycli.engine.voice_prompt import PROMPT_S
from cosycli.engine.worker_pool import can_fork, map_in_workers
from cosycli.joining import Piece, join
from cosycli.model.loading import Model
from cosycli.model.masks import FlowMask
from cosycli.model.reference_encoder import resampled
from cosycli.script import Script
from cosycli.voices import DEFAULT_VOICE

__all__ = ["Speech", "StageTimings", "Synthesizer"]

RETAKES = 2  # of 219 takes of a novel one failed, and passed when drawn again
MIN_BATCH_SIZE = 8  # utterances for which a core by itself speaks a second of sound sooner than two cores together


@dataclass(frozen=True)
class StageTimings:
    """Seconds of wall time that each stage took; on CUDA stages overlap, and take more together than the whole."""

    language_model_s: float = 0.0
    flow_s: float = 0.0
    vocoder_s: float = 0.0


@dataclass(frozen=True)
class Speech:
    """A text spoken: samples (N,) float32, full scale is 1."""

    samples: NDArray[np.float32]
    sample_rate: int
    timings: StageTimings = field(default_factory=StageTimings)

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.sample_rate


class Synthesizer:
    """A loaded model that speaks."""

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
        self._stages = Stages(model, memory, prompt)
        self._retakes = retakes

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
        num_batches, num_cores = math.ceil(num_utterances / self.max_batch_size), self._stages.memory.num_workers
        if num_cores and num_utterances >= num_cores * MIN_BATCH_SIZE:
            num_batches = math.ceil(num_batches / num_cores) * num_cores
        return math.ceil(num_utterances / max(1, num_batches)) or 1

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
            text: any length; the markup of the README is obeyed.
            voice: a name of the voice library, a voice folder, or a speaker that the model knows by name.
            style: a style's name, or an instruction in words, for models that take them.
            speed: 0.5 to 2; pitch stays as it is.
            seed: another one gives another reading.
            mask: what the flow's attention sees: full, causal, chunk or double-chunk.

        Raises:
            InputError: nothing in the text can be spoken.
            UsageError: a style, tag, speed or mask does not exist.
            MissingError: the voice does not exist.
        """
        self._stages.elapsed.clear()
        voice_settings = VoiceSettings(voice or DEFAULT_VOICE, instruction_of(style, self._model.profile), speed, seed)
        takes = self.render(utterances_of(self.read(text).segments, voice_settings), mask=mask)
        pieces = (Piece(take.samples, take.segment.pause_after_s, take.segment.pause_before_s) for take in takes)
        samples = np.concatenate(list(join(pieces, self.sample_rate)))
        return Speech(samples, self.sample_rate, StageTimings(**self._stages.elapsed))

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

        On a CPU some batches are rendered side by side; on CUDA the next one is begun before this one is done.

        Args:
            mask: what the flow's attention sees: full, causal, chunk or double-chunk.

        Raises:
            UsageError: the mask does not exist.
            MissingError: a voice does not exist, or is of no use to this model; or there is not enough memory.
        """
        check_mask(mask, self._model.profile)
        flow_mask = FlowMask(mask)
        voices = dict.fromkeys(utterance.voice for batch in batches for utterance in batch)
        prompts = [self._stages.prompt(voice) for voice in voices]

        def render(batch: Sequence[Utterance]) -> list[Take]:
            return best_takes(lambda wanted: self._render_takes(wanted, flow_mask), batch, self._retakes)

        if can_overlap(self._model.device) and len(batches) > 1:
            yield from overlapped(render, batches)
            return
        size = min(self._stages.memory.num_workers, len(batches))
        # What listens may have threads of its own, which worker processes would lack.
        if size < 2 or self._listener is not None or not can_fork():
            yield from map(render, batches)
            return
        for prompt in prompts:
            self._stages.prompt_cache(prompt, flow_mask)  # for all workers to share
        for takes, elapsed in map_in_workers(self._stages.for_worker(size, render), batches, size):
            for stage, seconds in elapsed.items():
                self._stages.elapsed[stage] += seconds
            yield takes

    def stream(self, utterances: Iterable[Utterance]) -> SpeechStream:
        """The sound of utterances while they arrive and while it is made; see `SpeechStream`."""
        return SpeechStream(self._stages, utterances)

    def _render_takes(self, utterances: Sequence[Utterance], mask: FlowMask) -> list[Take]:
        """A take of each utterance, judged."""
        takes = render_batch(self._stages, utterances, mask)
        if self._listener is None:
            return takes
        with self._stages.listening_lock.held():
            return listened_to(takes, utterances, self._listener, self._model.profile.opening)

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
        prompt, flow_mask = self._stages.prompt(voice or DEFAULT_VOICE), FlowMask(mask)
        hear = self._model.reference_encoder.tokens

        def say_again(heard: NDArray[np.float32]) -> NDArray[np.float32]:
            tokens = hear(heard, self.sample_rate).tolist()
            return token2wav(self._stages, [Token2WavRequest(tokens, prompt, seed=0)], flow_mask)[0]

        return convert(say_again, blocks, self.sample_rate)
