"""Two benchmarks of the same work, side by side."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cosycli.engine.benchmark import Measurement, Report
from cosycli.engine.workload import Workload
from cosycli.errors import InputError, UsageError

__all__ = ["Earlier", "Ratios", "read_earlier"]

_TIMES = ("total_rtf", "language_model_rtf", "flow_rtf", "vocoder_rtf")


@dataclass(frozen=True)
class Ratios:
    """How many times as fast a path is at one batch size as it was."""

    path: str
    batch: int | None
    total: float
    language_model: float
    flow: float
    vocoder: float


class Earlier:
    """An earlier report of the same work."""

    def __init__(self, measurements: list[dict[str, Any]]) -> None:
        self._measurements = {(each["path"], each["batch"]): each for each in measurements}

    def ratios(self, report: Report) -> list[Ratios]:
        """For each path and batch size that both have."""
        pairs = [(each, self._measurements.get((each.path, each.batch))) for each in report.measurements]
        return [_ratios(now, before) for now, before in pairs if before is not None]


def read_earlier(path: Path, model: str, workload: Workload | None) -> Earlier:
    """What `cosy bench --json` wrote about this model and work.

    Raises:
        InputError: the file cannot be read or is no report.
        UsageError: it is of another model or of other work.
    """
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        measured, measurements = (report["model"], report["workload"]), report["measurements"]
        earlier = Earlier([{**each, **{name: float(each[name]) for name in _TIMES}} for each in measurements])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is no benchmark: {error}.", "Give a file that `cosy bench --json` wrote.") from None
    if measured != (model, workload and asdict(workload)):
        raise UsageError(f"{path} is of other work: {measured[0]}, {measured[1]}.", "Do the same work again.")
    return earlier


def _ratios(now: Measurement, before: dict[str, Any]) -> Ratios:
    total, language_model, flow, vocoder = (round(before[name] / getattr(now, name), 3) for name in _TIMES)
    return Ratios(now.path, now.batch, total, language_model, flow, vocoder)
