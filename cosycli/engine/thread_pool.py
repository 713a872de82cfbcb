"""The cores of a CPU side by side, each with work of its own.

Threads that share each product wait for each other after each of thousands of them, and the longer the more else there
is to do: CosyVoice 2's flow took 1.17 seconds for a second of sound on two Zen 5 cores that way. And where they share
the numbers of a row, they round some of them otherwise, by how many threads there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from typing import TypeVar

import torch

__all__ = ["ThreadPool", "num_active_threads", "num_cores"]

Item = TypeVar("Item")
Result = TypeVar("Result")

_active_threads = ContextVar("_active_threads", default=1)


def num_active_threads() -> int:
    """How many threads of a pool there are beside and with the one that asks: 1 outside of `ThreadPool.map`."""
    return _active_threads.get()


def num_cores(device: torch.device) -> int:
    """As many as PyTorch may use, or one where the work is done elsewhere."""
    return torch.get_num_threads() if device.type == "cpu" else 1


class ThreadPool:
    """Threads with a core each; for another device than the CPU, the thread that asks.

    Args:
        count: how many at most.
    """

    def __init__(self, device: torch.device, count: int) -> None:
        self.count = count
        self._has_threads = device.type == "cpu"

    def map(self, work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """What `work` makes of each item, in their order; begun in their order too."""
        if not self._has_threads:
            return [work(item) for item in items]
        count = max(1, min(self.count, len(items)))
        with ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(1,)) as threads:
            started = [threads.submit(copy_context().run, _work_in_thread, count, work, item) for item in items]
            try:
                return [result.result() for result in started]
            finally:
                for waiting in started:
                    waiting.cancel()


def _work_in_thread(count: int, work: Callable[[Item], Result], item: Item) -> Result:
    _active_threads.set(count)
    return work(item)
