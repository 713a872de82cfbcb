"""Discriminators tell recordings from the vocoder's waveforms; training needs them, the model does not.

Small ones of two kinds: on every p-th sample (Kong et al. 2020, "HiFi-GAN", multi-period) and on the spectra the
spectral loss sees. Both judge each place apart (least squares, Mao et al. 2017) and lend their inner features to a
feature-matching loss.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

PERIODS = (2, 3, 5, 7, 11)
PERIOD_WIDTHS = (1, 8, 16, 32, 64)
SPECTRUM_WIDTH = 64
NUM_SPECTRUM_LAYERS = 3
SLOPE = 0.1


@dataclass(frozen=True)
class Output:
    """One discriminator's features, layer by layer, and its scores: 1 for a recording, 0 for a made wave."""

    features: list[Tensor]
    scores: Tensor


class Discriminators(nn.Module):
    """All discriminators together.

    Args:
        spectra: takes waveforms (B, N) to magnitudes (B, frequencies, frames) at several resolutions.
        num_frequencies: of each resolution.
    """

    def __init__(self, spectra: Callable[[Tensor], list[Tensor]], num_frequencies: Sequence[int]) -> None:
        super().__init__()
        self.spectra = spectra
        self.of_periods = nn.ModuleList(_period_layers() for _ in PERIODS)
        self.of_spectra = nn.ModuleList(_spectrum_layers(size) for size in num_frequencies)

    def forward(self, wave: Tensor) -> list[Output]:
        """Waveforms (B, N) -> a output of each discriminator."""
        inputs = [_every_nth(wave, period) for period in PERIODS] + [m.log() for m in self.spectra(wave)]
        return [_judge(x, layers) for x, layers in zip(inputs, [*self.of_periods, *self.of_spectra], strict=True)]


def discriminator_loss(real: list[Output], made: list[Output]) -> Tensor:
    """What the discriminators have still to learn: recordings get 1, made waves 0."""
    losses = [(r.scores - 1).square().mean() + m.scores.square().mean() for r, m in zip(real, made, strict=True)]
    return torch.stack(losses).mean()


def adversarial_loss(made: list[Output]) -> Tensor:
    """How far the discriminators are from taking the made waves for recordings."""
    return torch.stack([(output.scores - 1).square().mean() for output in made]).mean()


def feature_loss(real: list[Output], made: list[Output]) -> Tensor:
    """Mean distance of the discriminators' features, each relative to the size of the recording's."""
    losses = [
        F.l1_loss(made_feature, real_feature.detach()) / real_feature.detach().abs().mean()
        for r, m in zip(real, made, strict=True)
        for real_feature, made_feature in zip(r.features, m.features, strict=True)
    ]
    return torch.stack(losses).mean()


def _judge(x: Tensor, layers: nn.Module) -> Output:
    features = []
    *inner, last = layers.children()
    for layer in inner:
        x = F.leaky_relu(layer(x), SLOPE)
        features.append(x)
    return Output(features, last(x))


def _every_nth(wave: Tensor, period: int) -> Tensor:
    """(B, N) -> (B * period, 1, N // period): each row holds every `period`-th sample."""
    batch_size, num_samples = wave.shape
    columns = wave[:, : num_samples // period * period].reshape(batch_size, -1, period)
    return columns.transpose(1, 2).reshape(batch_size * period, 1, -1)


def _period_layers() -> nn.Sequential:
    pairs = pairwise(PERIOD_WIDTHS)
    layers = [weight_norm(nn.Conv1d(before, after, 5, stride=3, padding=2)) for before, after in pairs]
    return nn.Sequential(*layers, weight_norm(nn.Conv1d(PERIOD_WIDTHS[-1], 1, 3, padding=1)))


def _spectrum_layers(num_frequencies: int) -> nn.Sequential:
    widths = [num_frequencies] + [SPECTRUM_WIDTH] * NUM_SPECTRUM_LAYERS
    layers = [weight_norm(nn.Conv1d(before, after, 3, padding=1)) for before, after in pairwise(widths)]
    return nn.Sequential(*layers, weight_norm(nn.Conv1d(SPECTRUM_WIDTH, 1, 3, padding=1)))
