"""Utterances rendered together: the language model speaks all of them, then they are made to sound, and judged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from cosycli.engine.chunk_boundaries import chunk_boundaries, jump_at_boundaries
from cosycli.engine.decoding import GeneratedTokens
from cosycli.engine.gates import Evidence, failures_of
from cosycli.engine.memory import most_positions
from cosycli.engine.stages import Stages
from cosycli.engine.take import Take
from cosycli.engine.token2wav import Token2WavRequest, token2wav
from cosycli.engine.utterance import Utterance
from cosycli.model.masks import FlowMask

__all__ = ["max_batch_size", "render_batch"]

# Utterances that the language model speaks together, and that a run which is killed loses. With twice as many it would
# be a fifth faster on a CPU (see `cosycli.engine.decoding`), where it takes less than flow and vocoder. On an H200 a
# step of CosyVoice 2's takes 0.4 ms with up to 170 rows, to be launched and to read its weights, and with more 2.4 us
# for each, so that more than 256 gain nothing. (Reckoned from 4.3 TB/s and 40 % of 790 TFLOP/s, not measured.) Metal's
# devices compute less for each byte that they read: fewer rows keep them busy.
BATCH_SIZE, BATCH_SIZE_ON_CUDA = 32, 256


def max_batch_size(device: torch.device) -> int:
    """The most utterances that are worth rendering together."""
    return BATCH_SIZE_ON_CUDA if device.type == "cuda" else BATCH_SIZE


def render_batch(stages: Stages, utterances: Sequence[Utterance], mask: FlowMask) -> list[Take]:
    """The take of each utterance, rendered once; batch composition does not change it.

    Raises:
        OutOfMemoryError: not even one of them fits into memory.
        Cancelled: nobody waits for them any more.
    """
    with stages.decoding_lock.held(), stages.timed("language_model_s"):
        generated = _decode(stages, utterances)
    requests = [
        Token2WavRequest(each.tokens, stages.prompt(item.voice), item.seed, item.speed)
        for item, each in zip(utterances, generated, strict=True)
    ]
    with stages.token2wav_lock.held():
        sounds = token2wav(stages, requests, mask)
    return [_judged(stages, mask, *parts) for parts in zip(utterances, generated, sounds, strict=True)]


def _decode(stages: Stages, utterances: Sequence[Utterance]) -> list[GeneratedTokens]:
    requests, memory = [stages.request(item) for item in utterances], stages.memory
    longest = max(most_positions(request, stages.model.profile.language_model) for request in requests)
    return memory.decoding.fill(
        lambda together: stages.decoder.decode(requests, together), len(requests), memory.use.of_sequence(longest)
    )


def _judged(
    stages: Stages, mask: FlowMask, item: Utterance, generated: GeneratedTokens, samples: NDArray[np.float32]
) -> Take:
    model, profile, num_prompt = stages.model, stages.model.profile, stages.prompt(item.voice).mel.shape[1]
    boundaries = chunk_boundaries(
        model.flow, mask, num_prompt, profile.flow.num_frames(len(generated.tokens)), item.speed
    )
    evidence = Evidence(
        item.segment.text,
        item.speed,
        generated.tokens,
        generated.ended,
        samples,
        profile.mel.sample_rate,
        profile.flow.token_rate,
        jump_at_boundaries(samples, profile.mel, boundaries),
    )
    failures = failures_of(evidence)
    return Take(item.segment, samples, profile.mel.sample_rate, generated.tokens, item.seed, failures)
