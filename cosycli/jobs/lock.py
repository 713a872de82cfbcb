"""What keeps a second run away from what one is at work on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from cosycli.errors import InputError

__all__ = ["locked"]


@contextmanager
def locked(work: Path, lock: Path) -> Iterator[None]:
    """`work` for this run alone, by a lock on a file whose folder is made if need be.

    Raises:
        InputError: another run is at work on it, or the lock cannot be written.
    """
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        held = filelock.FileLock(lock, timeout=0).acquire()
    except filelock.Timeout:
        raise InputError(f"Another run is at work on {work}.", "Wait until it has ended.") from None
    except OSError as error:
        raise InputError(
            f"{lock} cannot be written: {error.strerror or error}.", "Free some space, or choose another place with -o."
        ) from None
    with held:
        yield
