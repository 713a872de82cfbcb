"""How far a long command has come, told on stderr."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from cosycli.errors import UsageError, did_you_mean

__all__ = ["STYLES", "Progress", "open_progress"]

STYLES = ("auto", "rich", "plain", "json", "none")
PLAIN_INTERVAL_S = 10.0  # between lines in a log


class Progress(Protocol):
    """What a command tells while it works."""

    def update(self, done: float, total: float, unit: str, **facts: Any) -> None:
        """`done` of `total` units are finished; what else is known of them, such as `chapter="3 of 12"`."""

    def tell(self, message: str, **facts: Any) -> None:
        """A sentence for people; its facts for programs."""


@contextmanager
def open_progress(style: str) -> Iterator[Progress]:
    """Progress in one of the `STYLES`; auto is rich on a terminal and plain elsewhere.

    Raises:
        UsageError: there is no such style.
    """
    if style not in STYLES:
        hint = f"{did_you_mean(style, STYLES)}Valid: {', '.join(STYLES)}."
        raise UsageError(f"There is no progress style {style!r}.", hint)
    if style == "auto":
        style = "rich" if sys.stderr.isatty() else "plain"
    if style == "rich":
        with _rich_bar() as bar:
            yield bar
    else:
        plain: dict[str, Progress] = {"plain": _Plain(), "json": _Json(), "none": _Silent()}
        yield plain[style]


def _described(facts: dict[str, Any]) -> str:
    """{"chapter": "3 of 12", "times real time": 14.2} -> ", chapter 3 of 12, times real time 14.2"."""
    return "".join(f", {name.replace('_', ' ')} {value}" for name, value in facts.items())


class _Silent:
    def update(self, done: float, total: float, unit: str, **facts: Any) -> None:
        pass

    def tell(self, message: str, **facts: Any) -> None:
        pass


class _Plain:
    """A line now and then, and the messages."""

    def __init__(self) -> None:
        self.next_line = time.monotonic() + PLAIN_INTERVAL_S

    def update(self, done: float, total: float, unit: str, **facts: Any) -> None:
        if time.monotonic() >= self.next_line:
            self.next_line = time.monotonic() + PLAIN_INTERVAL_S
            self.tell(f"{done:.0f} of {total:.0f} {unit}{_described(facts)}")

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
    """A bar that is gone when the work is done."""

    def __init__(self, display: Any) -> None:
        self.display = display
        self.task: Any = None

    def update(self, done: float, total: float, unit: str, **facts: Any) -> None:
        if self.task is None:
            self.task = self.display.add_task(unit, total=total)
        self.display.update(
            self.task, completed=done, total=total, description=f"{unit}{_described(facts)}", refresh=True
        )

    def tell(self, message: str, **facts: Any) -> None:
        self.display.console.print(message, markup=False, highlight=False)
