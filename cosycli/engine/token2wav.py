"""Speech tokens into waveforms: flow and vocoder over many segments, in batches of like length.

M mel frames, N samples.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from cosycli.engine.model_runner import ModelRunner
from cosycli.engine.voice_cache import VoiceCache
from cosycli.engine.voice_prompt import VoicePrompt
from cosycli.model.flow import FlowCache
from cosycli.model.masks import FlowMask

# Padded mel frames that flow and vocoder take at once: a minute, for it fills a GPU. A CPU takes a segment at a time,
# which is no slower, and makes the sound the same to the last bit whatever was rendered beside it: in other batches
# oneDNN's products round otherwise.
GPU_FRAMES, CPU_FRAMES = 3000, 1


@dataclass(frozen=True)
class Token2WavRequest:
    """Speech tokens, in whose voice they are spoken, by which seed, and how many times as fast."""

    tokens: Sequence[int]
    prompt: VoicePrompt
    seed: int
    speed: float = 1.0


class Token2Wav:
    """Flow and vocoder over requests of any number, as many at once as suit the device and its memory."""

    def __init__(self, runner: ModelRunner, voices: VoiceCache) -> None:
        self._runner, self._voices = runner, voices

    def __call__(self, requests: Sequence[Token2WavRequest], mask: FlowMask) -> list[NDArray[np.float32]]:
        """The samples (N,) of each request, in their order.

        Raises:
            OutOfMemoryError: not even one of them fits into memory.
            Cancelled: the result is not wanted any more.
        """
        batches = self._batches(requests, mask)

        def render(batch: _Batch) -> list[NDArray[np.float32]]:
            return self._render(batch, mask)

        samples: dict[int, NDArray[np.float32]] = {}
        for batch, waves in zip(batches, self._runner.thread_pool.map(render, batches), strict=True):
            samples |= zip(batch.rows, waves, strict=True)
        return [samples[row] for row in range(len(requests))]

    def _batches(self, requests: Sequence[Token2WavRequest], mask: FlowMask) -> list[_Batch]:
        """The requests in batches of like length that have the flow's cache in common, the longest first."""
        frames = [self._num_frames(request) for request in requests]
        rows_of = defaultdict(list)
        for row, request in enumerate(requests):
            rows_of[self._voices.flow_cache(request.prompt, mask)].append(row)
        batches = [
            _Batch(rows, [requests[row] for row in rows], cache, frames[rows[0]])
            for cache, alike in rows_of.items()
            for rows in _batches_by_length(alike, frames, self._max_frames)
        ]
        return sorted(batches, key=lambda batch: -batch.num_frames)

    def _num_frames(self, request: Token2WavRequest) -> int:
        flow = self._runner.model.profile.flow
        return round(flow.num_frames(len(request.prompt.tokens) + len(request.tokens)) / min(1.0, request.speed))

    @property
    def _max_frames(self) -> int:
        memory = self._runner.memory
        suitable = CPU_FRAMES if self._runner.model.device.type == "cpu" else GPU_FRAMES
        return min(suitable, memory.token2wav.num_bytes // memory.use.frame)

    def _render(self, batch: _Batch, mask: FlowMask) -> list[NDArray[np.float32]]:
        """In parts, where memory runs out."""
        self._runner.token2wav_lock.yield_to_earlier()

        def in_parts(size: int) -> list[NDArray[np.float32]]:
            parts = (batch.requests[start : start + size] for start in range(0, len(batch.requests), size))
            return [wave for part in parts for wave in self._render_together(part, mask, batch.cache)]

        memory = self._runner.memory
        return memory.token2wav.fill(in_parts, len(batch.requests), batch.num_frames * memory.use.frame)

    def _render_together(
        self, requests: Sequence[Token2WavRequest], mask: FlowMask, cache: FlowCache
    ) -> list[NDArray[np.float32]]:
        seeds = [request.seed for request in requests]
        tokens, prompts = [request.tokens for request in requests], [request.prompt for request in requests]
        mels = self._runner.mels(prompts, tokens, seeds, mask, cache)
        return self._runner.waves(
            [_stretch(mel, request.speed) for mel, request in zip(mels, requests, strict=True)], seeds
        )


@dataclass(frozen=True)
class _Batch:
    """Requests that are rendered together, their places in the order, and the mel frames of the longest."""

    rows: Sequence[int]
    requests: Sequence[Token2WavRequest]
    cache: FlowCache
    num_frames: int


def _batches_by_length(indices: Sequence[int], lengths: Sequence[int], max_total: int) -> Iterator[list[int]]:
    """Indices in runs of like length, longest first, whose padded total is at most `max_total`, or in runs of one."""
    batch: list[int] = []
    for index in sorted(indices, key=lambda i: -lengths[i]):
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
