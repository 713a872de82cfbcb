"""The folder of a run: its takes, its manifest, its report, and the lock that keeps a second run out.

novel.cosy/
  run.json      what is to be rendered, in which batches, and which segments are re-rendered
  takes/        a file for each rendered segment
  report.json   what became of the book
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cosycli
from cosycli.jobs.lock import locked
from cosycli.jobs.take_store import TakeStore
from cosycli.whole_files import write_whole

__all__ = ["Manifest", "RunFolder", "plan_batches"]

FORMAT = 2  # of run.json


@dataclass(frozen=True)
class Manifest:
    """What a run is about.

    Attributes:
        source: what is rendered, for people.
        settings: how, for people.
        batches: keys of takes that are rendered together, in this order. What a take sounds like can differ in its last
            bit with the batch it is rendered in, so a batch that was cut short is rendered again as a whole.
        rerenders: by the seed of an utterance, how many times the user had it re-rendered.
    """

    source: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    batches: tuple[tuple[str, ...], ...] = ()
    rerenders: dict[str, int] = field(default_factory=dict)
    version: str = cosycli.__version__
    format: int = FORMAT


class RunFolder:
    """What is kept between runs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.takes = TakeStore(path / "takes")
        self.manifest_path = path / "run.json"
        self.report_path = path / "report.json"

    def locked(self) -> AbstractContextManager[None]:
        """The folder, made if need be, for this run alone; raises as `lock.locked` does."""
        return locked(self.path, self.path / "lock")

    def read_manifest(self) -> Manifest:
        """The manifest of the run before; an empty one where there was none, or where it is of another format."""
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


def plan_batches(
    keys: Sequence[str], earlier: Sequence[Sequence[str]], is_kept: Callable[[str], bool], size: int
) -> list[tuple[str, ...]]:
    """What is still to be rendered: the earlier batches that were cut short, then the other missing takes in new ones.

    Args:
        size: of new batches, in takes.
    """
    wanted = set(keys)
    missing = [key for key in keys if not is_kept(key)]
    still_missing = set(missing)
    batches = [tuple(batch) for batch in earlier if wanted.issuperset(batch) and not still_missing.isdisjoint(batch)]
    planned = {key for batch in batches for key in batch}
    rest = [key for key in missing if key not in planned]
    return [*batches, *(tuple(rest[start : start + size]) for start in range(0, len(rest), size))]
