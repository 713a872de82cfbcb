"""Where things live on this machine, and how files come there: whole or not at all, and by one run at a time.

`COSY_HOME` moves all of it; without it the platform's own places are used.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cosycli.errors import InputError

__all__ = ["data_folder", "locked", "models_folder", "replacing", "user_settings", "voices_folder", "write_whole"]


def data_folder() -> Path:
    """The user's voices and models."""
    return _place("XDG_DATA_HOME", Path(".local", "share"))


def voices_folder() -> Path:
    return data_folder() / "voices"


def models_folder() -> Path:
    return data_folder() / "models"


def user_settings() -> Path:
    """The user's settings file, which need not exist."""
    return _place("XDG_CONFIG_HOME", Path(".config")) / "cosy.yaml"


def _place(variable: str, below_home: Path) -> Path:
    if os.environ.get("COSY_HOME"):
        return Path(os.environ["COSY_HOME"]).expanduser()
    if os.environ.get(variable):
        return Path(os.environ[variable]) / "cosy"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "cosy"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "cosy"
    return Path.home() / below_home / "cosy"


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A path beside `target` to write to, which takes its name at the end, or disappears on any failure.

    Raises:
        InputError: it cannot be written there.
    """
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(target)
    except OSError as error:
        raise InputError(
            f"{target} could not be written: {error.strerror or error}.",
            "No partial file was left. Free some space, or choose another place with -o.",
        ) from None
    finally:
        part.unlink(missing_ok=True)


def write_whole(target: Path, text: str) -> None:
    """Write a UTF-8 text file; raises as `replacing` does."""
    with replacing(target) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)


@contextmanager
def locked(work: Path, lock: Path) -> Iterator[None]:
    """`work` for this run alone, by a lock on a file whose folder is made if need be.

    Raises:
        InputError: another run is at work on it, or the lock cannot be written.
    """
    import filelock

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
