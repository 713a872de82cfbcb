"""Two benchmarks of the same work, side by side."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cosycli.engine.benchmark import Report
from cosycli.errors import InputError, UsageError

__all__ = ["compare"]

REMEDY = "Give a file that `cosy bench --json` wrote."
SPEEDS = ("total", "language_model", "flow", "vocoder")


def compare(report: Report, path: Path) -> list[dict[str, Any]]:
    """How many times as fast each measurement is as its like in an earlier report, in all and by stage.

    Args:
        path: of the earlier report as JSON.

    Returns:
        For each path and batch that both have: `path`, `batch`, and a ratio for the total and every stage.

    Raises:
        InputError: the file cannot be read or is no report.
        UsageError: it is of other work.
    """
    now = json.loads(json.dumps(asdict(report)))
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
        if any(before[part] != now[part] for part in ("model", "workload")):
            raise UsageError(
                f"{path} is of other work: {before['model']}, {before['workload']}.",
                "Measure the same model and workload again.",
            )
        earlier = {(each["path"], each["batch"]): each for each in before["measurements"]}
        both = [
            (each, earlier[key]) for each in now["measurements"] if (key := (each["path"], each["batch"])) in earlier
        ]
        return [_ratios(each, other) for each, other in both]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is no benchmark: {error}.", REMEDY) from None


def _ratios(now: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    ratios = {part: round(before[f"{part}_rtf"] / now[f"{part}_rtf"], 3) for part in SPEEDS if now[f"{part}_rtf"]}
    return {"path": now["path"], "batch": now["batch"], **ratios}
