"""Let the disk run full under `cosy book`, give it room again, and compare the file with an undisturbed run's.

    python -m tests.jobs.full_disk

The disk is a small one in memory, so this needs Linux and root. The synthesizer is the fake one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.jobs.kill_runs import digest, start, write_book

SIZE = 64 << 20
BALLAST = "ballast"


@contextmanager
def small_disk() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", place], check=True)
        try:
            yield Path(place)
        finally:
            subprocess.run(["umount", place], check=True)


def fill_up(disk: Path, num_free: int) -> None:
    """Fill the disk with ballast until so many bytes are free."""
    ballast = disk / BALLAST
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(1 << 16)):
            pass
    os.truncate(ballast, max(0, ballast.stat().st_size - num_free))


def half_written(disk: Path) -> list[str]:
    return [str(path.relative_to(disk)) for path in disk.rglob("*") if ".part" in path.name]


def takes(disk: Path) -> list[Path]:
    return list(disk.glob("book.cosy/takes/*/*.flac"))


def fill_while_rendering(disk: Path) -> int:
    """The disk is full from the tenth take on; gives the exit code of the run."""
    process = start(disk)
    while len(takes(disk)) < 10:
        time.sleep(0.01)
    fill_up(disk, 0)
    return process.wait()


def fill_while_encoding(disk: Path) -> int:
    """All takes are there, and room for half of the sound."""
    assert start(disk).wait() == 0
    size = (disk / "book.m4b").stat().st_size
    (disk / "book.m4b").unlink()
    fill_up(disk, size // 2)
    return start(disk).wait()


def main() -> None:
    with small_disk() as disk:
        write_book(disk / "book.md")
        assert start(disk).wait() == 0
        wanted = digest(disk)
        for fill in (fill_while_rendering, fill_while_encoding):
            shutil.rmtree(disk / "book.cosy")
            (disk / "book.m4b").unlink()
            status = fill(disk)
            left, has_book, num_takes = half_written(disk), (disk / "book.m4b").exists(), len(takes(disk))
            (disk / BALLAST).unlink()
            again = start(disk).wait()
            same = digest(disk) == wanted
            print(
                f"{fill.__name__}: exit code {status}, {num_takes} takes kept, half-written: {left or 'nothing'}, "
                f"book: {has_book}; then exit code {again}, same file: {same}"
            )
            if (status, left, has_book, again, same) != (3, [], False, 0, True):
                sys.exit(1)


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit("Only root can mount a disk.")
    main()
