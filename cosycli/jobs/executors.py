"""Where takes are rendered: in this process, in worker processes that share its model, or on a Ray cluster.

All do the same, which `Executor` names. Worker processes are started before other threads run, as soon as an executor
is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol

from cosycli.engine.utterance import Take, Utterance
from cosycli.errors import MissingError, UsageError
from cosycli.option import check_choice
from cosycli.settings import RenderOptions

if TYPE_CHECKING:
    from cosycli.engine.synthesizer import Synthesizer

EXECUTORS = ("local", "ray")

Batch = Mapping[str, Utterance]  # what is rendered together, in this order, each under the key of its take
Load = Callable[[], "Synthesizer"]


class Executor(Protocol):
    """One loaded model, or several at work side by side."""

    @property
    def num_workers(self) -> int: ...

    @property
    def max_batch_size(self) -> int:
        """The most utterances that are worth rendering together."""

    def batch_size(self, num_utterances: int) -> int:
        """How many of so many are best rendered together, so that no worker waits for the others."""

    def render(self, batches: Sequence[Batch], mask: str) -> Iterator[tuple[str, Take]]:
        """The takes by their keys, as soon as each is there; batches may overtake one another.

        Raises:
            CosyError: what the synthesizer raises.
        """


Start = Callable[[], AbstractContextManager[Executor]]


class LocalExecutor:
    """Batches in their order."""

    num_workers = 1

    def __init__(self, synthesizer: Synthesizer) -> None:
        self._synthesizer = synthesizer

    @property
    def max_batch_size(self) -> int:
        return self._synthesizer.max_batch_size

    def batch_size(self, num_utterances: int) -> int:
        return self._synthesizer.batch_size(num_utterances)

    def render(self, batches: Sequence[Batch], mask: str) -> Iterator[tuple[str, Take]]:
        rendered = self._synthesizer.render_batches([list(batch.values()) for batch in batches], mask=mask)
        for batch, takes in zip(batches, rendered, strict=True):
            yield from zip(batch, takes, strict=True)


@contextmanager
def local_executor(load: Load) -> Iterator[LocalExecutor]:
    """The executor, with its model loaded; to be entered before other threads run."""
    synthesizer = load()
    with synthesizer.worker_processes():
        yield LocalExecutor(synthesizer)


@dataclass(frozen=True)
class Workplace:
    """Where takes are to be rendered.

    Attributes:
        executor: one of `EXECUTORS`.
        num_workers, address: see `ray_executor`.

    Raises:
        UsageError: there is no such executor, or it takes no workers or address.
        MissingError: Ray is not installed.
    """

    executor: str = "local"
    num_workers: int | None = None
    address: str | None = None

    def __post_init__(self) -> None:
        check_choice("executor", self.executor, EXECUTORS)
        if self.executor == "local":
            if self.num_workers is not None or self.address is not None:
                raise UsageError("The local executor takes no --workers or --ray-address.", "Add: --executor ray")
            return
        if self.num_workers is not None and self.num_workers < 1:
            raise UsageError(f"{self.num_workers} workers can do nothing.", "Give 1 or more: --workers 2")
        if find_spec("ray") is None:
            raise MissingError("Ray is not installed.", 'Install it: pip install "cosycli[ray]"')

    def open(self, settings: RenderOptions) -> AbstractContextManager[Executor]:
        """The executor, with the model of the settings loaded in each of its workers."""
        import cosycli

        # Ray calls this in every worker: all that it holds can be pickled.
        load = partial(cosycli.load, **settings.loading)
        if self.executor == "local":
            return local_executor(load)
        from cosycli.jobs.ray_executor import ray_executor

        return ray_executor(load, self.num_workers, self.address, settings.device)
