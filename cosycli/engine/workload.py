"""A set amount of work for a model whose words do not matter: so many speech tokens, in segments, after a prompt."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from cosycli.engine.capabilities import check_mask
from cosycli.engine.decoding import Decoder, Request
from cosycli.engine.stages import Stages
from cosycli.engine.token2wav import Token2WavRequest, token2wav
from cosycli.engine.voice_prompt import VoicePrompt
from cosycli.errors import UsageError
from cosycli.model.costs import costs_of
from cosycli.model.key_value_cache import KeyValueCache
from cosycli.model.loading import Model
from cosycli.model.masks import FlowMask
from cosycli.model.profile import ModelProfile
from cosycli.model.speech_decoder import Prompt, SpeechDecoder

__all__ = ["Run", "Task", "Workload"]

SEED = 0
SPEECH_PER_TEXT = 5  # speech tokens to a text token; a model may speak 2 to 20
NUM_TEXT_IDS = 256  # bytes: every vocabulary has as many


@dataclass(frozen=True)
class Workload:
    """So many seconds of sound, in segments that each go on from a prompt.

    Raises:
        UsageError: a length makes no sense.
    """

    seconds: float = 60.0
    segment_s: float = 10.0
    prompt_s: float = 3.0

    def __post_init__(self) -> None:
        if not 1 <= self.segment_s <= self.seconds or self.prompt_s < 0:
            raise UsageError(
                f"{self.seconds:g} s cannot be made in segments of {self.segment_s:g} s after {self.prompt_s:g} s.",
                "Give --segment at least 1 and at most --seconds, and --prompt 0 or more.",
            )

    @property
    def num_segments(self) -> int:
        return round(self.seconds / self.segment_s)


@dataclass(frozen=True)
class Run:
    """What one run made, and what it took.

    Attributes:
        audio_s: seconds of sound.
        stage_s: seconds of wall time by stage: language_model, flow and vocoder.
        total_s: seconds of wall time in all.
        num_tokens: speech tokens, where they were counted.
        flops: floating-point operations by stage, where they are known.
    """

    audio_s: float
    stage_s: dict[str, float]
    total_s: float
    num_tokens: int | None = None
    flops: dict[str, float] | None = None


class Task:
    """A workload made ready for a model.

    Args:
        mask: what the flow's attention sees.
        memory: as for `Memory`.

    Raises:
        UsageError: the model has no such mask; or as for `Memory`.
    """

    def __init__(self, model: Model, workload: Workload, mask: str = "full", memory: str | None = None) -> None:
        check_mask(mask, model.profile)
        self._model, self._mask = model, FlowMask(mask)
        self._stages = Stages(model, memory)
        self._decoder = Decoder(_Unending(model.language_model))
        self._prompt = _random_prompt(model.profile, workload.prompt_s)
        spoken = tuple(self._prompt.tokens.tolist())
        text = _any_text(round(workload.segment_s * model.profile.flow.token_rate))
        self._requests = [
            Request(text, _any_text(len(spoken)), spoken, SEED + number, self._prompt.speaker)
            for number in range(workload.num_segments)
        ]

    def run(self, batch: int) -> Run:
        """All segments; the language model speaks `batch` at a time, and what it said is sounded as for a book."""
        profile, stages = self._model.profile, self._stages
        stages.elapsed.clear()
        started = time.perf_counter()
        with stages.timed("language_model_s"):
            tokens = [spoken.tokens for spoken in self._decoder.decode(self._requests, batch)]
        waves = token2wav(stages, [Token2WavRequest(said, self._prompt, SEED) for said in tokens], self._mask)
        total_s = time.perf_counter() - started
        audio_s, num_tokens = sum(map(len, waves)) / profile.mel.sample_rate, sum(map(len, tokens))
        stage_s = {stage.removesuffix("_s"): seconds for stage, seconds in stages.elapsed.items()}
        return Run(audio_s, stage_s, total_s, num_tokens, self._flops(tokens))

    def _flops(self, tokens: Sequence[Sequence[int]]) -> dict[str, float] | None:
        profile, request, costs = self._model.profile.flow, self._requests[0], costs_of(self._model.profile)
        if costs is None:
            return None
        chunk = self._model.flow.frames_of_chunk(self._mask)
        start = self._stages.prompt_cache(self._prompt, self._mask).num_frames
        num_read = len(request.text) + len(request.prompt_text) + len(request.prompt_speech)
        num_heard = [len(request.prompt_speech) + len(spoken) for spoken in tokens]
        return {
            "language_model": costs.token * sum(num_read + len(spoken) for spoken in tokens),
            "flow": sum(
                costs.flow(start, profile.num_frames(count), chunk, count / profile.token_rate) for count in num_heard
            ),
            "vocoder": costs.vocoder * sum(map(len, tokens)) / profile.token_rate,
        }


class _Unending:
    """A language model that stops when it has spoken `SPEECH_PER_TEXT` tokens for each of the text, and not before."""

    def __init__(self, model: SpeechDecoder[Any]) -> None:
        self._model = model
        self.profile = replace(
            model.profile, min_speech_per_text=SPEECH_PER_TEXT, max_speech_per_text=SPEECH_PER_TEXT, silent_codes=()
        )

    def new_cache(self, max_sequences: int, has_fixed_shapes: bool | None = None) -> KeyValueCache:
        cache: KeyValueCache = self._model.new_cache(max_sequences, has_fixed_shapes)
        return cache

    def prefill(self, prompts: Sequence[Prompt], cache: KeyValueCache) -> Tensor:
        return self._without_stops(self._model.prefill(prompts, cache))

    def step(self, tokens: Tensor, cache: KeyValueCache) -> Tensor:
        return self._without_stops(self._model.step(tokens, cache))

    def _without_stops(self, log_probs: Tensor) -> Tensor:
        log_probs[..., self.profile.num_codes :] = float("-inf")
        return log_probs


def _any_text(num_speech: int) -> tuple[int, ...]:
    """Text tokens for so many speech tokens."""
    return tuple(number % NUM_TEXT_IDS for number in range(num_speech // SPEECH_PER_TEXT))


def _random_prompt(profile: ModelProfile, seconds: float) -> VoicePrompt:
    draw, flow = torch.Generator().manual_seed(SEED), profile.flow
    num_tokens = round(seconds * flow.token_rate)
    tokens = torch.randint(flow.num_codes, (num_tokens,), generator=draw)
    mel = torch.randn(flow.num_mels, flow.num_frames(num_tokens), generator=draw)
    return VoicePrompt(None, "", tokens, mel, torch.randn(flow.speaker_width, generator=draw))
