"""What a network's layers saw of earlier frames, so that later ones can be worked out alone.

Where no frame sees a later one, as beyond the end of a whole chunk under the chunk masks, that gives what all frames
together give, within rounding (the caches of transformers, here for convolutions as well).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["StreamingState"]


class StreamingState:
    """Of one run of a network, whose layers look back in the same order in each.

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
