"""Group norm that padding does not disturb.

Shapes: B batch, C channels, M frames, G groups.
"""

from __future__ import annotations

from torch import Tensor, nn

__all__ = ["FrameGroupNorm"]


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
