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

from cosycli.engine.stages import Stages
from cosycli.engine.voice_prompt import VoicePrompt
from cosycli.model.masks import FlowMask

__all__ = ["Token2WavRequest", "token2wav"]

# Padded mel frames that flow and vocoder take at once: a minute, for it fills a GPU. A CPU takes a segment at a time,
# which is no slower (flow of the built-in model, 4 segments of 14 s, one Zen 5 core), and makes the sound the same to
# the last bit whatever was rendered beside it: in other batches oneDNN's products round otherwise.
GPU_FRAMES, CPU_FRAMES = 3000, 1


@dataclass(frozen=True)
class Token2WavRequest:
    """Speech tokens, in whose voice they are spoken, by which seed, and how many times as fast."""

    tokens: Sequence[int]
    prompt: VoicePrompt
    seed: int
    speed: float = 1.0


def token2wav(stages: Stages, requests: Sequence[Token2WavRequest], mask: FlowMask) -> list[NDArray[np.float32]]:
    """The samples (N,) of each, in their order; batch composition does not change them.

    Raises:
        OutOfMemoryError: not even one of them fits into memory.
        Cancelled: nobody waits for them any more.
    """
    budget, frame_bytes = stages.memory.token2wav, stages.memory.use.frame
    caches = [stages.prompt_cache(request.prompt, mask) for request in requests]

    def run_batch(rows: list[int]) -> list[NDArray[np.float32]]:
        stages.token2wav_lock.yield_to_earlier()

        def by_parts(size: int) -> list[NDArray[np.float32]]:
            parts = (rows[start : start + size] for start in range(0, len(rows), size))
            return [wave for part in parts for wave in run_together(part)]

        return budget.fill(by_parts, len(rows), num_frames[rows[0]] * frame_bytes)

    def run_together(rows: list[int]) -> list[NDArray[np.float32]]:
        batch = [requests[row] for row in rows]
        seeds = [request.seed for request in batch]
        prompts = [request.prompt for request in batch]
        mels = stages.mels(prompts, [request.tokens for request in batch], seeds, mask, caches[rows[0]])
        return stages.waves([_stretch(mel, item.speed) for mel, item in zip(mels, batch, strict=True)], seeds)

    flow = stages.model.profile.flow
    num_frames = [
        round(flow.num_frames(len(request.prompt.tokens) + len(request.tokens)) / min(1.0, request.speed))
        for request in requests
    ]
    max_frames = CPU_FRAMES if stages.model.device.type == "cpu" else GPU_FRAMES
    max_frames = min(max_frames, budget.num_bytes // frame_bytes)
    alike = defaultdict(list)  # what has a cache in common
    for row, cache in enumerate(caches):
        alike[cache].append(row)
    batches = [batch for rows in alike.values() for batch in _batches_by_length(rows, num_frames, max_frames)]
    batches.sort(key=lambda rows: -num_frames[rows[0]])
    samples: dict[int, NDArray[np.float32]] = {}
    for rows, waves in zip(batches, stages.thread_pool.map(run_batch, batches), strict=True):
        samples |= zip(rows, waves, strict=True)
    return [samples[row] for row in range(len(requests))]


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
