"""Lays out the pieces of a chapter: their positions, gains and pauses are known before the first sample is written.

The pieces are iterated twice: `plan_chapter` measures them, `chapter_blocks` yields the sound. Only one piece is in
memory at a time, so memory does not grow with the book. Because all times are known in advance, a file can begin with
its chapter marks.

Each chapter gets its own gain: ACX requires every file to be between -23 and -18 dB, and chapters with another voice or
with more pauses would otherwise differ audibly.

Legend: N samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cosycli.publish.loudness import Loudness, PieceLevel, gains_for, piece_level
from cosycli.sound.joining import Piece, place
from cosycli.sound.levels import to_db

# Silence before the first and after the last sound of a chapter. ACX requires 0.5 to 1 s and 1 to 5 s of room tone;
# the distance to these limits is larger than the delay of any encoder (MP3: 0.05 s).
HEAD_S = 0.75
MIN_TAIL_S, MAX_TAIL_S = 1.5, 4.5


@dataclass(frozen=True)
class ChapterSound:
    """The sound of a chapter.

    Attributes:
        level: 1 for a part or chapter, more for nested ones.
        pieces: yields the same pieces on every call. The pause after the last one extends to the first sound of the
            next chapter, within `MIN_TAIL_S` and `MAX_TAIL_S`.
    """

    title: str
    level: int
    pieces: Callable[[], Iterator[Piece]]


@dataclass(frozen=True)
class ChapterPlan:
    """The layout of a chapter before it is written, in samples from its start.

    Attributes:
        num_samples: length, including the silence at both ends. A chapter without pieces is silent.
        segments: start and end of each piece.
        gains: the factor of each piece.
        gain_db: the largest gain; all pieces have it that no peak limits.
        rms_db: root mean square over all samples, dBFS.
        peak_db: highest absolute sample, dBFS.
    """

    num_samples: int
    segments: tuple[tuple[int, int], ...]
    gains: tuple[float, ...]
    gain_db: float
    rms_db: float
    peak_db: float


@dataclass(frozen=True)
class ChapterTimes:
    """The position of a written chapter in its file, and its levels.

    Attributes:
        file: the file that contains it.
        start_s, end_s: seconds from the start of that file, including the silence at both ends of the chapter.
        segments: start and end of each piece, in seconds from the start of that file.
        gain_db, rms_db, peak_db: as in `ChapterPlan`.
    """

    title: str
    file: Path
    start_s: float
    end_s: float
    segments: tuple[tuple[float, float], ...]
    gain_db: float
    rms_db: float
    peak_db: float


@dataclass(frozen=True)
class Assembly:
    """A written book: its chapters in order, and warnings about what its files lack."""

    chapters: tuple[ChapterTimes, ...]
    warnings: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        return sum(chapter.end_s - chapter.start_s for chapter in self.chapters)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of the book, in order."""
        return tuple(dict.fromkeys(chapter.file for chapter in self.chapters))


def plan_chapter(chapter: ChapterSound, sample_rate: int, loudness: Loudness) -> ChapterPlan:
    """Measure every piece of a chapter, and compute the layout."""
    position = 0
    tail = round(MIN_TAIL_S * sample_rate)
    segments: list[tuple[int, int]] = []
    levels: list[PieceLevel] = []
    for placed in place(chapter.pieces(), sample_rate, HEAD_S):
        start = position + placed.silence
        position = start + len(placed.samples)
        segments.append((start, position))
        levels.append(piece_level(placed.samples))
        tail_s = min(max(placed.pause_after_s - HEAD_S, MIN_TAIL_S), MAX_TAIL_S)
        tail = max(0, round(tail_s * sample_rate) - placed.tail)
    num_samples = (position or round(HEAD_S * sample_rate)) + tail
    gains = gains_for(levels, num_samples, loudness)
    energy = sum(level.energy * gain**2 for level, gain in zip(levels, gains, strict=True))
    return ChapterPlan(
        num_samples=num_samples,
        segments=tuple(segments),
        gains=tuple(gains),
        gain_db=to_db(max(gains, default=1.0)),
        rms_db=to_db(float(np.sqrt(energy / num_samples))),
        peak_db=to_db(max((level.peak * gain for level, gain in zip(levels, gains, strict=True)), default=0.0)),
    )


def chapter_blocks(chapter: ChapterSound, plan: ChapterPlan, sample_rate: int) -> Iterator[NDArray[np.float32]]:
    """Yield the sound of a chapter as blocks (N,), laid out as in `plan`."""
    position = 0
    placed_pieces = place(chapter.pieces(), sample_rate, HEAD_S)
    for placed, (start, end), gain in zip(placed_pieces, plan.segments, plan.gains, strict=True):
        assert end - start == len(placed.samples), "the pieces differ from those that were planned"
        yield np.zeros(start - position, np.float32)
        yield placed.samples * np.float32(gain)
        position = end
    yield np.zeros(plan.num_samples - position, np.float32)
