"""F0 measured from waveforms, the truth that the vocoder's F0 predictor learns.

A frame is voiced where it repeats itself: the normalised cross-correlation of Talkin (1995, "A robust algorithm for
pitch tracking"), with the shortest of the nearly best lags, so that a multiple of the period is not taken for it.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["measure_f0"]

DECIMATION = 3  # correlate at 8 kHz: F0 and the harmonics that carry it are far below 4 kHz
MIN_F0 = 60.0  # Hz
MAX_F0 = 500.0
SPAN_S = 0.03  # how much of the wave is compared with its later self
MIN_CORRELATION = 0.6
NEARLY_BEST = 0.9
SILENCE_RMS = 10 ** (-45 / 20)


def measure_f0(wave: Tensor, sample_rate: int, hop: int) -> Tensor:
    """Waveforms (B, N) -> F0 (B, N // hop) in Hz, 0 where unvoiced; frame i is centred on sample (i + 0.5) * hop."""
    rate = sample_rate / DECIMATION
    slow = F.avg_pool1d(wave[:, None], 2 * DECIMATION + 1, DECIMATION, padding=DECIMATION)[:, 0]
    min_lag, max_lag, span = int(rate / MAX_F0), int(rate / MIN_F0) + 1, int(rate * SPAN_S)
    frames = _centred_frames(slow, span + max_lag + 1, hop // DECIMATION, wave.shape[1] // hop)
    correlation = _correlate_with_later(frames, span)[..., min_lag:]
    best = correlation[..., 1:-1].amax(dim=2, keepdim=True)
    lag = _first_peak(correlation, NEARLY_BEST * best)
    frequency = rate / (min_lag + lag)
    voiced = (best[..., 0] > MIN_CORRELATION) & (frames.square().mean(dim=2).sqrt() > SILENCE_RMS)
    return _median_of_three(torch.where(voiced, frequency, 0.0))


def _centred_frames(wave: Tensor, size: int, hop: int, num_frames: int) -> Tensor:
    """(B, N) -> (B, num_frames, size) without each frame's mean."""
    before = (size - hop) // 2
    padded = F.pad(wave, (before, size))
    frames: Tensor = padded.unfold(1, size, hop)[:, :num_frames]
    return frames - frames.mean(dim=2, keepdim=True)


def _correlate_with_later(frames: Tensor, span: int) -> Tensor:
    """How alike the first `span` samples of a frame are to those `lag` later, -1 to 1: (B, M, size) -> (B, M, lags)."""
    size = frames.shape[2]
    n_fft = 2 * size
    first = torch.fft.rfft(frames[..., :span], n_fft)
    products = torch.fft.irfft(first.conj() * torch.fft.rfft(frames, n_fft), n_fft)[..., : size - span]
    sums = F.pad(frames.square().cumsum(dim=2), (1, 0))
    energies = (sums[..., span:] - sums[..., :-span])[..., : size - span]
    correlation: Tensor = products / (energies[..., :1] * energies).sqrt().clamp(min=1e-6)
    return correlation


def _first_peak(correlation: Tensor, threshold: Tensor) -> Tensor:
    """Index of the first local maximum above the threshold (B, M, 1), refined by a parabola: (B, M)."""
    left, centre, right = correlation[..., :-2], correlation[..., 1:-1], correlation[..., 2:]
    is_peak = (centre >= left) & (centre >= right) & (centre >= threshold)
    place = is_peak.int().argmax(dim=2, keepdim=True)
    low, mid, high = (values.gather(2, place)[..., 0] for values in (left, centre, right))
    shift = 0.5 * (low - high) / (low - 2 * mid + high).clamp(max=-1e-6)
    return place[..., 0] + 1 + shift.clamp(-0.5, 0.5)


def _median_of_three(f0: Tensor) -> Tensor:
    """Each value as the middle one of itself and its neighbours: single wrong frames disappear."""
    return F.pad(f0[:, None], (1, 1), mode="replicate")[:, 0].unfold(1, 3, 1).median(dim=2).values
