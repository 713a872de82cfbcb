"""Hands takes from the thread that renders them to the one that writes the book."""

from __future__ import annotations

import threading

from cosycli.engine.utterance import Take
from cosycli.jobs.take_store import TakeStore


class Cancelled(Exception):  # noqa: N818 nothing is wrong with the one who waited
    """The wait for a take was cancelled."""


class Arrivals:
    """Gives the takes of a store, each as soon as it is kept."""

    def __init__(self, takes: TakeStore) -> None:
        self._takes = takes
        self._changed = threading.Condition()
        self._all_came = False
        self._is_cancelled = False

    def get(self, key: str) -> Take:
        """Returns the take under `key`, and waits for it until `end`.

        Raises:
            Cancelled: `cancel` was called.
            InputError: its file is damaged.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._is_cancelled or self._all_came or key in self._takes)
            if self._is_cancelled:
                raise Cancelled
        return self._takes.get(key)

    def announce(self) -> None:
        """Wake those who wait: a take was kept."""
        with self._changed:
            self._changed.notify_all()

    @property
    def all_came(self) -> bool:
        return self._all_came

    def end(self) -> None:
        """Wake those who wait: no further take will come."""
        with self._changed:
            self._all_came = True
            self._changed.notify_all()

    def cancel(self) -> None:
        """Make every wait raise `Cancelled`, now and later."""
        with self._changed:
            self._is_cancelled = True
            self._changed.notify_all()
