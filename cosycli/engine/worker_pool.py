"""Worker processes, one on each core, that work side by side on what one process would do one after the other.

They share the memory of the model. Threads would share Python's lock as well, and those that share each product wait
for each other: ten minutes of the built-in model were spoken at 26 times real time by two threads, and at 32 by two
processes (two Zen 5 cores).
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing import current_process, get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch

__all__ = ["can_fork", "map_in_workers"]

AHEAD = 2  # items that a worker is given at once, so that it need not wait for the next one
NUM_STANDARD = 3  # stdin, stdout, stderr
PR_SET_PDEATHSIG = 1  # of Linux's prctl.h

Item = TypeVar("Item")
Result = TypeVar("Result")


def can_fork() -> bool:
    """Whether this process can be copied: on Linux, by its main thread, unless it is a worker itself."""
    is_main = threading.current_thread() is threading.main_thread()
    return sys.platform == "linux" and is_main and not current_process().daemon


def map_in_workers(work: Callable[[Item], Result], items: Sequence[Item], size: int) -> Iterator[Result]:
    """What `work` makes of each item, in their order; an item whose worker died is given to another, or done here.

    Args:
        work: is not pickled; what it makes is. What it raises is raised here.
        size: workers.
    """
    workers = [_Worker(work, items) for _ in range(size)]
    waiting = deque(range(len(items)))
    done: dict[int, Result] = {}
    try:
        for number in range(len(items)):
            while number not in done:
                if workers:
                    _give(workers, waiting)
                    done |= _take(workers, waiting)
                else:
                    waiting.remove(number)
                    done[number] = work(items[number])
            yield done.pop(number)
    finally:
        for worker in workers:
            worker.end()


def _give(workers: Sequence[_Worker[Any]], waiting: deque[int]) -> None:
    for num_ahead in range(AHEAD):
        for worker in workers:
            if waiting and len(worker.given) <= num_ahead:
                worker.give(waiting.popleft())


def _take(workers: list[_Worker[Result]], waiting: deque[int]) -> dict[int, Result]:
    """Waits for a worker; what one that died had been given is waiting again."""
    done = {}
    ready = wait([worker.connection for worker in workers if worker.given])
    for worker in [worker for worker in workers if worker.connection in ready]:
        try:
            number, result = worker.take()
            done[number] = result
        except (EOFError, OSError):
            waiting.extendleft(reversed(worker.given))
            workers.remove(worker)
            worker.end()
    return done


class _Worker(Generic[Result]):
    """One worker process, and the numbers of the items that it was given."""

    def __init__(self, work: Callable[[Item], Result], items: Sequence[Item]) -> None:
        context = get_context("fork")
        self.given: deque[int] = deque()
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(work, items, theirs, os.getpid()), daemon=True)
        gc.freeze()  # onnxruntime's sessions, for one, wait for their threads when collected: a worker has none of them
        try:
            self._process.start()
        finally:
            gc.unfreeze()
        theirs.close()

    def give(self, number: int) -> None:
        self.given.append(number)
        with suppress(OSError):  # it has died; `take` will tell
            self.connection.send(number)

    def take(self) -> tuple[int, Result]:
        """Raises: EOFError, OSError: the worker has died."""
        result, error = self.connection.recv()
        if error is not None:
            raise error
        return self.given.popleft(), result

    def end(self) -> None:
        self._process.kill()
        self._process.join()
        self.connection.close()


def _serve(work: Callable[[Item], Result], items: Sequence[Item], connection: Connection, parent: int) -> None:
    """What a worker does until it is ended, or its parent ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to answer
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _close_all_but(connection)
    torch.set_num_threads(1)
    while True:
        number = connection.recv()
        try:
            answer = work(items[number]), None
        except Exception as error:  # whatever it is, it is the parent's to raise
            connection.send((None, error))
        else:
            connection.send(answer)


def _close_all_but(connection: Connection) -> None:
    """Files and pipes that the parent has open, which would stay open when it closes them."""
    listed = [int(path.name) for path in Path("/proc/self/fd").iterdir()]  # a container may allow a billion to try
    for opened in listed:
        if opened >= NUM_STANDARD and opened != connection.fileno():
            with suppress(OSError):  # what listed them is closed by now
                os.close(opened)
