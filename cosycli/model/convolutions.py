"""Convolutions that see the past only, or a little ahead.

Shapes: B batch, D channels, L positions.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["AheadConv", "CausalConv", "CausalDownsampling", "CausalUpsampling"]


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
