"""Scripts into speech: language model, flow and vocoder over many segments at once.

Segments are rendered in waves. Within a wave the language model speaks all of them together, then flow and vocoder
work through batches of like length. What a segment sounds like depends on nothing but itself: its text, voice, style
and seed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from cosycli.engine.abilities import instruction_of, read_for
from cosycli.engine.conversion import convert
from cosycli.engine.decoding import decode
from cosycli.engine.gates import Evidence, failures_of
from cosycli.engine.stages import Stages
from cosycli.engine.streaming import SpeechStream
from cosycli.engine.utterance import WAVE, Manner, Utterance, utterances_of
from cosycli.engine.verification import SPOKEN_INSTRUCTION, Listener, listener_for, verdict_on
from cosycli.errors import UsageError
from cosycli.joining import Piece, join
from cosycli.model.loading import Model
from cosycli.model.masks import FlowMask
from cosycli.model.reference_encoder import resampled
from cosycli.recording import Recording
from cosycli.script import Script, Segment
from cosycli.voices import DEFAULT_VOICE

__all__ = ["Speech", "StageTimings", "Synthesizer", "Take"]

MAX_RETAKES = 2  # of 219 takes of a novel one failed, and passed when drawn again
WITHOUT_INSTRUCTION = "instruction left out, for it was spoken"
BATCH_FRAMES = 3000  # padded mel frames, one minute, that flow and vocoder take at once


@dataclass(frozen=True)
class StageTimings:
    """Seconds of wall time that each stage took."""

    language_model_s: float = 0.0
    flow_s: float = 0.0
    vocoder_s: float = 0.0


@dataclass(frozen=True)
class Take:
    """One rendered segment.

    Attributes:
        samples: (N,) float32.
        tokens, seed: what they were made from.
        failures: the gates that it did not pass, and neither did any other draw better.
        num_draws: how many times it was drawn.
        error_rate: letters that a recognizer heard otherwise for each letter to be said; None if none listened.
    """

    segment: Segment
    samples: NDArray[np.float32]
    sample_rate: int
    tokens: tuple[int, ...]
    seed: int
    failures: tuple[str, ...] = ()
    num_draws: int = 1
    error_rate: float | None = None


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

    def __init__(self, model: Model, verify: bool = False) -> None:
        """Raises: MissingError: there is no recognizer for the model, and `verify` wants one to listen to each take."""
        self._model = model
        self._listener: Listener | None = listener_for(model.directory) if verify else None
        self._stages = Stages(model)

    @property
    def sample_rate(self) -> int:
        return self._model.profile.mel.sample_rate

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
        manner = Manner(voice or DEFAULT_VOICE, instruction_of(style, self._model.profile), speed, seed)
        takes = self.render(utterances_of(self.read(text).segments, manner), mask=mask)
        pieces = (Piece(take.samples, take.segment.pause_after_s, take.segment.pause_before_s) for take in takes)
        samples = np.concatenate(list(join(pieces, self.sample_rate)))
        return Speech(samples, self.sample_rate, StageTimings(**self._stages.elapsed))

    def read(self, text: str) -> Script:
        """The text as a script for this model; see `cosycli.script.read_script`."""
        return read_for(self._model.profile, text, self._model.directory)

    def render(self, utterances: Sequence[Utterance], *, mask: str = "full") -> Iterator[Take]:
        """The takes of some utterances in their order, a wave at a time.

        Args:
            mask: what the flow's attention sees: full, causal, chunk or double-chunk.

        Raises:
            UsageError: the mask does not exist.
            MissingError: a voice does not exist, or is of no use to this model.
        """
        flow_mask = self._mask_called(mask)
        for utterance in utterances:
            self._stages.prompt(utterance.voice)
        for start in range(0, len(utterances), WAVE):
            yield from self._render_well(utterances[start : start + WAVE], flow_mask)

    def stream(self, utterances: Iterable[Utterance]) -> SpeechStream:
        """The sound of utterances while they arrive and while it is made; see `SpeechStream`."""
        return SpeechStream(self._stages, utterances)

    def _render_well(self, utterances: Sequence[Utterance], mask: FlowMask) -> list[Take]:
        """The best take of each utterance: those that fail a gate are drawn again, together."""
        takes = self._render_verified(utterances, mask)
        wanted = list(utterances)
        for draw in range(1, MAX_RETAKES + 1):
            failing = [row for row, take in enumerate(takes) if take.failures]
            if not failing:
                break
            for row in failing:
                if SPOKEN_INSTRUCTION in takes[row].failures:
                    wanted[row] = replace(wanted[row], instruction=None)
            again = [wanted[row].redrawn("retake", str(draw)) for row in failing]
            for row, take in zip(failing, self._render_verified(again, mask), strict=True):
                takes[row] = replace(min(takes[row], take, key=_badness), num_draws=draw + 1)
        return [
            take if said == asked else replace(take, failures=(*take.failures, WITHOUT_INSTRUCTION))
            for take, said, asked in zip(takes, wanted, utterances, strict=True)
        ]

    def _render_verified(self, utterances: Sequence[Utterance], mask: FlowMask) -> list[Take]:
        takes = list(self._render_wave(utterances, mask))
        if self._listener is None:
            return takes
        opening = self._model.profile.opening
        verdicts = [
            verdict_on(self._listener, Recording(take.samples, take.sample_rate), item, opening)
            for take, item in zip(takes, utterances, strict=True)
        ]
        return [
            replace(take, failures=(*take.failures, *verdict.failures), error_rate=verdict.error_rate)
            for take, verdict in zip(takes, verdicts, strict=True)
        ]

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
        prompt, flow_mask = self._stages.prompt(voice or DEFAULT_VOICE), self._mask_called(mask)
        hear = self._model.reference_encoder.tokens

        def say_again(heard: NDArray[np.float32]) -> NDArray[np.float32]:
            tokens = hear(heard, self.sample_rate).tolist()
            mels = self._stages.mels([prompt], [tokens], [0], flow_mask)
            return self._stages.waves(mels, [0])[0]

        return convert(say_again, blocks, self.sample_rate)

    def _render_wave(self, utterances: Sequence[Utterance], mask: FlowMask) -> Iterator[Take]:
        with self._stages.timed("language_model_s"):
            spoken = decode(self._model.language_model, [self._stages.request(item) for item in utterances], WAVE)
        tokens = [item.tokens for item in spoken]
        samples: dict[int, NDArray[np.float32]] = {}
        num_frames = [self._model.profile.flow.num_frames(len(item)) for item in tokens]
        for rows in _batches_by_length(num_frames, BATCH_FRAMES):
            seeds = [utterances[row].seed for row in rows]
            prompts = [self._stages.prompt(utterances[row].voice) for row in rows]
            mels = self._stages.mels(prompts, [tokens[row] for row in rows], seeds, mask)
            stretched = [_stretch(mel, utterances[row].speed) for mel, row in zip(mels, rows, strict=True)]
            samples.update(zip(rows, self._stages.waves(stretched, seeds), strict=True))
        for row, item in enumerate(utterances):
            evidence = Evidence(
                item.segment.text,
                item.speed,
                tokens[row],
                spoken[row].ended,
                samples[row],
                self.sample_rate,
                self._model.profile.flow.token_rate,
            )
            yield Take(item.segment, samples[row], self.sample_rate, tokens[row], item.seed, failures_of(evidence))

    def _mask_called(self, name: str) -> FlowMask:
        """Raises: UsageError: there is no such mask, or the model knows none but the full one."""
        masks = list(FlowMask) if self._model.profile.flow.has_masks else [FlowMask.FULL]
        for mask in masks:
            if mask.value == name:
                return mask
        raise UsageError(
            f"There is no mask {name!r} for this model.", f"Valid: {', '.join(mask.value for mask in masks)}."
        )


def _badness(take: Take) -> tuple[bool, int, float]:
    """The least of it is kept: an instruction that is spoken is worse than any other failure."""
    return SPOKEN_INSTRUCTION in take.failures, len(take.failures), take.error_rate or 0.0


def _batches_by_length(lengths: Sequence[int], max_total: int) -> Iterator[list[int]]:
    """Indices in runs of like length, longest first, whose padded total stays within `max_total`."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batch and (len(batch) + 1) * lengths[batch[0]] > max_total:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _stretch(mel: Tensor, speed: float) -> Tensor:
    """The mel (num_mels, M) at another pace: (num_mels, M / speed), interpolated linearly."""
    if speed == 1.0:
        return mel
    return F.interpolate(mel[None], size=max(1, round(mel.shape[1] / speed)), mode="linear")[0]
