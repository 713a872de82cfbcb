"""Takes rendered here, by one model in this process, or by worker processes that share it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cosycli.jobs.executors import Batch, Load
from cosycli.jobs.take_store import StoredTake

if TYPE_CHECKING:
    from cosycli.engine.synthesizer import Synthesizer

__all__ = ["LocalExecutor", "local_executor"]


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

    def render(self, batches: Sequence[Batch], mask: str) -> Iterator[tuple[str, StoredTake]]:
        rendered = self._synthesizer.render_batches([list(batch.values()) for batch in batches], mask=mask)
        for batch, takes in zip(batches, rendered, strict=True):
            yield from zip(batch, map(StoredTake.of, takes), strict=True)


@contextmanager
def local_executor(load: Load) -> Iterator[LocalExecutor]:
    """The executor, with its model loaded; to be entered before other threads run."""
    synthesizer = load()
    with synthesizer.worker_processes():
        yield LocalExecutor(synthesizer)
