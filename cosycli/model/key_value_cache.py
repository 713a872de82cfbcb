"""The keys and values of running sequences, one row each, in memory laid out beforehand.

It takes the place of transformers' caches, which cannot let a row leave or join while the others go on.
B rows, P positions, Q new positions, H key-value heads, W width of a head.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

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
    """Rows 0 to `num_sequences` - 1 are in use; the row that leaves is replaced by the last one.

    Args:
        shape: of the backbone whose keys and values are held.
        max_sequences: the most sequences that run at once.
        like: a tensor of the model, for device and precision.
        has_fixed_shapes: a step is of all rows, in use or not, and its positions are a multiple of `_GROWTH`, so that
            one step is like the next; else it is of the rows in use, and of the positions that they fill. None for
            fixed ones on CUDA, where steps are recorded.
    """

    def __init__(
        self, shape: CacheShape, max_sequences: int, like: Tensor, has_fixed_shapes: bool | None = None
    ) -> None:
        self.num_sequences = 0
        self.max_sequences = max_sequences
        self.has_fixed_shapes = like.device.type == "cuda" if has_fixed_shapes is None else has_fixed_shapes
        # (layer, key or value, B, H, P, W)
        size = (shape.num_layers, 2, max_sequences, shape.num_heads, _GROWTH, shape.head_width)
        self._memory = torch.zeros(size, dtype=like.dtype, device=like.device)
        self._lengths = torch.zeros(max_sequences, dtype=torch.long, device=like.device)
        # So that the device need not be asked for the longest row: its length when it came, less what all had gained.
        self._starts: list[int] = []
        self._num_gained = 0
        self._num_positions = 0

    @property
    def device(self) -> torch.device:
        return self._memory.device

    @property
    def extent(self) -> tuple[int, int]:
        """What the next step is like: positions that it sees, of positions that there is memory for."""
        return self._num_positions, self._memory.shape[4]

    def allocate(self, lengths: Sequence[int]) -> CacheSlots:
        """Fresh last rows for the beginnings, of so many positions, of some sequences.

        Returns:
            The slots of as many positions in each row as the longest has; what lies past a row's own is never seen.
        """
        rows, longest = slice(self.num_sequences, self.num_sequences + len(lengths)), max(lengths)
        self._grow_to(longest)
        self._lengths[rows] = torch.tensor(lengths, device=self.device)
        self._starts += [length - self._num_gained for length in lengths]
        self.num_sequences = rows.stop
        positions = torch.arange(longest, device=self.device).expand(len(lengths), -1)
        return CacheSlots(self._memory, rows, positions, longest)

    def reserve(self, count: int = 1) -> None:
        """Lets every row have `count` positions more, whose slots are then `next_slots`."""
        self._num_gained += count
        longest = self._num_gained + max(self._starts)
        self._num_positions = _rounded_up(longest) if self.has_fixed_shapes else longest
        self._grow_to(self._num_positions)

    def next_slots(self, count: int = 1) -> CacheSlots:
        """The slots of `count` positions at the end of every row, once there is room; nothing is asked of the host."""
        rows = slice(0, self.max_sequences if self.has_fixed_shapes else self.num_sequences)
        positions = self._lengths[rows, None] + torch.arange(count, device=self.device)
        self._lengths[rows] += count
        if self.has_fixed_shapes:
            positions.clamp_(max=self._num_positions - 1)  # of rows that are not in use
        return CacheSlots(self._memory, rows, positions, self._num_positions)

    def remove(self, row: int) -> None:
        """Ends a sequence; the last row takes its number."""
        self.num_sequences -= 1
        last, length = self.num_sequences, self._starts[self.num_sequences] + self._num_gained
        self._memory[:, :, row, :, :length] = self._memory[:, :, last, :, :length]
        self._lengths[row] = length
        self._lengths[last] = 0
        self._starts[row] = self._starts[last]
        self._starts.pop()

    def _grow_to(self, length: int) -> None:
        missing = _rounded_up(length) - self._memory.shape[4]
        if missing > 0:
            self._memory = torch.nn.functional.pad(self._memory, (0, 0, 0, missing))


def _rounded_up(length: int) -> int:
    return _GROWTH * -(-length // _GROWTH)


class CacheSlots:
    """Where the next positions of some rows go; attention layers use it as their cache.

    Args:
        memory: (layer, key or value, B of all rows, H, P of all positions, W).
        num_seen: positions P that the new ones may see.

    Attributes:
        positions: (B, Q) of the Q new positions.
        mask: (B, 1, Q, P), added to attention scores: each new position sees itself and what is before it.
    """

    def __init__(self, memory: Tensor, rows: slice, positions: Tensor, num_seen: int) -> None:
        num_heads, num_positions, width = memory.shape[3:]
        self._seen = memory[:, :, rows, :, :num_seen]
        self._vectors = memory.view(*memory.shape[:2], -1, width)
        heads = torch.arange(rows.start * num_heads, rows.stop * num_heads, device=positions.device)
        first = (heads * num_positions).view(-1, num_heads, 1)  # of each row and head among all vectors
        self._targets = (first + positions[:, None]).flatten()
        self.positions = positions
        unseen = torch.arange(num_seen, device=positions.device) > positions[..., None]
        mask = torch.zeros(unseen.shape, dtype=memory.dtype, device=unseen.device)
        self.mask = mask.masked_fill_(unseen, float("-inf"))[:, None]

    def update(self, key: Tensor, value: Tensor, layer: int) -> tuple[Tensor, Tensor]:
        """Stores the new keys and values (B, H, Q, W) of a layer; returns all of them (B, H, P, W)."""
        for vectors, new in zip(self._vectors[layer], (key, value), strict=True):
            vectors.index_copy_(0, self._targets, new.reshape(-1, new.shape[3]))
        keys, values = self._seen[layer]
        return keys, values
