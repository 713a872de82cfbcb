"""Joins takes into continuous sound, one take at a time: trims and fades their ends, and fills in the pauses.

Legend: N samples.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cosycli.sound.levels import frame_levels

MARGIN_S = 0.1  # silence kept at both ends of a take; also keeps soft onsets such as /h/ and /f/
FADE_S = 0.005  # shorter than the burst of a plosive, long enough to avoid clicks
PEAK = 10 ** (-1.5 / 20)  # -1.5 dBFS: lossy formats overshoot, and stay below -1
FRAME_S = 0.01
SOUND_DB = -45.0  # relative to the loudest frame; softer frames are silence. The softest fricatives are near -35


@dataclass(frozen=True)
class Piece:
    """One utterance and its pauses.

    Attributes:
        samples: float32 (N,), full scale is 1.
        pause_after_s: seconds between its last sound and the first sound of the next piece.
        pause_before_s: additional seconds before its first sound.
    """

    samples: NDArray[np.float32]
    pause_after_s: float
    pause_before_s: float = 0.0


@dataclass(frozen=True)
class Placed:
    """A piece with trimmed and faded ends, and its position.

    Attributes:
        silence: number of silent samples to write before it.
        samples: float32 (N,), at their original level.
        tail: number of its samples after the last sound.
        pause_after_s: as in `Piece`.
    """

    silence: int
    samples: NDArray[np.float32]
    tail: int
    pause_after_s: float


@dataclass(frozen=True)
class _Trimmed:
    samples: NDArray[np.float32]
    lead: int  # silent samples kept before the first sound
    tail: int  # silent samples kept after the last sound


def join(pieces: Iterable[Piece], sample_rate: int) -> Iterator[NDArray[np.float32]]:
    """Yield the joined pieces as consecutive blocks (N,).

    Silence at both ends of a piece is cut to at most `MARGIN_S`, and the edges are faded. A piece with a peak above
    `PEAK` is attenuated as a whole. The pause after the last piece is omitted.
    """
    for placed in place(pieces, sample_rate):
        yield np.zeros(placed.silence, np.float32)
        yield _limit(placed.samples)


def place(pieces: Iterable[Piece], sample_rate: int, head_s: float = 0.0) -> Iterator[Placed]:
    """Trim and fade each piece, and compute the silence before it; the first sound comes after `head_s` seconds."""
    gap = head_s * sample_rate  # samples between the last sound and the next one
    for piece in pieces:
        trimmed = _trim(piece.samples, sample_rate)
        silence = max(0, round(gap + piece.pause_before_s * sample_rate - trimmed.lead))
        yield Placed(silence, _fade(trimmed.samples, sample_rate), trimmed.tail, piece.pause_after_s)
        gap = piece.pause_after_s * sample_rate - trimmed.tail


def _trim(samples: NDArray[np.float32], sample_rate: int) -> _Trimmed:
    frame = round(FRAME_S * sample_rate)
    levels = frame_levels(samples, frame) if len(samples) else np.zeros(0)
    sounding = np.flatnonzero(levels > levels.max(initial=-np.inf) + SOUND_DB)
    if not len(sounding):
        return _Trimmed(samples, 0, 0)
    first, last = int(sounding[0]) * frame, min((int(sounding[-1]) + 1) * frame, len(samples))
    margin = round(MARGIN_S * sample_rate)
    start, end = max(0, first - margin), min(len(samples), last + margin)
    return _Trimmed(samples[start:end], first - start, end - last)


def _limit(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    peak = float(np.abs(samples).max(initial=0.0))
    limited: NDArray[np.float32] = samples * np.float32(PEAK / max(peak, PEAK))
    return limited


def _fade(samples: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """Apply raised-cosine ramps at both ends."""
    length = min(round(FADE_S * sample_rate), len(samples) // 2)
    ramp = (0.5 - 0.5 * np.cos(np.pi * np.arange(length) / max(length, 1))).astype(np.float32)
    faded: NDArray[np.float32] = samples.copy()
    faded[:length] *= ramp
    faded[len(faded) - length :] *= ramp[::-1]
    return faded
