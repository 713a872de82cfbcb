"""Work divided so that it fits into memory; how it is divided changes nothing in what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch

from cosycli.errors import MissingError

__all__ = ["MemoryBudget", "OutOfMemoryError", "says_out_of_memory"]

# By PyTorch's allocator for the CPU, by Metal and CUDA, by cuBLAS.
SAID_OUT_OF_MEMORY = ("can't allocate memory", "out of memory", "STATUS_ALLOC_FAILED")

Result = TypeVar("Result")


class OutOfMemoryError(MissingError):
    """Memory has run out, and what was to be done cannot be divided."""

    def __init__(self, purpose: str = "a single segment") -> None:
        super().__init__(
            f"There is not enough memory for {purpose}.",
            "End other programs, or take a smaller model: `cosy models list` shows how large they are.",
        )


class MemoryBudget:
    """Bytes for work of one kind; fewer once what should have fitted did not."""

    def __init__(self, num_bytes: int) -> None:
        self.num_bytes = num_bytes

    def fill(self, work: Callable[[int], Result], num_items: int, item_bytes: int) -> Result:
        """`work`, told how many items to take at once: as many as fit, half of them where memory runs out, and so on.

        Args:
            work: begins anew each time.
            item_bytes: of each, padding included.

        Raises:
            OutOfMemoryError: not even one fits.
        """
        together = max(1, min(num_items, self.num_bytes // item_bytes))
        while True:
            try:
                return work(together)
            except (MemoryError, RuntimeError) as error:
                if not says_out_of_memory(error):
                    raise
                if together == 1:
                    raise OutOfMemoryError from None
            torch.cuda.empty_cache()
            together //= 2
            self.num_bytes = min(self.num_bytes, together * item_bytes)


def says_out_of_memory(error: Exception) -> bool:
    """Whether that is what went wrong: not every accelerator and allocator has a type of its own for it."""
    has_type = isinstance(error, (MemoryError, torch.OutOfMemoryError))
    return has_type or any(words in str(error) for words in SAID_OUT_OF_MEMORY)
