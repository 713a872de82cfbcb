"""Which frames are valid, and which frames may attend to which.

Shapes: B batch, M frames.
"""

from __future__ import annotations

from enum import Enum

import torch
from torch import Tensor


class FlowMask(Enum):
    """The four masks of CosyVoice 2 (paper, section 2.4), by how many chunks a frame's own chunk spans."""

    FULL = "full"  # non-causal: every frame sees every frame
    CAUSAL = "causal"  # chunks of one token
    CHUNK = "chunk"  # chunks of M tokens
    DOUBLE_CHUNK = "double-chunk"  # chunks of 2 M tokens

    def chunk_tokens(self, chunk: int) -> int | None:
        """Tokens a chunk when M is `chunk`; None where there are no chunks."""
        return {FlowMask.FULL: None, FlowMask.CAUSAL: 1, FlowMask.CHUNK: chunk, FlowMask.DOUBLE_CHUNK: 2 * chunk}[self]


def frame_mask(lengths: Tensor, num_frames: int) -> Tensor:
    """1 on valid frames, 0 on padding: (B,) -> (B, 1, num_frames) float."""
    return (torch.arange(num_frames, device=lengths.device) < lengths[:, None])[:, None].float()


def attention_mask(lengths: Tensor, num_frames: int, chunk: int | None) -> Tensor | None:
    """What each frame may attend to: (B, 1, M, M) bool, or None where everything may see everything.

    Frame i sees the valid frames before the end of its own chunk. Rows of padding see what a valid row would.
    """
    position = torch.arange(num_frames, device=lengths.device)
    if chunk is None and bool((lengths == num_frames).all()):
        return None
    visible = (position < lengths[:, None])[:, None, None, :]
    if chunk is None:
        return visible.expand(-1, 1, num_frames, -1)
    return visible & (position < (position[:, None] // chunk + 1) * chunk)


def valid_positions(lengths: Tensor | None, size: int, rate: int = 1, extra: int = 0) -> Tensor | None:
    """(B, 1, size) true where a row has positions: its first lengths * rate + extra. None where all are valid."""
    if lengths is None:
        return None
    return (torch.arange(size, device=lengths.device) < (lengths * rate + extra)[:, None])[:, None]


def keep_valid(x: Tensor, valid: Tensor | None) -> Tensor:
    """x with zeros where `valid`, of a shape that goes with it, is false; all of it where that is None."""
    return x if valid is None else x * valid
