"""A whole book with the built-in model: how long it takes, and whether memory stays flat. A measurement, not a test:

    python -m tests.jobs.whole_book BOOK m4b

What it prints is JSON. Linux only: the peak of each tenth of the book is read from /proc.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

COSY = (sys.executable, "-c", "from cosycli.cli.main import run; run()")
RESET_PEAK = "5"  # proc(5), /proc/pid/clear_refs


@dataclass(frozen=True)
class Measured:
    """What a run took.

    Attributes:
        status: exit code; 5 where segments failed their checks.
        peaks_mb: the most memory that the process had in each tenth of the segments, and while it wrote the rest.
        wall_s: from start to end, loading and writing included.
        times_real_time: seconds of audio for each second of wall time.
        rendering_x: the same for rendering alone, as the run itself counts it.
        unaccounted: characters of the source that are neither spoken nor skipped for a reason.
    """

    book: str
    status: int
    num_segments: int
    num_failed: int
    audio_h: float
    wall_s: float
    times_real_time: float
    rendering_x: float
    peaks_mb: tuple[int, ...]
    file_mb: float
    source_characters: int
    unaccounted: int


class Peaks:
    """The peak of a process's memory between one look and the next."""

    def __init__(self, pid: int) -> None:
        self.folder = Path("/proc", str(pid))
        self.seen: list[int] = []

    def note(self) -> None:
        lines = (self.folder / "status").read_text().splitlines()
        self.seen.append(next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024)
        (self.folder / "clear_refs").write_text(RESET_PEAK)


def measure(book: Path, audio_format: str, folder: Path) -> Measured:
    out, work = folder / f"book.{audio_format}", folder / "work"
    options = ("-o", out, "--format", audio_format, "--work", work, "--progress", "json")
    started = time.monotonic()
    process = subprocess.Popen([*COSY, "book", book, *options], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    peaks = Peaks(process.pid)
    for line in process.stderr:
        follow(line, peaks)
    status = process.wait()
    wall_s = time.monotonic() - started
    report = json.loads((work / "report.json").read_text(encoding="utf-8"))
    return Measured(
        book=book.name,
        status=status,
        num_segments=report["segments"]["made"],
        num_failed=sum(bool(item["failures"]) for item in report["segments"]["judged"]),
        audio_h=round(report["duration_s"] / 3600, 3),
        wall_s=round(wall_s, 1),
        times_real_time=round(report["duration_s"] / wall_s, 2),
        rendering_x=report["times_real_time"],
        peaks_mb=tuple(peaks.seen),
        file_mb=round(out.stat().st_size / 1e6, 1),
        source_characters=report["coverage"]["source"],
        unaccounted=report["coverage"]["unaccounted"],
    )


def follow(line: str, peaks: Peaks) -> None:
    """Note the peak when another tenth of the segments is done, or all of the chapters; pass on what else is said."""
    event: dict[str, Any] = json.loads(line) if line.startswith("{") else {}
    if event.get("event") != "progress":
        print(line, end="", file=sys.stderr, flush=True)
        return
    num_tenths = 10 * event["done"] // event["total"]
    is_last = event["unit"] == "chapters written" and event["done"] == event["total"]
    if is_last or (event["unit"] == "segments" and num_tenths > len(peaks.seen)):
        peaks.note()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        print(json.dumps(asdict(measure(Path(sys.argv[1]), sys.argv[2], Path(place))), indent=1))
