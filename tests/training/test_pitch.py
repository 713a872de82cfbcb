"""F0 measured on waves whose F0 is known."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from cosycli.training.pitch import measure_f0

SAMPLE_RATE, HOP = 24000, 480


def buzz(f0: Tensor) -> Tensor:
    """Eight harmonics of a F0 given per sample: (N,) -> (1, N)."""
    phase = 2 * torch.pi * (f0.double() / SAMPLE_RATE).cumsum(0)
    return sum(0.1 / k * torch.sin(k * phase) for k in range(1, 9)).float()[None]


@pytest.mark.parametrize("hz", [70.0, 110.0, 200.0, 333.0])
def test_a_steady_voice(hz: float) -> None:
    measured = measure_f0(buzz(torch.full((SAMPLE_RATE,), hz)), SAMPLE_RATE, HOP)
    assert measured.shape == (1, 50)
    torch.testing.assert_close(measured[0, 2:-3], torch.full((45,), hz), rtol=0.005, atol=0)


def test_a_rising_voice() -> None:
    glide = torch.linspace(100, 250, SAMPLE_RATE)
    measured = measure_f0(buzz(glide), SAMPLE_RATE, HOP)[0]
    centres = glide[HOP // 2 :: HOP]
    torch.testing.assert_close(measured[2:-3], centres[2:-3], rtol=0.03, atol=0)


def test_noise_and_silence_are_unvoiced() -> None:
    noise = 0.1 * torch.randn(1, SAMPLE_RATE, generator=torch.Generator().manual_seed(0))
    assert not measure_f0(noise, SAMPLE_RATE, HOP).any()
    assert not measure_f0(torch.zeros(1, SAMPLE_RATE), SAMPLE_RATE, HOP).any()
