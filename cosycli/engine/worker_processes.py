"""Runs tasks in worker processes, copies of this process that share the memory of its model.

Threads would share Python's lock as well. Only on Linux a process is copied; elsewhere its own threads do the work.
"""

from __future__ import annotations

import ctypes
import gc
import os
import pickle
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing import current_process, get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import torch

AHEAD = 2  # tasks that a worker is given at once, so that it need not wait for the next one
NUM_STANDARD = 3  # stdin, stdout, stderr
PR_SET_PDEATHSIG = 1  # of Linux's prctl.h
OPEN_FILES = Path("/proc/self/fd")

Item = TypeVar("Item")
Result = TypeVar("Result")


def can_fork() -> bool:
    """Whether this process can be copied safely.

    That is on Linux, unless it is a worker itself, and while no other thread runs: the copy of a lock that another
    thread holds would never be free.
    """
    has_fork = sys.platform == "linux" and hasattr(os, "fork")  # elsewhere a copy is not safe to work in
    return has_fork and threading.active_count() == 1 and not current_process().daemon


class _NumberedItem(NamedTuple):
    number: int  # of all tasks that the workers were ever given
    item: Any


class WorkerProcesses(Generic[Item, Result]):
    """Worker processes that are started at once and end with the context.

    Args:
        work: is not pickled; items and results are.
        num_workers: a core for each.
        prepare: called first in each worker.
    """

    def __init__(
        self, work: Callable[[Item], Result], num_workers: int, prepare: Callable[[], None] | None = None
    ) -> None:
        self.num_workers = num_workers
        self._work = work
        self._num_tasks = 0
        self._workers = [_Worker(work, prepare) for _ in range(num_workers)]

    def __enter__(self) -> WorkerProcesses[Item, Result]:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.end()

    def map(self, items: Sequence[Item]) -> Iterator[Result]:
        """What `work` makes of each item, in their order; what it raises is raised here.

        An item whose worker died is given to another worker, or done here where none is left.
        """
        numbers = range(self._num_tasks, self._num_tasks + len(items))
        self._num_tasks = numbers.stop
        waiting = deque(map(_NumberedItem, numbers, items))
        done: dict[int, Result] = {}
        for number, item in zip(numbers, items, strict=True):
            while number not in done and self._workers:
                self._give(waiting)
                done |= self._take(waiting, numbers)
            yield done.pop(number) if number in done else self._work(item)

    def _give(self, waiting: deque[_NumberedItem]) -> None:
        for num_ahead in range(AHEAD):
            for worker in self._workers:
                if waiting and len(worker.given) <= num_ahead:
                    worker.give(waiting.popleft())

    def _take(self, waiting: deque[_NumberedItem], wanted: range) -> dict[int, Result]:
        """Waits for a worker; of tasks that nobody wants any more, an earlier caller's, what comes is dropped."""
        done = {}
        ready = wait([worker.connection for worker in self._workers if worker.given])
        for worker in [worker for worker in self._workers if worker.connection in ready]:
            try:
                number, result, error = worker.take()
            except (EOFError, OSError):
                waiting.extendleft(task for task in reversed(worker.given) if task.number in wanted)
                self._workers.remove(worker)
                worker.end()
                continue
            if error is not None and number in wanted:
                raise error
            if number in wanted:
                done[number] = result
        return done


class _Worker:
    """One worker process, and the tasks that it was given."""

    def __init__(self, work: Callable[[Any], Any], prepare: Callable[[], None] | None) -> None:
        context = get_context("fork")
        self.given: deque[_NumberedItem] = deque()
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(work, prepare, theirs, os.getpid()), daemon=True)
        gc.freeze()  # onnxruntime's sessions, for one, wait for their threads when collected: a worker has none of them
        try:
            self._process.start()
        finally:
            gc.unfreeze()
        theirs.close()

    def give(self, task: _NumberedItem) -> None:
        self.given.append(task)
        with suppress(OSError):  # it has died; `take` will tell
            self.connection.send_bytes(pickle.dumps(task.item))

    def take(self) -> tuple[int, Any, Exception | None]:
        """The number of its first task, and the result or the error that came of it.

        Raises:
            EOFError, OSError: the worker has died.
        """
        result, error = pickle.loads(self.connection.recv_bytes())
        return self.given.popleft().number, result, error

    def end(self) -> None:
        self._process.kill()
        self._process.join()
        self.connection.close()


def _serve(work: Callable[[Any], Any], prepare: Callable[[], None] | None, connection: Connection, parent: int) -> None:
    """What a worker does until it is ended, or its parent ends."""
    _end_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to answer
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _close_all_but(connection)
    torch.set_num_threads(1)
    if prepare is not None:
        prepare()
    while True:
        try:
            item = pickle.loads(connection.recv_bytes())
        except EOFError:  # the parent has ended, and no kernel said so
            return
        try:
            answer = pickle.dumps((work(item), None))
        except Exception as error:  # whatever it is, it is the parent's to raise
            answer = pickle.dumps((None, error))
        connection.send_bytes(answer)


def _end_with(parent: int) -> None:
    """Has the kernel end this process with its parent, where it can."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit()


def _close_all_but(connection: Connection) -> None:
    """Files and pipes that the parent has open, which would stay open when it closes them."""
    try:  # a container may allow a billion of them, so only those that are listed are closed
        listed = [int(path.name) for path in OPEN_FILES.iterdir()]
    except OSError:
        return
    for opened in listed:
        if opened >= NUM_STANDARD and opened != connection.fileno():
            with suppress(OSError):  # what listed them is closed by now
                os.close(opened)
