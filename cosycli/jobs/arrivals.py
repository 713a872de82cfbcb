"""Takes that one thread renders while another one makes use of those that are there."""

from __future__ import annotations

import threading

from cosycli.engine.utterance import Take
from cosycli.jobs.take_store import TakeStore

__all__ = ["Arrivals", "Cancelled"]


class Cancelled(Exception):  # noqa: N818 nothing is wrong with the one who waited
    """The take that was asked for is of no use any more."""


class Arrivals:
    """The takes of a store, each as soon as it is kept."""

    def __init__(self, takes: TakeStore) -> None:
        self._takes = takes
        self._changed = threading.Condition()
        self._all_came = False
        self._is_cancelled = False

    def get(self, key: str) -> Take:
        """The take under `key`; waits for it as long as there are takes to come.

        Raises:
            Cancelled: nobody wants it any more.
            InputError: its file is damaged.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._is_cancelled or self._all_came or key in self._takes)
            if self._is_cancelled:
                raise Cancelled
        return self._takes.get(key)

    def announce(self) -> None:
        """Say that a take has been kept."""
        with self._changed:
            self._changed.notify_all()

    @property
    def all_came(self) -> bool:
        return self._all_came

    def end(self) -> None:
        """Say that all takes have been kept."""
        with self._changed:
            self._all_came = True
            self._changed.notify_all()

    def cancel(self) -> None:
        """Give up all that is waited for, now and later."""
        with self._changed:
            self._is_cancelled = True
            self._changed.notify_all()
