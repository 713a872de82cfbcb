"""Computes the gains that bring a chapter to one loudness; pieces are scaled as a whole, never limited or compressed.

Levels are root mean squares over all samples including pauses, as ACX measures a file
("ACX Audio Submission Requirements": -23 to -18 dB RMS, peaks at most -3 dB).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cosycli.errors import UsageError

# Pieces without loud peaks may exceed the common gain by this much; sentences of one reader differ by more.
MAX_MAKE_UP_DB = 3.0
LOUDEST_DB, SOFTEST_DB = -14.0, -35.0  # beyond these, speech exceeds the peak limit or is inaudible on a train


@dataclass(frozen=True)
class Loudness:
    """The target loudness of every chapter.

    Attributes:
        rms_db: dBFS over the whole chapter; -20 is about the middle of ACX's range.
        peak_db: dBFS that no sample exceeds: ACX's -3, less the overshoot of lossy formats. On 54 takes of the
            built-in voices Opus raised peaks by at most 0.20 dB, MP3 by 0.15 and AAC by 0.04.

    Raises:
        UsageError: `rms_db` is out of range.
    """

    rms_db: float = -20.0
    peak_db: float = -3.3

    def __post_init__(self) -> None:
        if not SOFTEST_DB <= self.rms_db <= LOUDEST_DB:
            raise UsageError(
                f"A loudness of {self.rms_db:g} dB RMS is not possible.",
                f"Give {SOFTEST_DB:g} to {LOUDEST_DB:g}; audiobooks have -23 to -18, the default is -20.",
            )


AUDIOBOOK = Loudness()


@dataclass(frozen=True)
class PieceLevel:
    """The sum of squares and the highest absolute value of the samples of a piece."""

    energy: float
    peak: float


def piece_level(samples: NDArray[np.float32]) -> PieceLevel:
    """Measure `samples` (N,)."""
    return PieceLevel(float(np.square(samples, dtype=np.float64).sum()), float(np.abs(samples).max(initial=0.0)))


def gains_for(pieces: Sequence[PieceLevel], num_samples: int, loudness: Loudness) -> list[float]:
    """The factor for each piece of a chapter of `num_samples` including pauses.

    All pieces get the same gain, except that a piece whose peak would exceed the limit gets the largest gain that keeps
    it there. The others compensate for the missing level by at most `MAX_MAKE_UP_DB`.
    """
    wanted = num_samples * 10 ** (loudness.rms_db / 10)
    total = sum(piece.energy for piece in pieces)
    if total == 0:
        return [1.0] * len(pieces)
    limits = [10 ** (loudness.peak_db / 20) / piece.peak if piece.peak else math.inf for piece in pieces]
    most = math.sqrt(wanted / total) * 10 ** (MAX_MAKE_UP_DB / 20)
    gain = min(most, _shared_gain([piece.energy for piece in pieces], limits, wanted))
    return [min(gain, limit) for limit in limits]


def _shared_gain(energies: Sequence[float], limits: Sequence[float], wanted: float) -> float:
    """The g for which the sum of energies * min(g, limit)^2 is `wanted`; infinite if there is none.

    Between two consecutive limits the sum is a constant plus a multiple of g^2: from the lowest limit upwards, the
    first interval that contains its own solution gives the answer.
    """
    limited, free = 0.0, sum(energies)
    for limit, energy in sorted(zip(limits, energies, strict=True)):
        gain = math.sqrt(max(wanted - limited, 0.0) / free) if free > 0 else math.inf
        if gain <= limit:
            return gain
        limited += energy * limit**2
        free -= energy
    return math.inf
