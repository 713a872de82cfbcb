"""Takes rendered here, by one model in this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cosycli.jobs.executors import Load, Wave
from cosycli.jobs.take_store import StoredTake

if TYPE_CHECKING:
    from cosycli.engine.synthesizer import Synthesizer

__all__ = ["LocalExecutor", "local_executor"]


class LocalExecutor:
    """Waves in their order."""

    num_workers = 1

    def __init__(self, synthesizer: Synthesizer) -> None:
        self._synthesizer = synthesizer

    @property
    def max_wave(self) -> int:
        return self._synthesizer.max_wave

    def wave_size(self, num_utterances: int) -> int:
        return self._synthesizer.wave_size(num_utterances)

    def render(self, waves: Sequence[Wave], mask: str) -> Iterator[tuple[str, StoredTake]]:
        rendered = self._synthesizer.render_waves([list(wave.values()) for wave in waves], mask=mask)
        for wave, takes in zip(waves, rendered, strict=True):
            yield from zip(wave, map(StoredTake.of, takes), strict=True)


@contextmanager
def local_executor(load: Load) -> Iterator[LocalExecutor]:
    """The executor, with its model loaded."""
    yield LocalExecutor(load())
