"""A book of many hours made of synthetic takes, and what memory that takes. It is a measurement, not a test:

python -m tests.publish.long_book 50 m4b
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from cosycli.documents.book import Metadata
from cosycli.publish.assembly import Assembly, ChapterSound
from cosycli.publish.book_files import Target, write_book
from cosycli.publish.tags import Tags
from cosycli.sound.joining import Piece
from cosycli.sound.probe import probe

RATE = 24_000
TAKE_S = 10.0
PAUSE_S = 0.5
CHAPTER_H = 0.5


def takes() -> list[np.ndarray]:
    """Noise that comes and goes like syllables, in a few variants."""
    t = np.arange(round(TAKE_S * RATE)) / RATE
    random = np.random.default_rng(0)
    return [
        (0.2 * random.normal(size=len(t)) * np.abs(np.sin(2 * np.pi * (2 + k) * t))).clip(-1, 1).astype(np.float32)
        for k in range(3)
    ]


def peak_mb(who: int) -> float:
    """Of ourselves or of the largest child."""
    return resource.getrusage(who).ru_maxrss / 1024  # Linux counts in KiB


def main(hours: float, audio_format: str) -> None:
    variants = takes()
    num_takes = round(CHAPTER_H * 3600 / (TAKE_S + PAUSE_S))

    def pieces() -> Iterator[Piece]:
        for number in range(num_takes):
            yield Piece(variants[number % len(variants)], PAUSE_S)

    chapters = [ChapterSound(f"Chapter {number + 1}", 1, pieces) for number in range(round(hours / CHAPTER_H))]
    tags = Tags(Metadata(title="A long book", authors=("Nobody",)), ("noise",), "none")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"book.{audio_format}"
        started = time.monotonic()
        assembly = write_book(chapters, RATE, Target(path, audio_format), tags)
        elapsed_s = time.monotonic() - started
        ours, ffmpeg = peak_mb(resource.RUSAGE_SELF), peak_mb(resource.RUSAGE_CHILDREN)
        print(f"{assembly.duration_s / 3600:.2f} h in {elapsed_s:.0f} s, {path.stat().st_size / 1e6:.0f} MB")
        print(f"peak memory: {ours:.0f} MB of ours and {ffmpeg:.0f} MB of ffmpeg, {ours + ffmpeg:.0f} MB together")
        if audio_format != "wav":  # which holds no chapters
            compare_chapters(path, assembly)


def compare_chapters(path: Path, assembly: Assembly) -> None:
    file = probe(path)
    late_s = max(
        abs(chapter.start_s - times.start_s) for chapter, times in zip(file.chapters, assembly.chapters, strict=True)
    )
    print(f"{len(file.chapters)} chapters, the start of none is more than {1000 * late_s:.1f} ms off")


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "m4b")
