"""Runs work in threads: batches that overlap on CUDA, and independent parts on the cores of a CPU.

On CUDA the language model decodes the next batch while flow and vocoder finish this one. Each batch is worked at in a
thread, and each stage works for one of them at a time, on a stream of its own: what is on different streams runs side
by side. Metal has one queue for all, and PyTorch crashes where two threads fill it (its issue 197805).

On a CPU each core has work of its own. Threads that share each product wait for each other after each of thousands of
them; and where they share the numbers of a row, they round some of them otherwise, by how many threads there are.
"""

from __future__ import annotations

import threading
from bisect import insort
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from typing import TypeVar

import torch

AT_ONCE = 2  # items under way: one for the language model, and one for flow and vocoder

Item = TypeVar("Item")
Result = TypeVar("Result")

_active_threads = ContextVar("_active_threads", default=1)


class Cancelled(Exception):  # noqa: N818 nothing went wrong
    """The result of this work is not wanted any more."""


@dataclass(frozen=True, eq=False)
class _OverlappedItem:
    """What a thread works at: its number among the items, and whether its result is wanted no more."""

    number: int = 0
    is_cancelled: threading.Event = field(default_factory=threading.Event)


_current_task = ContextVar("_current_task", default=_OverlappedItem())  # noqa: B039 the one outside of `overlapped` is never cancelled


def can_overlap(device: torch.device) -> bool:
    """Whether stages can work side by side on a device."""
    return device.type == "cuda"


def overlapped(work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """The result of `work` for each item, in their order; `AT_ONCE` of them are worked at, each in a thread.

    At most so many are begun or done beyond those that the caller has taken. When the caller closes the iterator, no
    other is begun, and those under way end with `Cancelled` where they next take a lock or yield it.

    Args:
        work: what it raises is raised here.
    """
    is_cancelled = threading.Event()
    begun: deque[Future[Result]] = deque()
    threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="overlapped")
    try:
        for number, item in enumerate(items):
            task = _OverlappedItem(number, is_cancelled)
            begun.append(threads.submit(copy_context().run, _run_task, task, work, item))
            if len(begun) > AT_ONCE:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        is_cancelled.set()
        threads.shutdown(wait=False, cancel_futures=True)


def _run_task(task: _OverlappedItem, work: Callable[[Item], Result], item: Item) -> Result:
    _current_task.set(task)
    return work(item)


class PriorityLock:
    """A lock that goes to the waiting thread with the earliest item.

    On CUDA what is done under it runs on a stream of its own, after all that the thread has asked for before. Other
    streams do not wait for this one: what leaves a lock lies in the memory of the host, or is used under this
    `PriorityLock` alone.
    """

    def __init__(self, device: torch.device) -> None:
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None
        self._changed = threading.Condition()
        self._holder: _OverlappedItem | None = None
        self._waiting: list[int] = []

    @contextmanager
    def held(self) -> Iterator[None]:
        """Raises: Cancelled: the result of the thread's work is not wanted any more."""
        task = _current_task.get()
        self._take(task)
        try:
            _raise_if_cancelled(task)
            with self._on_its_stream():
                yield
        finally:
            self._leave()

    def yield_to_earlier(self) -> None:
        """Lets earlier items go first, while it is held; otherwise, does nothing.

        Raises:
            Cancelled: the result of the thread's work is not wanted any more.
        """
        task = _current_task.get()
        _raise_if_cancelled(task)
        if self._holder is task and any(number < task.number for number in self._waiting):
            self._leave()
            self._take(task)

    def _take(self, task: _OverlappedItem) -> None:
        with self._changed:
            insort(self._waiting, task.number)
            try:
                self._changed.wait_for(lambda: self._holder is None and self._waiting[0] == task.number)
            finally:
                self._waiting.remove(task.number)
            self._holder = task

    def _leave(self) -> None:
        with self._changed:
            self._holder = None
            self._changed.notify_all()

    def _on_its_stream(self) -> AbstractContextManager[object]:
        if self._stream is None:
            return nullcontext()
        self._stream.wait_stream(torch.cuda.current_stream(self._stream.device))
        return torch.cuda.stream(self._stream)


def _raise_if_cancelled(task: _OverlappedItem) -> None:
    if task.is_cancelled.is_set():
        raise Cancelled


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
