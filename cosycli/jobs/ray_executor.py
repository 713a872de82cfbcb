"""Takes rendered by worker processes that each hold the model, on this machine or on many, with Ray.

A worker is given a whole batch and gives back its takes, so that no disk need be shared, and what a take sounds like
does not depend on which worker made it. One with a GPU has two batches at a time, whose stages overlap. Where a worker
dies, Ray starts another one, which renders its batches again.
"""

from __future__ import annotations

import logging
import math
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ray
from ray.exceptions import RayActorError, RayTaskError
from ray.util import ActorPool

from cosycli.engine.threads import AT_ONCE
from cosycli.engine.utterance import Take
from cosycli.errors import MissingError, UsageError, counted
from cosycli.jobs.executors import Batch, Load, LocalExecutor

if TYPE_CHECKING:
    from cosycli.engine.synthesizer import Synthesizer

# So often is a batch given to a new worker after the one that had it died. A machine that is taken away kills one
# worker of a batch; a batch that kills all four does not fit into memory.
MAX_RETRIES = 3
ANSWER_S = 10.0  # a machine on another continent answers within one
START_ONE = "Start one with `ray start --head`; it prints its address: --ray-address HOST:PORT"


class _Worker:
    """What runs in a worker process, in a thread for each batch that it has at a time.

    The model is loaded when it is first needed: by a worker that replaces another one, with its first batch.
    """

    def __init__(self, load: Load) -> None:
        self._load = load
        self._loading = threading.Lock()
        self._loaded: Synthesizer | None = None

    def _synthesizer(self) -> Synthesizer:
        with self._loading:
            self._loaded = self._loaded or self._load()
            return self._loaded

    def prepare(self) -> int:
        """The most utterances that are worth rendering together here."""
        return self._synthesizer().max_batch_size

    def render(self, batch: Batch, mask: str) -> list[tuple[str, Take]]:
        return list(LocalExecutor(self._synthesizer()).render([batch], mask))


@dataclass(frozen=True)
class WorkerPool:
    """So many workers, and what each of them has to itself; Ray lets a worker start as many threads as it has CPUs."""

    num_workers: int
    num_cpus: int
    num_gpus: int

    @property
    def batches_at_once(self) -> int:
        """Of a worker."""
        return AT_ONCE if self.num_gpus else 1


class RayExecutor:
    """Batches handed to whichever worker has none, or fewer than it may have at once."""

    def __init__(self, workers: list[Any], max_batch_size: int, batches_at_once: int) -> None:
        self._workers = workers
        self._batches_at_once = batches_at_once
        self.max_batch_size = max_batch_size

    @property
    def num_workers(self) -> int:
        return len(self._workers)

    def batch_size(self, num_utterances: int) -> int:
        return max(1, min(self.max_batch_size, math.ceil(num_utterances / self.num_workers)))

    def render(self, batches: Sequence[Batch], mask: str) -> Iterator[tuple[str, Take]]:
        pool = ActorPool(self._batches_at_once * self._workers)
        with _plain_errors():
            for takes in pool.map_unordered(lambda worker, batch: worker.render.remote(batch, mask), list(batches)):
                yield from takes


@contextmanager
def ray_executor(load: Load, num_workers: int | None, address: str | None, device: str | None) -> Iterator[RayExecutor]:
    """Workers with their models loaded; they end with the context.

    Args:
        num_workers: None for one on each GPU, or on each machine where there is none.
        address: HOST:PORT of a running cluster; None starts one on this machine alone.
        device: what the model is loaded on; "cpu" leaves the GPUs to others.

    Raises:
        UsageError: no cluster answers at the address, or it is too small for so many workers.
        CosyError: what `load` raises.
    """
    with redirect_stdout(sys.stderr):  # Ray says on stdout what becomes of its workers
        _connect(address)
        try:
            nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
            worker_pool = worker_pool_for(nodes, num_workers, on_gpus=device != "cpu")
            workers = _hire(load, worker_pool)
            with _plain_errors():
                sizes = ray.get([worker.prepare.remote() for worker in workers])
            yield RayExecutor(workers, min(sizes), worker_pool.batches_at_once)
        finally:
            ray.shutdown()


def _hire(load: Load, worker_pool: WorkerPool) -> list[Any]:
    actor: Any = ray.remote(_Worker)
    worker = actor.options(
        num_cpus=worker_pool.num_cpus,
        num_gpus=worker_pool.num_gpus,
        max_concurrency=worker_pool.batches_at_once,
        max_restarts=-1,
        max_task_retries=MAX_RETRIES,
    )
    return [worker.remote(load) for _ in range(worker_pool.num_workers)]


def worker_pool_for(nodes: Sequence[Mapping[str, float]], num_workers: int | None, on_gpus: bool) -> WorkerPool:
    """The workers that machines have room for.

    Args:
        nodes: how many "CPU" and "GPU" each machine has.
        num_workers: None for one on each GPU, or on each machine where there is none.
        on_gpus: use the GPUs that there are.

    Raises:
        UsageError: there is no room for so many workers.
    """
    num_gpus = int(sum(node.get("GPU", 0) for node in nodes)) if on_gpus else 0
    wanted = num_workers or num_gpus or len(nodes)
    return WorkerPool(wanted, _cpus_per_worker(nodes, wanted, on_gpus=num_gpus > 0), num_gpus=int(num_gpus > 0))


def _cpus_per_worker(nodes: Sequence[Mapping[str, float]], num_workers: int, on_gpus: bool) -> int:
    """As many as each worker can have, with a GPU to itself or without."""

    def capacity(num_cpus: int) -> int:
        places = (node.get("CPU", 0) // num_cpus for node in nodes)
        return int(sum(min(n, node.get("GPU", 0)) if on_gpus else n for n, node in zip(places, nodes, strict=True)))

    largest = int(max((node.get("CPU", 0) for node in nodes), default=0))
    for num_cpus in range(largest, 0, -1):
        if capacity(num_cpus) >= num_workers:
            return num_cpus
    most, kind = capacity(1), "GPU" if on_gpus else "CPU"
    raise UsageError(
        f"There is no room for {counted(num_workers, 'worker')}, each with a {kind} to itself.",
        f"Give at most: --workers {most}",
    )


def _connect(address: str | None) -> None:
    """Raises: UsageError: no cluster answers."""
    if address is not None:
        _check_that_it_answers(address)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray reports its use to its makers otherwise
    on_sigterm = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address or "local", include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    except Exception as error:  # of any type: a machine too slow for Ray is a plain one
        said = next(iter(str(error).splitlines()), type(error).__name__)
        raise UsageError(f"Ray does not start: {said}", START_ONE) from None
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, on_sigterm)  # Ray has put a handler of its own there


def _check_that_it_answers(address: str) -> None:
    """Ray itself goes on trying for more than a minute.

    Raises:
        UsageError: nothing answers at HOST:PORT.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:
        socket.create_connection((host, int(port)), ANSWER_S).close()
    except (OSError, ValueError, OverflowError) as error:
        raise UsageError(f"No Ray cluster answers at {address!r}: {error}.", START_ONE) from None


@contextmanager
def _plain_errors() -> Iterator[None]:
    """What went wrong in a worker, as if it had gone wrong here."""
    try:
        yield
    except RayTaskError as error:
        raise error.cause from None
    except RayActorError as error:
        raise MissingError(
            f"A Ray worker died, and so did those that replaced it: {str(error).strip().splitlines()[-1]}",
            "Give each more memory with fewer --workers, and see that each machine has this version of cosy.",
        ) from None
