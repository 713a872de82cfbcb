"""Where takes are rendered: what every executor does, and the one that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol

from cosycli.engine.utterance import Utterance
from cosycli.errors import MissingError, UsageError, did_you_mean
from cosycli.jobs.take_store import StoredTake

if TYPE_CHECKING:
    from cosycli.engine.synthesizer import Synthesizer

__all__ = ["Executor", "Load", "Start", "Wave", "starter_of"]

NAMES = ("local", "ray")

Wave = Mapping[str, Utterance]  # what is rendered together, in this order, each under the key of its take
Load = Callable[[], "Synthesizer"]


class Executor(Protocol):
    """One loaded model, or several at work side by side."""

    @property
    def num_workers(self) -> int: ...

    def render(self, waves: Sequence[Wave], mask: str) -> Iterator[tuple[str, StoredTake]]:
        """The takes by their keys, as soon as each is there; waves may overtake one another.

        Raises:
            CosyError: what the synthesizer raises.
        """
        ...


Start = Callable[[], AbstractContextManager[Executor]]


def starter_of(name: str, load: Load, *, workers: int | None, address: str | None, device: str | None) -> Start:
    """What starts the executor called `name`; nothing is loaded before.

    Args:
        load: gives the synthesizer; for Ray it must be picklable, for it is called in every worker.
        workers, address: see `ray_executor`.
        device: what the synthesizer is loaded on; None for the fastest there is.

    Raises:
        UsageError: there is no such executor, or it takes no workers or address.
        MissingError: Ray is not installed.
    """
    if name not in NAMES:
        raise UsageError(f"There is no executor {name!r}.", f"{did_you_mean(name, NAMES)}Valid: {', '.join(NAMES)}.")
    if name == "local":
        if workers is not None or address is not None:
            raise UsageError("The local executor takes no --workers or --ray-address.", "Add: --executor ray")
        from cosycli.jobs.local_executor import local_executor

        return lambda: local_executor(load)
    if workers is not None and workers < 1:
        raise UsageError(f"{workers} workers can do nothing.", "Give 1 or more: --workers 2")
    if find_spec("ray") is None:
        raise MissingError("Ray is not installed.", 'Install it: pip install ray, or the extra "cosy[ray]"')
    from cosycli.jobs.ray_executor import ray_executor

    return lambda: ray_executor(load, workers, address, device)
