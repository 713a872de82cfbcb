"""Kill `cosy book` at random moments, resume it, and compare the file with that of a run nobody disturbed.

    python -m tests.jobs.kill_runs 200

The synthesizer is the fake one, slowed down so that kills fall into rendering, and often into assembly too.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

FAKE_COSY = Path(__file__).parents[1] / "fake_synthesizer.py"
WORDS = ("the", "lamp", "was", "lit", "and", "nobody", "on", "the", "stairs", "could", "say", "who", "carried", "it")


@dataclass(frozen=True)
class Outcome:
    """How many runs were killed, and how many of the books finished after it differ from the undisturbed one."""

    num_kills: int
    num_books: int
    num_different: int


def write_book(path: Path, num_chapters: int = 4, num_paragraphs: int = 12) -> None:
    draw = random.Random(1)
    lines = []
    for chapter in range(1, num_chapters + 1):
        lines += [f"# Chapter {chapter}", ""]
        for _ in range(num_paragraphs):
            lines += [" ".join(draw.choices(WORDS, k=40)).capitalize() + ".", ""]
    path.write_text("\n".join(lines), encoding="utf-8")


def start(folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(FAKE_COSY), "book", "book.md", "-o", "book.m4b", "-q"]
    environment = os.environ | {"FAKE_COSY_SECONDS_PER_TAKE": "0.01", "COSY_HOME": str(folder / "home")}
    return subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True)


def digest(folder: Path) -> str:
    return hashlib.sha256((folder / "book.m4b").read_bytes()).hexdigest()


def kill_runs(num_kills: int, num_paragraphs: int = 12, seed: int = 0) -> Outcome:
    """Go on until so many runs were killed; a book that gets finished is compared, thrown away and begun again.

    Args:
        num_paragraphs: of a chapter of the book.
    """
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_book(folder / "book.md", num_paragraphs=num_paragraphs)
        started = time.monotonic()
        assert start(folder).wait() == 0
        usual_s = time.monotonic() - started
        wanted = digest(folder)
        forget(folder)
        killed = books = different = 0
        while killed < num_kills:
            process = start(folder)
            try:
                status = process.wait(timeout=draw.uniform(0.1, 1.3) * usual_s)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                killed += 1
                continue
            assert status == 0, "a resumed run failed"
            books += 1
            different += digest(folder) != wanted
            forget(folder)
        assert start(folder).wait() == 0
        return Outcome(killed, books + 1, different + (digest(folder) != wanted))


def forget(folder: Path) -> None:
    shutil.rmtree(folder / "book.cosy")
    (folder / "book.m4b").unlink()


if __name__ == "__main__":
    outcome = kill_runs(int(sys.argv[1]))
    print(f"{outcome.num_kills} kills, {outcome.num_books} books finished, {outcome.num_different} of them different")
    sys.exit(outcome.num_different > 0)
