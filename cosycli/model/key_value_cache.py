"""The keys and values of running sequences, one row each, in memory laid out beforehand.

It takes the place of transformers' caches, which cannot let a row leave or join while the others go on.
B rows, P positions, Q new positions, H key-value heads, W width of a head.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

__all__ = ["CacheShape", "KeyValueCache", "Place"]

_GROWTH = 256  # positions added at a time: ten seconds of speech


@dataclass(frozen=True)
class CacheShape:
    """How much there is to remember of one position."""

    num_layers: int
    num_heads: int
    head_width: int

    @property
    def num_values(self) -> int:
        """Numbers that are kept of one position."""
        return 2 * self.num_layers * self.num_heads * self.head_width


class KeyValueCache:
    """Rows 0 to `num_rows` - 1 are in use; the row that leaves is replaced by the last one.

    Args:
        shape: of the backbone whose keys and values are held.
        max_rows: the most sequences that run at once.
        like: a tensor of the model, for device and precision.
    """

    def __init__(self, shape: CacheShape, max_rows: int, like: Tensor) -> None:
        self.num_rows = 0
        # (layer, key or value, B, H, P, W)
        size = (shape.num_layers, 2, max_rows, shape.num_heads, _GROWTH, shape.head_width)
        self._memory = torch.zeros(size, dtype=like.dtype, device=like.device)
        self._lengths = torch.zeros(max_rows, dtype=torch.long, device=like.device)

    def new_row(self, length: int) -> Place:
        """A fresh last row, and the place in it of the first `length` positions of a sequence."""
        row = self.num_rows
        self.num_rows += 1
        self._reserve(length)
        self._lengths[row] = length
        positions = torch.arange(length, device=self._lengths.device)[None]
        return self._place(slice(row, row + 1), positions, longest=length)

    def next_positions(self, count: int = 1) -> Place:
        """The place of `count` more positions at the end of every row."""
        positions = self._lengths[: self.num_rows, None] + torch.arange(count, device=self._lengths.device)
        self._lengths[: self.num_rows] += count
        longest = int(self._lengths[: self.num_rows].max())
        self._reserve(longest)
        return self._place(slice(0, self.num_rows), positions, longest)

    def remove_row(self, row: int) -> None:
        """Ends a sequence; the last row takes its number."""
        self.num_rows -= 1
        length = self._lengths[self.num_rows].clone()
        self._memory[:, :, row, :, :length] = self._memory[:, :, self.num_rows, :, :length]
        self._lengths[row] = length

    def _place(self, rows: slice, positions: Tensor, longest: int) -> Place:
        seen = torch.arange(longest, device=positions.device) <= positions[..., None]
        mask = torch.zeros(seen.shape, dtype=self._memory.dtype, device=seen.device)
        return Place(self._memory[:, :, rows, :, :longest], positions, mask.masked_fill_(~seen, float("-inf"))[:, None])

    def _reserve(self, length: int) -> None:
        missing = length - self._memory.shape[4]
        if missing > 0:
            more = _GROWTH * -(-missing // _GROWTH)
            self._memory = torch.nn.functional.pad(self._memory, (0, 0, 0, more))


class Place:
    """Where the next positions of some rows go; transformers' attention layers use it as their cache.

    Attributes:
        positions: (B, Q) of the Q new positions.
        mask: (B, 1, Q, P), added to attention scores: each new position sees itself and what is before it.
    """

    def __init__(self, memory: Tensor, positions: Tensor, mask: Tensor) -> None:
        self._memory = memory
        self._rows = torch.arange(positions.shape[0], device=positions.device)[:, None]
        self.positions = positions
        self.mask = mask

    def update(self, key: Tensor, value: Tensor, layer: int, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        """Stores the new keys and values (B, H, Q, W) of a layer; returns all of them (B, H, P, W)."""
        keys, values = self._memory[layer]
        keys[self._rows, :, self.positions] = key.transpose(1, 2)
        values[self._rows, :, self.positions] = value.transpose(1, 2)
        return keys, values
