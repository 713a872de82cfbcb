"""Convolutions that see the past only, or a little ahead.

Shapes: B batch, D channels, L positions, K kernel size.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from cosycli.model.streaming_state import StreamingState

__all__ = ["AheadConv", "CausalConv", "CausalDownsampling", "CausalUpsampling", "FrameConv", "surrounded"]


class CausalConv(nn.Conv1d):
    """Sees only the past; keeps the length."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, D, L) -> (B, D', L)."""
        return super().forward(F.pad(x, (self.dilation[0] * (self.kernel_size[0] - 1), 0)))


class AheadConv(nn.Conv1d):
    """Sees only the present and the future; keeps the length."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, D, L) -> (B, D', L)."""
        return super().forward(F.pad(x, (0, self.kernel_size[0] - 1)))


class CausalUpsampling(CausalConv):
    """Every position becomes `rate` positions, smoothed over the past."""

    def __init__(self, width_in: int, width_out: int, kernel: int, rate: int) -> None:
        super().__init__(width_in, width_out, kernel)
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """(B, D, L) -> (B, D', rate · L)."""
        return super().forward(x.repeat_interleave(self.rate, dim=2))


class CausalDownsampling(nn.Conv1d):
    """Every `stride`-th position, seen with what is less than a stride before and up to a stride after it."""

    def __init__(self, width_in: int, width_out: int, stride: int) -> None:
        super().__init__(width_in, width_out, 2 * stride, stride)

    def forward(self, x: Tensor) -> Tensor:
        """(B, D, L) -> (B, D', (L - 1) // stride)."""
        return super().forward(F.pad(x, (self.stride[0] - 1, 0)))


class FrameConv(nn.Conv1d):
    """Over positions whose channels lie together, as linear layers have them; keeps the length.

    Args:
        behind, ahead: positions that it sees before and after each one.
    """

    def __init__(self, width_in: int, width_out: int, *, behind: int = 0, ahead: int = 0) -> None:
        super().__init__(width_in, width_out, behind + 1 + ahead)
        self.behind, self.ahead = behind, ahead

    def forward(self, x: Tensor, state: StreamingState | None = None) -> Tensor:
        """(B, L, D) -> (B, L, D')."""
        return super().forward(surrounded(x, self.behind, self.ahead, state).transpose(1, 2)).transpose(1, 2)


def surrounded(x: Tensor, behind: int, ahead: int, state: StreamingState | None) -> Tensor:
    """x with what went before it, or zeros, and zeros after it: (B, L, D) -> (B, behind + L + ahead, D)."""
    if state is None or not behind:
        return F.pad(x, (0, 0, behind, ahead))
    return F.pad(state.join(x, behind), (0, 0, 0, ahead))
