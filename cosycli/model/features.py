"""Acoustic features: what the networks see of a waveform.

Shapes: B batch, N samples, M mel frames. Waveforms are float32 in -1..1.
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from cosycli.model.profile import MelProfile

ANALYSIS_RATE = 16000  # Hz, of the features for speech tokens and speaker embeddings
WHISPER_N_FFT = 400  # 25 ms
WHISPER_HOP = 160  # 10 ms
KALDI_FRAME = 400  # 25 ms
KALDI_HOP = 160  # 10 ms
KALDI_N_FFT = 512  # the frame rounded up to a power of two
KALDI_PREEMPHASIS = 0.97
KALDI_FMIN = 20.0  # Hz
KALDI_FLOOR = torch.finfo(torch.float32).eps


def log_mel(wave: Tensor, profile: MelProfile) -> Tensor:
    """Natural-log mel magnitudes, the spectrogram between flow and vocoder.

    Args:
        wave: (B, N) at `profile.sample_rate`, longer than half a window.

    Returns:
        (B, num_mels, M) with M = N // hop. Frame i is centred on samples i·hop to (i+1)·hop.
    """
    edge = (profile.n_fft - profile.hop) // 2
    padded = F.pad(wave[:, None], (edge, edge), mode="reflect")[:, 0]
    window = torch.hann_window(profile.n_fft, device=wave.device)
    spectrum = torch.stft(padded, profile.n_fft, profile.hop, window=window, center=False, return_complex=True)
    magnitude = (spectrum.real.square() + spectrum.imag.square() + 1e-9).sqrt()
    filters = slaney_filterbank(profile.sample_rate, profile.n_fft, profile.num_mels, profile.fmin, profile.fmax)
    return (filters.to(wave.device) @ magnitude).clamp(min=1e-5).log()


def whisper_log_mel(wave: Tensor, num_mels: int = 128) -> Tensor:
    """Log-mel power as Whisper defines it (Radford et al. 2022, section 2.2): 80 dB deep, scaled to about -1..1.

    Args:
        wave: (B, N) at 16 kHz. The loudest point of each row sets its floor, so rows must not be padded.

    Returns:
        (B, num_mels, N // 160): 100 frames a second.
    """
    window = torch.hann_window(WHISPER_N_FFT, device=wave.device)
    spectrum = torch.stft(wave, WHISPER_N_FFT, WHISPER_HOP, window=window, return_complex=True)
    power = spectrum[..., :-1].abs().square()
    filters = slaney_filterbank(ANALYSIS_RATE, WHISPER_N_FFT, num_mels, 0.0, ANALYSIS_RATE / 2)
    level = (filters.to(wave.device) @ power).clamp(min=1e-10).log10()
    floor = level.amax(dim=(1, 2), keepdim=True) - 8
    return (level.maximum(floor) + 4) / 4


def kaldi_fbank(wave: Tensor, num_mels: int = 80, subtract_mean: bool = False) -> Tensor:
    """Log-mel power as Kaldi's `compute-fbank-feats` defines it, without dither.

    Args:
        wave: (B, N) at 16 kHz, N >= 400.
        subtract_mean: take away each band's mean over time, so rows must not be padded.

    Returns:
        (B, frames, num_mels) with frames = 1 + (N - 400) // 160.
    """
    frames = wave.unfold(1, KALDI_FRAME, KALDI_HOP)
    frames = frames - frames.mean(dim=2, keepdim=True)
    before = torch.cat([frames[..., :1], frames[..., :-1]], dim=2)
    window = torch.hann_window(KALDI_FRAME, periodic=False, device=wave.device) ** 0.85  # Kaldi's "povey" window
    power = torch.fft.rfft((frames - KALDI_PREEMPHASIS * before) * window, KALDI_N_FFT).abs().square()
    filters = _kaldi_filterbank(num_mels).to(wave.device)
    level: Tensor = (power @ filters.T).clamp(min=KALDI_FLOOR).log()
    return level - level.mean(dim=1, keepdim=True) if subtract_mean else level


@lru_cache
@torch.inference_mode(mode=False)  # what is kept must serve training too
def slaney_filterbank(sample_rate: int, n_fft: int, num_mels: int, fmin: float, fmax: float) -> Tensor:
    """Triangles of equal area, evenly spaced on Slaney's mel scale (Auditory Toolbox, 1998).

    Returns:
        (num_mels, n_fft // 2 + 1)
    """
    edges = _slaney_hz(torch.linspace(_slaney_mel(fmin), _slaney_mel(fmax), num_mels + 2, dtype=torch.float64))
    bins = torch.linspace(0, sample_rate / 2, n_fft // 2 + 1, dtype=torch.float64)
    area = 2 / (edges[2:] - edges[:-2])
    filters: Tensor = _triangles(bins, edges) * area[:, None]
    return filters.float()


@lru_cache
@torch.inference_mode(mode=False)
def _kaldi_filterbank(num_mels: int) -> Tensor:
    """Triangles on the mel scale 1127·ln(1 + f/700), straight in mel rather than in Hz: (num_mels, 257).

    In float32 throughout, as the features that the speaker encoders were trained on: in quiet bands the
    logarithm shows the difference.
    """
    lowest, highest = (1127 * math.log(1 + hz / 700) for hz in (KALDI_FMIN, ANALYSIS_RATE / 2))
    edges = lowest + torch.arange(num_mels + 2) * ((highest - lowest) / (num_mels + 1))
    bins = torch.arange(KALDI_N_FFT // 2 + 1) * (ANALYSIS_RATE / KALDI_N_FFT)
    return _triangles(1127 * torch.log(1 + bins / 700), edges)


def _triangles(points: Tensor, edges: Tensor) -> Tensor:
    """Triangle i rises from edges[i] to 1 at edges[i + 1] and falls to edges[i + 2]: (len(edges) - 2, len(points))."""
    left, peak, right = (edges[i : len(edges) - 2 + i, None] for i in range(3))
    return torch.minimum((points - left) / (peak - left), (right - points) / (right - peak)).clamp(min=0)


# Slaney's scale: linear below 1000 Hz (3 mels per 200 Hz), then 27 steps for each factor of 6.4.
_BREAK_HZ = 1000.0
_MELS_PER_HZ = 3 / 200
_BREAK_MEL = _BREAK_HZ * _MELS_PER_HZ
_LOG_STEP = math.log(6.4) / 27


def _slaney_mel(hz: float) -> float:
    return hz * _MELS_PER_HZ if hz < _BREAK_HZ else _BREAK_MEL + math.log(hz / _BREAK_HZ) / _LOG_STEP


def _slaney_hz(mel: Tensor) -> Tensor:
    return torch.where(mel < _BREAK_MEL, mel / _MELS_PER_HZ, _BREAK_HZ * torch.exp((mel - _BREAK_MEL) * _LOG_STEP))
