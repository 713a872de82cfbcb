"""Step `plot`: the losses of all steps in one picture."""

from __future__ import annotations

import json
from pathlib import Path

SMOOTHING = 20  # log lines averaged for a point


def plot_losses(work_folder: Path) -> Path:
    """Draw every `losses.jsonl` under `work_folder`, a row each, and return the picture's path."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    logs = sorted(work_folder.glob("*/losses.jsonl"))
    figure, axes = pyplot.subplots(len(logs), squeeze=False, figsize=(9, 3 * len(logs)))
    for axis, path in zip(axes[:, 0], logs, strict=True):
        for name, points in _curves(path).items():
            axis.plot(*zip(*points, strict=True), label=name)
        axis.set(title=path.parent.name, xlabel="step", yscale="log")
        axis.legend()
    figure.tight_layout()
    target = work_folder / "losses.png"
    figure.savefig(target)
    return target


def _curves(log: Path) -> dict[str, list[tuple[int, float]]]:
    """Loss name -> smoothed (step, value) points."""
    points: dict[str, list[tuple[int, float]]] = {}
    for line in log.read_text().splitlines():
        entry = json.loads(line)
        for name in entry.keys() - {"step", "time"}:
            points.setdefault(name, []).append((entry["step"], entry[name]))
    return {name: [_mean(own[max(0, i - SMOOTHING) : i + 1]) for i in range(len(own))] for name, own in points.items()}


def _mean(points: list[tuple[int, float]]) -> tuple[int, float]:
    return points[-1][0], sum(value for _, value in points) / len(points)
