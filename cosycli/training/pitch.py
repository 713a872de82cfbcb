"""F0 measured from waveforms, the truth that the vocoder's F0 predictor learns.

WORLD's DIO finds the candidates and StoneMask refines them (Morise, Yokomori and Ozawa 2016, "WORLD"). An error of one
percent moves the tenth harmonic by a tenth of F0, and the vocoder then learns noise in the place of harmonics.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

MIN_F0, MAX_F0 = 60.0, 500.0  # Hz
DIO_SPEED = 4  # decimation of its candidates: 500 times real time instead of 60; StoneMask's F0 differs by 0.2 % then
MAX_GAP = 2  # frames without F0 between voiced ones that are voiced too
MARGIN = 1  # frames at both ends of voiced stretches that are voiced too: the filters can silence pulses, not make them


def measure_f0(wave: NDArray[np.float32], sample_rate: int, hop: int) -> Tensor:
    """Waveform (N,) -> F0 (N // hop,) in Hz, 0 where unvoiced; frame i is centred on sample (i + 0.5) * hop."""
    import pyworld

    num_frames = len(wave) // hop
    shifted = np.pad(wave.astype(np.float64), (hop // 2, hop))  # WORLD centres its frames on the multiples of the hop
    period_ms = 1000 * hop / sample_rate
    coarse, times = pyworld.dio(shifted, sample_rate, MIN_F0, MAX_F0, frame_period=period_ms, speed=DIO_SPEED)
    f0 = pyworld.stonemask(shifted, coarse, times, sample_rate)[1 : num_frames + 1]
    return torch.from_numpy(_widened(f0).astype(np.float32))


def _widened(f0: NDArray[np.float64]) -> NDArray[np.float64]:
    """F0 with short gaps filled and voiced stretches made a little longer, by linear interpolation."""
    places = np.flatnonzero(f0)
    if not len(places):
        return f0
    every = np.arange(len(f0))
    after = np.searchsorted(places, every).clip(max=len(places) - 1)
    to_next, to_last = np.abs(places[after] - every), np.abs(every - places[(after - 1).clip(min=0)])
    near = (np.minimum(to_next, to_last) <= MARGIN) | ((every < places[-1]) & (to_next + to_last <= MAX_GAP + 1))
    return np.where((f0 > 0) | near, np.interp(every, places, f0[places]), 0.0)
