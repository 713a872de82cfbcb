"""A set amount of work for a model whose words do not matter, and how many operations it takes.

So many speech tokens, in segments, after a prompt. A multiplication with its addition is two operations; the numbers
were counted on the published sizes of CosyVoice 2 and 3, on 10 s of sound, with PyTorch's own counter.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from cosycli.engine.capabilities import check_mask
from cosycli.engine.decoding import Decoder
from cosycli.engine.memory import Memory
from cosycli.engine.model_runner import ModelRunner
from cosycli.engine.threads import num_cores
from cosycli.engine.token2wav import Token2Wav, Token2WavRequest
from cosycli.engine.voice_cache import VoiceCache
from cosycli.engine.voice_prompt import VoicePrompt
from cosycli.errors import UsageError
from cosycli.model.key_value_cache import KeyValueCache
from cosycli.model.loading import Model
from cosycli.model.masks import FlowMask
from cosycli.model.profile import COSYVOICE_2, COSYVOICE_3, ModelProfile
from cosycli.model.speech_decoder import Request, SpeechDecoder

SEED = 0
SPEECH_PER_TEXT = 5  # speech tokens to a text token; a model may speak 2 to 20
NUM_TEXT_IDS = 256  # bytes: every vocabulary has as many


@dataclass(frozen=True)
class Workload:
    """An amount of sound in segments, each after a prompt.

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
        self._runner = ModelRunner(model, Memory(model, memory, num_cores(model.device)))
        self._voices = VoiceCache(self._runner)
        self._token2wav = Token2Wav(self._runner, self._voices)
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
        profile, runner = self._model.profile, self._runner
        runner.elapsed.clear()
        started = time.perf_counter()
        with runner.timed("language_model_s"):
            tokens = [spoken.tokens for spoken in self._decoder.decode(self._requests, batch)]
        waves = self._token2wav([Token2WavRequest(said, self._prompt, SEED) for said in tokens], self._mask)
        total_s = time.perf_counter() - started
        audio_s, num_tokens = sum(map(len, waves)) / profile.mel.sample_rate, sum(map(len, tokens))
        stage_s = {stage.removesuffix("_s"): seconds for stage, seconds in runner.elapsed.items()}
        return Run(audio_s, stage_s, total_s, num_tokens, self._flops(tokens))

    def _flops(self, tokens: Sequence[Sequence[int]]) -> dict[str, float] | None:
        profile, request, costs = self._model.profile.flow, self._requests[0], costs_of(self._model.profile)
        if costs is None:
            return None
        chunk = self._model.flow.frames_of_chunk(self._mask)
        start = self._voices.flow_cache(self._prompt, self._mask).num_frames
        num_read = request.num_tokens
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

    def prefill(self, requests: Sequence[Request], cache: KeyValueCache) -> Tensor:
        return self._without_stops(self._model.prefill(requests, cache))

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


@dataclass(frozen=True)
class NetworkCosts:
    """In operations.

    Attributes:
        token: of the language model, for a token read or spoken; attention is left out, a twentieth at 370 tokens.
        token_encoder: of the flow, for a second of sound with its prompt.
        frame, frame_pair: of the flow's estimator, for a mel frame, and for a frame that attends to another.
        vocoder: for a second of sound.
        num_passes: of the estimator: with and without conditions at each of its steps.
    """

    token: float
    token_encoder: float
    frame: float
    frame_pair: float
    vocoder: float
    num_passes: int

    def flow(self, start: int, end: int, chunk: int | None, seconds: float) -> float:
        """For one utterance.

        Args:
            start, end: the mel frames that the estimator goes through, counted from the beginning of the prompt.
            chunk: frames a chunk of the mask, or None.
            seconds: of sound, with the prompt.
        """
        num_pairs = sum(min(end, (frame // chunk + 1) * chunk) if chunk else end for frame in range(start, end))
        estimator = self.num_passes * ((end - start) * self.frame + num_pairs * self.frame_pair)
        return estimator + self.token_encoder * seconds


_COSTS = {
    COSYVOICE_2: NetworkCosts(727.6e6, 3.4e9, 132.2e6, 0.1147e6, 30.6e9, 20),
    COSYVOICE_3: NetworkCosts(728e6, 0.03e9, 378.6e6, 0.0901e6, 33.7e9, 20),
}
# Dense bfloat16 operations a second, from NVIDIA's data sheets, by a part of the name that CUDA gives.
_PEAKS = {"H200": 989.5e12, "H100 80GB HBM3": 989.5e12, "A100": 312e12, "L40S": 362e12, "L20": 119.5e12}


def costs_of(profile: ModelProfile) -> NetworkCosts | None:
    """None where they were not counted: for other versions and sizes."""
    return _COSTS.get(profile)


def peak_flops(device_name: str) -> float | None:
    """Operations a second of the GPU that CUDA calls `device_name`, in bfloat16; None where it is not listed."""
    return next((peak for part, peak in _PEAKS.items() if part in device_name), None)
