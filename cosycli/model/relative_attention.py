"""Self-attention whose scores depend on content and distance (Dai et al. 2019, "Transformer-XL", section 3.3).

Shapes: B batch, T positions, D width, H heads, W = D / H; with a cache, Q new positions of P.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cosycli.model.key_value_cache import CacheSlots

__all__ = ["RelativeAttention", "encode_distances", "relative_positions"]


def relative_positions(num_frames: int, width: int, like: Tensor) -> Tensor:
    """Sinusoids of the distances T - 1 down to -(T - 1): (2 T - 1, D)."""
    return encode_distances(torch.arange(num_frames - 1, -num_frames, -1, device=like.device), width).to(like.dtype)


def encode_distances(distances: Tensor, width: int) -> Tensor:
    """Sinusoids of distances between positions: (T,) -> (T, D)."""
    rate = torch.exp(torch.arange(0, width, 2, device=distances.device) * (-math.log(10000.0) / width))
    angle = distances[:, None].float() * rate
    return torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)


class RelativeAttention(nn.Module):
    """Parameter names are those of the published checkpoints."""

    def __init__(self, width: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads, self.head_width = num_heads, width // num_heads
        self.linear_q = nn.Linear(width, width)
        self.linear_k = nn.Linear(width, width)
        self.linear_v = nn.Linear(width, width)
        self.linear_out = nn.Linear(width, width)
        self.linear_pos = nn.Linear(width, width, bias=False)
        self.pos_bias_u = nn.Parameter(torch.zeros(num_heads, self.head_width))
        self.pos_bias_v = nn.Parameter(torch.zeros(num_heads, self.head_width))

    def forward(self, x: Tensor, positions: Tensor, mask: Tensor | None) -> Tensor:
        """(B, T, D), (2 T - 1, D), (B, 1, T, T) -> (B, T, D)."""
        query, key, value = (self._heads(linear(x)) for linear in (self.linear_q, self.linear_k, self.linear_v))
        by_distance = _shift((query + self.pos_bias_v[:, None]) @ self.project(positions).transpose(1, 2))
        by_distance = by_distance / math.sqrt(self.head_width)
        if mask is not None:
            by_distance = by_distance.masked_fill(~mask, -math.inf)
        return self._mix(query, key, value, by_distance)

    def attend(self, x: Tensor, layer: int, slots: CacheSlots, distances: Tensor) -> Tensor:
        """What `forward` gives for new positions alone, causally, with earlier keys and values out of a cache.

        Args:
            x: (B, Q, D).
            layer, slots: where in the cache.
            distances: (H, P, W) the distances 0 to P - 1, projected.

        Returns:
            (B, Q, D)
        """
        query, key, value = (self._heads(linear(x)) for linear in (self.linear_q, self.linear_k, self.linear_v))
        keys, values = slots.update(key, value, layer)
        scores = (query + self.pos_bias_v[:, None]) @ distances.transpose(1, 2)
        distance = (slots.positions[:, :, None] - torch.arange(keys.shape[2], device=x.device)).clamp(min=0)
        by_distance = scores.gather(3, distance[:, None].expand_as(scores)) / math.sqrt(self.head_width)
        return self._mix(query, keys, values, by_distance + slots.mask)

    def project(self, positions: Tensor) -> Tensor:
        """Sinusoids (T, D) as keys (H, T, W)."""
        return self._heads(self.linear_pos(positions)[None])[0]

    def _mix(self, query: Tensor, key: Tensor, value: Tensor, by_distance: Tensor) -> Tensor:
        content = query + self.pos_bias_u[:, None]
        mixed = F.scaled_dot_product_attention(
            content.to(value.dtype), key, value, attn_mask=by_distance.to(value.dtype)
        )
        return self.linear_out(mixed.transpose(1, 2).flatten(2))

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(2, (self.num_heads, self.head_width)).transpose(1, 2)


def _shift(scores: Tensor) -> Tensor:
    """From columns by distance T - 1 … -(T - 1) to columns by key: (B, H, T, 2 T - 1) -> (B, H, T, T).

    Row i wants columns T - 1 - i onwards. Padding each row by one and reading the memory with rows one shorter
    moves row i left by i (Dai et al. 2019, appendix B).
    """
    batch, heads, num_rows, num_columns = scores.shape
    padded = F.pad(scores, (1, 0)).view(batch, heads, num_columns + 1, num_rows)
    return padded[:, :, 1:].reshape(batch, heads, num_rows, num_columns)[..., :num_rows]
