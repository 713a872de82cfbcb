"""Files that appear under their names only when they are complete."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cosycli.errors import InputError

__all__ = ["replacing", "write_whole"]


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
