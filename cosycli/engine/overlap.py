"""Waves that overlap: the language model speaks the next one while flow and vocoder finish this one.

Each wave is worked at in a thread, and each stage works for one of them at a time. On CUDA it does so on a stream of
its own: what is on different streams runs side by side. Metal has one queue for all, and PyTorch crashes where two
threads fill it (its issue 197805); and a CPU has no core to spare for another wave.
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

__all__ = ["AT_ONCE", "Abandoned", "Turn", "can_overlap", "overlapped"]

AT_ONCE = 2  # items under way: one for the language model, and one for flow and vocoder

Item = TypeVar("Item")
Result = TypeVar("Result")


class Abandoned(Exception):  # noqa: N818 nothing is wrong with the one who worked
    """What was worked at is of no use any more."""


@dataclass(frozen=True, eq=False)
class _Errand:
    """What a thread works at: its number among the items, and whether its result is wanted no more."""

    number: int = 0
    is_abandoned: threading.Event = field(default_factory=threading.Event)


_errand = ContextVar("_errand", default=_Errand())  # noqa: B039 the one outside of `overlapped` is never abandoned


def can_overlap(device: torch.device) -> bool:
    """Whether stages can work side by side on a device."""
    return device.type == "cuda"


def overlapped(work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """What `work` makes of each item, in their order; `AT_ONCE` of them are worked at, each in a thread.

    No more than that are begun or done beyond those that the caller has taken. Where it goes away, no other is begun,
    and those under way end with `Abandoned` where they next take a turn or give way in it; nobody waits for them.

    Args:
        work: what it raises is raised here.
    """
    is_abandoned = threading.Event()
    begun: deque[Future[Result]] = deque()
    threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="overlapped")
    try:
        for number, item in enumerate(items):
            errand = _Errand(number, is_abandoned)
            begun.append(threads.submit(copy_context().run, _run_errand, errand, work, item))
            if len(begun) > AT_ONCE:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        is_abandoned.set()
        threads.shutdown(wait=False, cancel_futures=True)


def _run_errand(errand: _Errand, work: Callable[[Item], Result], item: Item) -> Result:
    _errand.set(errand)
    return work(item)


class Turn:
    """What one thread at a time may do; of those that wait, the one with the earliest item comes next.

    On CUDA it is done on a stream of its own, after all that the thread has asked for before. Other streams do not wait
    for this one: what leaves a turn lies in the memory of the host, or is used in other turns of this `Turn` alone.
    """

    def __init__(self, device: torch.device) -> None:
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None
        self._changed = threading.Condition()
        self._holder: _Errand | None = None
        self._waiting: list[int] = []

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Raises: Abandoned: nobody waits for what the thread works at."""
        errand = _errand.get()
        self._take(errand)
        try:
            _stop_if_abandoned(errand)
            with self._on_its_stream():
                yield
        finally:
            self._leave()

    def give_way(self) -> None:
        """Lets earlier items go first, in the middle of a turn; outside of one, does nothing.

        Raises:
            Abandoned: nobody waits for what the thread works at.
        """
        errand = _errand.get()
        _stop_if_abandoned(errand)
        if self._holder is errand and any(number < errand.number for number in self._waiting):
            self._leave()
            self._take(errand)

    def _take(self, errand: _Errand) -> None:
        with self._changed:
            insort(self._waiting, errand.number)
            try:
                self._changed.wait_for(lambda: self._holder is None and self._waiting[0] == errand.number)
            finally:
                self._waiting.remove(errand.number)
            self._holder = errand

    def _leave(self) -> None:
        with self._changed:
            self._holder = None
            self._changed.notify_all()

    def _on_its_stream(self) -> AbstractContextManager[object]:
        if self._stream is None:
            return nullcontext()
        self._stream.wait_stream(torch.cuda.current_stream(self._stream.device))
        return torch.cuda.stream(self._stream)


def _stop_if_abandoned(errand: _Errand) -> None:
    if errand.is_abandoned.is_set():
        raise Abandoned
