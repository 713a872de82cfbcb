"""Batches that overlap: the language model decodes the next one while flow and vocoder finish this one.

Each batch is worked at in a thread, and each stage works for one of them at a time. On CUDA it does so on a stream of
its own: what is on different streams runs side by side. Metal has one queue for all, and PyTorch crashes where two
threads fill it (its issue 197805); and a CPU has no core to spare for another batch.
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

__all__ = ["AT_ONCE", "Cancelled", "PriorityLock", "can_overlap", "overlapped"]

AT_ONCE = 2  # items under way: one for the language model, and one for flow and vocoder

Item = TypeVar("Item")
Result = TypeVar("Result")


class Cancelled(Exception):  # noqa: N818 nothing is wrong with the one who worked
    """What was worked at is of no use any more."""


@dataclass(frozen=True, eq=False)
class _Task:
    """What a thread works at: its number among the items, and whether its result is wanted no more."""

    number: int = 0
    is_cancelled: threading.Event = field(default_factory=threading.Event)


_current_task = ContextVar("_current_task", default=_Task())  # noqa: B039 the one outside of `overlapped` is never cancelled


def can_overlap(device: torch.device) -> bool:
    """Whether stages can work side by side on a device."""
    return device.type == "cuda"


def overlapped(work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """What `work` makes of each item, in their order; `AT_ONCE` of them are worked at, each in a thread.

    No more than that are begun or done beyond those that the caller has taken. Where it goes away, no other is begun,
    and those under way end with `Cancelled` where they next take a lock or yield it; nobody waits for them.

    Args:
        work: what it raises is raised here.
    """
    is_cancelled = threading.Event()
    begun: deque[Future[Result]] = deque()
    threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="overlapped")
    try:
        for number, item in enumerate(items):
            task = _Task(number, is_cancelled)
            begun.append(threads.submit(copy_context().run, _run_task, task, work, item))
            if len(begun) > AT_ONCE:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        is_cancelled.set()
        threads.shutdown(wait=False, cancel_futures=True)


def _run_task(task: _Task, work: Callable[[Item], Result], item: Item) -> Result:
    _current_task.set(task)
    return work(item)


class PriorityLock:
    """A lock that of the threads waiting for it the one with the earliest item takes next.

    On CUDA what is done under it runs on a stream of its own, after all that the thread has asked for before. Other
    streams do not wait for this one: what leaves a lock lies in the memory of the host, or is used under this
    `PriorityLock` alone.
    """

    def __init__(self, device: torch.device) -> None:
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None
        self._changed = threading.Condition()
        self._holder: _Task | None = None
        self._waiting: list[int] = []

    @contextmanager
    def held(self) -> Iterator[None]:
        """Raises: Cancelled: nobody waits for what the thread works at."""
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
            Cancelled: nobody waits for what the thread works at.
        """
        task = _current_task.get()
        _raise_if_cancelled(task)
        if self._holder is task and any(number < task.number for number in self._waiting):
            self._leave()
            self._take(task)

    def _take(self, task: _Task) -> None:
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


def _raise_if_cancelled(task: _Task) -> None:
    if task.is_cancelled.is_set():
        raise Cancelled
