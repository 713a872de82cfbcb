"""The folders of this machine that we use, and how files are written: completely or not at all, by one run at a time.

`COSY_HOME` replaces the standard folders of the platform.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

from cosycli.errors import InputError


def data_folder() -> Path:
    """The folder of the user's voices and models."""
    return _standard_folder("XDG_DATA_HOME", Path(".local", "share"))


def voices_folder() -> Path:
    return data_folder() / "voices"


def models_folder() -> Path:
    return data_folder() / "models"


def user_settings() -> Path:
    """The path of the user's settings file, which may not exist."""
    return _standard_folder("XDG_CONFIG_HOME", Path(".config")) / "cosy.yaml"


def _standard_folder(variable: str, below_home: Path) -> Path:
    if os.environ.get("COSY_HOME"):
        return Path(os.environ["COSY_HOME"]).expanduser()
    if os.environ.get(variable):
        return Path(os.environ[variable]) / "cosy"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "cosy"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "cosy"
    return Path.home() / below_home / "cosy"


def packaged_yaml(package: str, name: str) -> Any:
    """The content of a YAML file that lies beside the modules of a package."""
    import yaml  # `--help` does without it

    text = (resources.files(package) / name).read_text(encoding="utf-8")
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A temporary path next to `target`, which is renamed to it at the end, or deleted on any failure.

    Raises:
        InputError: it cannot be written.
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
    """Write a UTF-8 text file; raises like `replacing`."""
    with replacing(target) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)


@contextmanager
def locked(work: Path, lock: Path) -> Iterator[None]:
    """Hold the lock file `lock`, which protects `work`; its folder is created if needed.

    Raises:
        InputError: another run holds the lock, or it cannot be written.
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
