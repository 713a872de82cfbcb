"""The folder of a run, and rendering of the takes missing from it.

novel.cosy/
  run.json      what is to be rendered, in which batches, and which segments are re-rendered
  takes/        a file for each rendered segment
  report.json   what became of the book
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import cosycli
from cosycli.folders import locked, write_whole
from cosycli.jobs.book_plan import Order
from cosycli.jobs.executors import Executor
from cosycli.jobs.take_store import TakeStore

FORMAT = 2  # of run.json


@dataclass(frozen=True)
class Manifest:
    """Description of a run, kept in run.json.

    Attributes:
        source: name of the source, for people.
        settings: options, for people.
        batches: keys of the takes of each batch, in order. A batch that was interrupted is rendered again as a whole,
            for on a GPU the batch decides how takes are rounded (`cosycli.engine.batch`).
        rerenders: how often the user had an utterance re-rendered, by its seed.
    """

    source: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    batches: tuple[tuple[str, ...], ...] = ()
    rerenders: dict[str, int] = field(default_factory=dict)
    version: str = cosycli.__version__
    format: int = FORMAT


class RunFolder:
    """Everything kept between runs: takes, manifest and report."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.takes = TakeStore(path / "takes")
        self.manifest_path = path / "run.json"
        self.report_path = path / "report.json"

    def locked(self) -> AbstractContextManager[None]:
        """Locks the folder, which is made if need be, for this run; raises as `lock.locked` does."""
        return locked(self.path, self.path / "lock")

    def read_manifest(self) -> Manifest:
        """Returns the manifest of the previous run; an empty one if there is none, or if its format is another."""
        try:
            values = json.loads(self.manifest_path.read_text(encoding="utf-8"))
            if values["format"] != FORMAT:
                return Manifest()
            batches = tuple(tuple(map(str, batch)) for batch in values["batches"])
            rerenders = {str(seed): int(times) for seed, times in values["rerenders"].items()}
            return Manifest(values["source"], values["settings"], batches, rerenders)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return Manifest()

    def write_manifest(self, manifest: Manifest) -> None:
        write_whole(self.manifest_path, json.dumps(asdict(manifest), ensure_ascii=False, indent=1) + "\n")


@dataclass(frozen=True)
class Rendered:
    """Statistics of a run: takes rendered and kept, seconds of sound rendered, and the time and workers it took."""

    num_made: int
    num_kept: int
    audio_s: float
    elapsed_s: float
    num_workers: int = 1

    @property
    def times_real_time(self) -> float:
        return self.audio_s / self.elapsed_s if self.elapsed_s else 0.0


def render_takes(
    orders: Sequence[Order],
    folder: RunFolder,
    mask: str,
    executor: Executor | None,
    report: Callable[[int, Rendered], None],
) -> Rendered:
    """Render every take that is not kept yet.

    Args:
        folder: locked by the caller; its manifest is updated before the first take, so that the next run can resume.
        executor: None where every take is kept.
        report: called after each take with the number of finished orders and the statistics so far.

    Raises:
        InputError: a take cannot be kept.
        CosyError: the executor failed.
    """
    keys = [order.key for order in orders]
    num_missing = sum(key not in folder.takes for key in keys)
    done = Rendered(0, len(keys) - num_missing, 0.0, 0.0)
    if executor is None:
        return done
    utterances = {order.key: order.utterance for order in orders}
    done = replace(done, num_workers=executor.num_workers)
    manifest = folder.read_manifest()
    batches = plan_batches(keys, manifest.batches, folder.takes.__contains__, executor.batch_size(num_missing))
    folder.write_manifest(replace(manifest, batches=tuple(batches)))
    started = time.monotonic()
    for key, take in executor.render([{key: utterances[key] for key in batch} for batch in batches], mask):
        if key not in folder.takes:
            folder.takes.put(key, take)
            done = replace(done, num_made=done.num_made + 1)
        audio_s = done.audio_s + len(take.samples) / take.sample_rate
        done = replace(done, audio_s=audio_s, elapsed_s=time.monotonic() - started)
        report(done.num_kept + done.num_made, done)
    return done


def plan_batches(
    keys: Sequence[str], earlier: Sequence[Sequence[str]], is_kept: Callable[[str], bool], size: int
) -> list[tuple[str, ...]]:
    """Returns the batches to render: earlier ones that were interrupted, then the other missing takes in new ones.

    Args:
        size: number of takes in a new batch.
    """
    wanted = set(keys)
    missing = [key for key in keys if not is_kept(key)]
    still_missing = set(missing)
    batches = [tuple(batch) for batch in earlier if wanted.issuperset(batch) and not still_missing.isdisjoint(batch)]
    planned = {key for batch in batches for key in batch}
    rest = [key for key in missing if key not in planned]
    return [*batches, *(tuple(rest[start : start + size]) for start in range(0, len(rest), size))]
