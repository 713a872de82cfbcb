"""Measures the level, the noise and the clipping of a recording.

Legend: N samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FRAME_S = 0.02  # about two pitch periods of a low voice
FLOOR_DB = -120.0  # stands for digital silence; the quantisation noise of 16 bits is -98 dB
CLIP_LEVEL = 0.999  # full scale of 16 bits is 0.99997
CLIP_RUN = 3  # consecutive samples at full scale; a single peak is not clipping


@dataclass(frozen=True)
class Measurements:
    """The technical quality of a recording.

    Attributes:
        peak_db: highest absolute sample, dBFS.
        level_db: speech level, dBFS: the 90th percentile of the frame levels.
        noise_db: pause level, dBFS: the 5th percentile of the frame levels.
        clipped: fraction of the samples that lie in runs at full scale, 0 to 1.
    """

    duration_s: float
    peak_db: float
    level_db: float
    noise_db: float
    clipped: float

    @property
    def snr_db(self) -> float:
        return self.level_db - self.noise_db


def measure(samples: NDArray[np.float32], sample_rate: int) -> Measurements:
    """Measure `samples` (N,), N > 0."""
    levels = frame_levels(samples, round(FRAME_S * sample_rate))
    return Measurements(
        duration_s=len(samples) / sample_rate,
        peak_db=to_db(float(np.abs(samples).max())),
        level_db=float(np.percentile(levels, 90)),
        noise_db=float(np.percentile(levels, 5)),
        clipped=_clipped_fraction(samples),
    )


def frame_levels(samples: NDArray[np.float32], frame: int) -> NDArray[np.float64]:
    """RMS level in dBFS of each frame of `frame` samples: (ceil(N / frame),); zeros complete the last frame."""
    padded = np.pad(samples.astype(np.float64), (0, -len(samples) % frame))
    power = np.square(padded).reshape(-1, frame).mean(axis=1)
    levels: NDArray[np.float64] = 10 * np.log10(np.maximum(power, 10 ** (FLOOR_DB / 10)))
    return levels


def to_db(amplitude: float) -> float:
    return float(20 * np.log10(max(amplitude, 10 ** (FLOOR_DB / 20))))


def _clipped_fraction(samples: NDArray[np.float32]) -> float:
    """Fraction of the samples that lie in runs of at least `CLIP_RUN` at full scale."""
    full = (np.abs(samples) >= CLIP_LEVEL).astype(np.int8)
    edges = np.diff(full, prepend=0, append=0)
    runs = np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)
    return float(runs[runs >= CLIP_RUN].sum() / len(samples))
