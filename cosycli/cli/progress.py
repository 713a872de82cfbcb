"""Reports the progress of a long command on stderr: as a bar on a terminal, as lines in a log, or as JSON."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from cosycli.option import check_choice

STYLES = ("auto", "rich", "plain", "json", "none")
PLAIN_INTERVAL_S = 10.0  # between lines in a log
# Formats of tqdm's `format_meter`.
LINE = "{n:.0f} of {total:.0f} {unit}{postfix}, {remaining} left"
BAR = "{percentage:3.0f}%|{bar}| {n:.0f} of {total:.0f} {unit}, {rate_noinv_fmt}, {remaining} left"


class Progress(Protocol):
    """Receives the progress of a command."""

    def update(self, done: float, total: float, unit: str, **facts: Any) -> None:
        """`done` of `total` units are finished; further facts such as `chapter="3 of 12"`."""

    def tell(self, message: str, **facts: Any) -> None:
        """A message for people; its facts for programs."""


@contextmanager
def open_progress(style: str, is_download: bool = False) -> Iterator[Progress]:
    """Open progress in one of the `STYLES`; auto is a bar on a terminal, and plain elsewhere.

    Args:
        is_download: the bar of auto is tqdm's, which shows the rate, instead of rich's.

    Raises:
        UsageError: the style does not exist.
    """
    check_choice("progress style", style, STYLES)
    if style == "auto":
        bar_style = "download" if is_download else "rich"
        style = bar_style if sys.stderr.isatty() else "plain"
    if style == "download":
        with _download_bar() as bar:
            yield bar
    elif style == "rich":
        with _rich_bar() as bar:
            yield bar
    else:
        plain: dict[str, Progress] = {"plain": _Plain(), "json": _Json(), "none": _Silent()}
        yield plain[style]


def _described(facts: dict[str, Any]) -> str:
    """{"chapter": "3 of 12", "times real time": 14.2} -> ", chapter 3 of 12, times real time 14.2"."""
    return "".join(f", {name.replace('_', ' ')} {value}" for name, value in facts.items())


def _counted(unit: str, total: float) -> str:
    """("segments", 1) -> "segment", after "1 of 1"."""
    return re.sub(r"s\b", "", unit, count=1) if total == 1 else unit


class _Silent:
    def update(self, done: float, total: float, unit: str, **facts: Any) -> None:
        pass

    def tell(self, message: str, **facts: Any) -> None:
        pass


class _Plain:
    """The messages, and a line by tqdm every `PLAIN_INTERVAL_S`; a bar that rewrites its line would fill a log."""

    def __init__(self) -> None:
        self.last_line_s = time.monotonic()
        self.unit = ""
        self.start_s = self.initial = 0.0  # when the current unit began, and how many were finished then

    def update(self, done: float, total: float, unit: str, **facts: Any) -> None:
        now_s = time.monotonic()
        if unit != self.unit:
            self.unit, self.start_s, self.initial = unit, now_s, done
        if now_s - self.last_line_s < PLAIN_INTERVAL_S:
            return
        self.last_line_s = now_s
        from tqdm import tqdm

        known = {
            "initial": self.initial,
            "unit": _counted(unit, total),
            "postfix": _described(facts).removeprefix(", "),
        }
        self.tell(tqdm.format_meter(done, max(total, done), now_s - self.start_s, bar_format=LINE, **known))

    def tell(self, message: str, **facts: Any) -> None:
        print(message, file=sys.stderr, flush=True)


class _Json:
    """One JSON object a line."""

    def update(self, done: float, total: float, unit: str, **facts: Any) -> None:
        self._line(event="progress", done=done, total=total, unit=unit, **facts)

    def tell(self, message: str, **facts: Any) -> None:
        self._line(event="message", message=message, **facts)

    def _line(self, **facts: Any) -> None:
        print(json.dumps(facts, ensure_ascii=False), file=sys.stderr, flush=True)


@contextmanager
def _download_bar() -> Iterator[Progress]:
    bar = _Tqdm()
    try:
        yield bar
    finally:
        bar.close()


class _Tqdm:
    """A bar with the rate of a download, which disappears at the end."""

    def __init__(self) -> None:
        self.bar: Any = None

    def update(self, done: float, total: float, unit: str, **facts: Any) -> None:
        if self.bar is None:
            from tqdm import tqdm

            class Bar(tqdm):  # type: ignore[misc]
                monitor_interval = 0  # tqdm's thread would outlive the bar, and no worker is forked beside a thread

            options = {"bar_format": BAR, "leave": False, "dynamic_ncols": True, "file": sys.stderr}
            self.bar = Bar(total=total, initial=done, unit=unit, **options)
        self.bar.total = total
        self.bar.update(done - self.bar.n)

    def tell(self, message: str, **facts: Any) -> None:
        from tqdm import tqdm

        tqdm.write(message, file=sys.stderr)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()


@contextmanager
def _rich_bar() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns = (BarColumn(), TextColumn("{task.completed:.0f} of {task.total:.0f} {task.description}"))
    console = Console(stderr=True)
    # Drawn when something has changed, not by a thread of its own: beside one no worker processes could be started.
    with RichProgress(*columns, TimeRemainingColumn(), console=console, transient=True, auto_refresh=False) as display:
        yield _Rich(display)


class _Rich:
    """A bar that disappears at the end."""

    def __init__(self, display: Any) -> None:
        self.display = display
        self.task: Any = None

    def update(self, done: float, total: float, unit: str, **facts: Any) -> None:
        if self.task is None:
            self.task = self.display.add_task(unit, total=total)
        description = f"{_counted(unit, total)}{_described(facts)}"
        self.display.update(self.task, completed=done, total=total, description=description, refresh=True)

    def tell(self, message: str, **facts: Any) -> None:
        self.display.console.print(message, markup=False, highlight=False)
