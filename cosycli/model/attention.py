"""Attention of mel frames to mel frames, as the flow's estimators use it.

B batch, H heads, M frames after P that went before, W width of a head.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from cosycli.model.convolutions import StreamingState
from cosycli.model.kernels import can_prepack, products
from cosycli.model.masks import attention_mask, valid_positions

LEAST_TOTAL = 1e-30  # of powers: 1e8 times the least normal number, so that none that matters is lost
MIN_CHUNK = 50  # frames; the chunks of the streaming mask have so many, those of the causal one 2
# Heads that are taken together in bfloat16, and frames where there are chunks: their scores are to stay in a core's
# caches. For speeds see docs/performance.md.
HEADS, SPAN = 4, 300

Block = tuple[slice, slice, slice]


@dataclass(frozen=True)
class AttentionMask:
    """Which frames each frame may see: the valid ones before the end of its own chunk, and all P that went before.

    Attributes:
        lengths: valid frames of each row.
        chunk: frames a chunk, or None where every frame sees every valid one.
        valid: (B, M, 1) true on valid frames, or None where all are.
        allowed: what may be attended to as (B, 1, M, P + M) bool, or None where everything may see everything.
        state: what was seen of frames before these, or None where there is none to be seen or kept.
    """

    lengths: tuple[int, ...]
    chunk: int | None
    valid: Tensor | None
    allowed: Tensor | None
    state: StreamingState | None = None

    @classmethod
    def of(
        cls, lengths: Tensor, num_frames: int, chunk: int | None, state: StreamingState | None = None
    ) -> AttentionMask:
        """For rows (B,) of so many valid frames, padded to `num_frames`; chunks are counted from the first of them."""
        counts = tuple(lengths.tolist())
        valid = None if min(counts) == num_frames else valid_positions(lengths, num_frames)
        allowed = attention_mask(lengths, num_frames, chunk)
        if allowed is not None and state is not None:
            allowed = F.pad(allowed, (state.num_frames, 0), value=True)
        return cls(counts, chunk, None if valid is None else valid.mT, allowed, state)

    def joined(self, x: Tensor) -> Tensor:
        """Keys or values of these frames after those that went before: (B, M, D) -> (B, P + M, D)."""
        return x if self.state is None else self.state.join(x)


def attend(query: Tensor, key: Tensor, value: Tensor, mask: AttentionMask) -> Tensor:
    """Attention (B, H, M, W) to keys and values (B, H, P + M, W); what comes out on padding is of no use.

    On the CPU a row at a time, for valid frames alone and without a mask, which is faster than PyTorch's fused
    attention.
    """
    is_rows = query.device.type == "cpu" and can_prepack(_product_dtype(query)) and not torch.is_grad_enabled()
    if is_rows and (mask.chunk is None or mask.chunk >= MIN_CHUNK):
        return attend_by_rows(query, key, value, mask)
    return attend_under_mask(query, key, value, mask)


def attend_under_mask(query: Tensor, key: Tensor, value: Tensor, mask: AttentionMask) -> Tensor:
    """All rows and heads at once."""
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask.allowed)


def attend_by_rows(query: Tensor, key: Tensor, value: Tensor, mask: AttentionMask) -> Tensor:
    """Each row by itself; zero on padding."""
    dtype = _product_dtype(query)
    num_rows, num_heads, num_frames, width = query.shape
    num_before = key.shape[2] - num_frames
    scale = width**-0.5 / math.log(2)
    queries, keys, values = query.to(dtype).contiguous() * scale, key.to(dtype).contiguous(), value.to(dtype)
    attended = queries.new_empty(num_rows, num_frames, num_heads, width)
    for row, length in enumerate(mask.lengths):
        attended[row, length:] = 0
        for first, last in _spans(length, mask.chunk):
            seen = num_before + last
            unseen = _beyond_chunks(num_before + first, seen, mask.chunk)
            for heads in _taken_together(num_heads, dtype):
                scores = products(queries[row, heads, first:last], keys[row, heads, :seen])
                attended[row, first:last, heads] = _mixed(scores, values[row, heads, :seen], unseen).transpose(0, 1)
    return attended.transpose(1, 2)


def _product_dtype(x: Tensor) -> torch.dtype:
    return torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x.dtype


def _mixed(scores: Tensor, values: Tensor, unseen: Sequence[Block]) -> Tensor:
    """Values (H, K, W) weighed by powers of 2 to the scores (H, N, K): (H, N, W).

    Those of `unseen` weigh nothing.

    Powers and their sums take less time than PyTorch's softmax, which is left to scores whose powers leave the range of
    numbers.
    """
    weights = scores.exp2()
    for block in unseen:
        weights[block] = 0
    total = weights.sum(dim=2, keepdim=True)
    least, most = total.aminmax()
    if least > LEAST_TOTAL and most < 1 / LEAST_TOTAL:
        return products(weights, values.mT) / total
    for block in unseen:
        scores[block] = -math.inf
    return products((scores * math.log(2)).softmax(dim=2), values.mT)


def _taken_together(num_heads: int, dtype: torch.dtype) -> Iterator[slice]:
    """Heads; one by one in float32."""
    step = 1 if dtype == torch.float32 else HEADS
    for first in range(0, num_heads, step):
        yield slice(first, min(first + step, num_heads))


def _spans(length: int, chunk: int | None) -> Iterator[tuple[int, int]]:
    """Frames that are taken together: all of them, or some whole chunks."""
    step = max(length, 1) if chunk is None else max(SPAN // chunk, 1) * chunk
    for first in range(0, length, step):
        yield first, min(first + step, length)


def _beyond_chunks(first: int, last: int, chunk: int | None) -> list[Block]:
    """Rows and columns of the scores of frames from `first` to `last` where those of a chunk would see the next one."""
    if chunk is None:
        return []
    return [
        (slice(None), slice(start - first, start - first + chunk), slice(start + chunk, last))
        for start in range(first, last - chunk, chunk)
    ]
