"""F0 measured on waves whose F0 is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from cosycli.training.pitch import measure_f0

SAMPLE_RATE, HOP = 24000, 480


def buzz(f0: NDArray[np.float64]) -> NDArray[np.float32]:
    """Eight harmonics of a F0 given per sample: (N,) -> (N,)."""
    phase = 2 * np.pi * (f0 / SAMPLE_RATE).cumsum()
    return np.float32(sum(0.1 / k * np.sin(k * phase) for k in range(1, 9)))


@pytest.mark.parametrize("hz", [70.0, 110.0, 200.0, 333.0])
def test_a_steady_voice(hz: float) -> None:
    measured = measure_f0(buzz(np.full(SAMPLE_RATE, hz)), SAMPLE_RATE, HOP)
    assert measured.shape == (50,)
    torch.testing.assert_close(measured[3:-3], torch.full((44,), hz), rtol=0.002, atol=0)


def test_a_rising_voice_is_measured_where_it_is() -> None:
    glide = np.linspace(100, 250, SAMPLE_RATE)
    centres = torch.from_numpy(glide[HOP // 2 :: HOP]).float()
    torch.testing.assert_close(measure_f0(buzz(glide), SAMPLE_RATE, HOP)[3:-3], centres[3:-3], rtol=0.005, atol=0)


def test_a_voiced_stretch_is_widened_and_its_short_gaps_are_filled() -> None:
    wave = buzz(np.full(SAMPLE_RATE, 200.0))
    wave[: 20 * HOP] = wave[30 * HOP : 31 * HOP] = 0
    voiced = measure_f0(wave, SAMPLE_RATE, HOP) > 0
    assert not voiced[:17].any()
    assert voiced[20:46].all()


def test_noise_and_silence_are_unvoiced() -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal(SAMPLE_RATE).astype(np.float32)
    assert (measure_f0(noise, SAMPLE_RATE, HOP) > 0).float().mean() < 0.1
    assert not measure_f0(np.zeros(SAMPLE_RATE, np.float32), SAMPLE_RATE, HOP).any()
