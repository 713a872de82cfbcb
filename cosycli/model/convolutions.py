"""Layers over frames: convolutions that see the past only or a little ahead, their streaming state, and a norm that
padding does not disturb.

Shapes: B batch, D channels, L positions, K kernel size; C channels, M frames, G groups.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class StreamingState:
    """What a network's layers saw of earlier frames, so that later ones can be worked out alone.

    It is of one run of the network, whose layers look back in the same order in each. Where no frame sees a later one,
    as beyond the end of a whole chunk under the chunk masks, that gives what all frames together give, within rounding.

    Attributes:
        num_frames: that went before.
        seen: what the layers saw up to the end of this run, where that is kept.

    Args:
        seen: what the layers saw in the runs before; nothing at the beginning.
        keeps: whether there will be a next run.
    """

    def __init__(self, num_frames: int, seen: Sequence[Tensor], keeps: bool) -> None:
        self.num_frames = num_frames
        self.seen: list[Tensor] = []
        self._earlier = iter(seen) if num_frames else None
        self._keeps = keeps

    def join(self, x: Tensor, behind: int | None = None) -> Tensor:
        """What a layer sees (B, …, L, D) after what it saw before.

        Args:
            behind: positions before it that are wanted, zero where there were none; None for all there were.
        """
        if self._earlier is not None:
            earlier = next(self._earlier)
            rows = earlier[:, None].expand(-1, len(x) // len(earlier), *earlier.shape[1:])
            joined = torch.cat([rows.flatten(0, 1), x], dim=-2)
        else:
            joined = F.pad(x, (0, 0, behind or 0, 0))
        if self._keeps:
            self.seen.append(joined if behind is None else joined[..., -behind:, :].clone())
        return joined


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


class FrameGroupNorm(nn.GroupNorm):
    """Group norm over the channels of a group and all frames (Wu and He 2018), of valid frames alone."""

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:  # type: ignore[override]
        """(B, C, M), (B, 1, M) 1 on valid frames -> (B, C, M)."""
        grouped = x.float().unflatten(1, (self.num_groups, -1))
        share = mask / (mask.sum(dim=2, keepdim=True) * grouped.shape[2])
        weights = share[:, None]  # (B, 1, 1, M): of each number in the mean of its group
        mean = (grouped * weights).sum(dim=(2, 3), keepdim=True)
        variance = ((grouped - mean).square() * weights).sum(dim=(2, 3), keepdim=True)
        normed = ((grouped - mean) * (variance + self.eps).rsqrt()).flatten(1, 2)
        return normed * self.weight[:, None] + self.bias[:, None]
