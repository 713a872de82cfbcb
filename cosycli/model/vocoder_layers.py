"""What the vocoder is made of.

Shapes: B batch, M mel frames, D channels, L positions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from cosycli.model.convolutions import AheadConv, CausalConv, CausalDownsampling, CausalUpsampling
from cosycli.model.harmonic_source import HarmonicSource, SampledSource, SteppedSource
from cosycli.model.masks import keep_valid
from cosycli.model.profile import CausalVocoderProfile, VocoderProfile

PRE_KERNEL, F0_KERNEL = 7, 3
NUM_F0_LAYERS = 5


@dataclass(frozen=True)
class Layers:
    """What a vocoder is made of: the versions differ in how far ahead of a position their convolutions see.

    Attributes:
        source: of a profile and the hop.
        convolution: of two widths, a kernel and a dilation; keeps the length, as the next two do.
        first, first_of_f0: of two widths; they read the mel.
        upsampling: of two widths, a kernel and a rate.
        downsampling: of two widths and a stride.
    """

    source: Callable[[VocoderProfile, int], HarmonicSource]
    convolution: Callable[[int, int, int, int], nn.Module]
    first: Callable[[int, int], nn.Module]
    first_of_f0: Callable[[int, int], nn.Module]
    upsampling: Callable[[int, int, int, int], nn.Module]
    downsampling: Callable[[int, int, int], nn.Module]


def _convolution(width_in: int, width_out: int, kernel: int, dilation: int) -> nn.Module:
    conv = nn.Conv1d(width_in, width_out, kernel, dilation=dilation, padding=(kernel - 1) * dilation // 2)
    return _normed(conv)


def _upsampling(width_in: int, width_out: int, kernel: int, rate: int) -> nn.Module:
    """A transposed convolution: L -> L * rate."""
    return _normed(nn.ConvTranspose1d(width_in, width_out, kernel, stride=rate, padding=(kernel - rate) // 2))


def _downsampling(width_in: int, width_out: int, stride: int) -> nn.Module:
    """From the STFT frames of the source to the rate of one level."""
    if stride == 1:
        return nn.Conv1d(width_in, width_out, 1)
    return nn.Conv1d(width_in, width_out, 2 * stride, stride=stride, padding=stride // 2)


def _normed(conv: nn.Module) -> nn.Module:
    normed: nn.Module = weight_norm(conv)
    return normed


CENTRED = Layers(
    source=HarmonicSource,
    convolution=_convolution,
    first=lambda width_in, width_out: _convolution(width_in, width_out, PRE_KERNEL, 1),
    first_of_f0=lambda width_in, width_out: _convolution(width_in, width_out, F0_KERNEL, 1),
    upsampling=_upsampling,
    downsampling=_downsampling,
)
SAMPLED = replace(CENTRED, source=SampledSource)


def causal_layers(profile: CausalVocoderProfile) -> Layers:
    """Layers that see only the past, but for the two that read the mel."""
    return Layers(
        source=SteppedSource,
        convolution=lambda width_in, width_out, kernel, dilation: _normed(
            CausalConv(width_in, width_out, kernel, dilation=dilation)
        ),
        first=lambda width_in, width_out: _normed(AheadConv(width_in, width_out, profile.lookahead + 1)),
        first_of_f0=lambda width_in, width_out: _normed(AheadConv(width_in, width_out, profile.f0_lookahead + 1)),
        upsampling=lambda width_in, width_out, kernel, rate: _normed(
            CausalUpsampling(width_in, width_out, kernel, rate)
        ),
        downsampling=_causal_downsampling,
    )


def _causal_downsampling(width_in: int, width_out: int, stride: int) -> nn.Module:
    if stride == 1:
        return nn.Conv1d(width_in, width_out, 1)
    return CausalDownsampling(width_in, width_out, stride)


class F0Predictor(nn.Module):
    """Five convolutions with ELU and a linear layer."""

    def __init__(self, num_mels: int, width: int, layers: Layers) -> None:
        super().__init__()
        rest = [layers.convolution(width, width, F0_KERNEL, 1) for _ in range(NUM_F0_LAYERS - 1)]
        convolutions = [layers.first_of_f0(num_mels, width), *rest]
        self.condnet = nn.Sequential(*(layer for convolution in convolutions for layer in (convolution, nn.ELU())))
        self.classifier = nn.Linear(width, 1)

    def forward(self, mel: Tensor, mask: Tensor | None) -> Tensor:
        """(B, num_mels, M) -> (B, M) Hz."""
        x = mel
        for layer in self.condnet:
            x = keep_valid(layer(x), mask)
        f0: Tensor = self.classifier(x.transpose(1, 2))[..., 0].abs()
        return f0


class ResidualBlock(nn.Module):
    """Pairs of a dilated and a plain convolution, each after a Snake, each pair with a skip."""

    def __init__(self, width: int, kernel: int, dilations: Sequence[int], layers: Layers) -> None:
        super().__init__()
        self.convs1 = nn.ModuleList(layers.convolution(width, width, kernel, dilation) for dilation in dilations)
        self.convs2 = nn.ModuleList(layers.convolution(width, width, kernel, 1) for _ in dilations)
        self.activations1 = nn.ModuleList(Snake(width) for _ in dilations)
        self.activations2 = nn.ModuleList(Snake(width) for _ in dilations)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """(B, D, L) -> (B, D, L)."""
        for conv1, conv2, snake1, snake2 in zip(
            self.convs1, self.convs2, self.activations1, self.activations2, strict=True
        ):
            inner = keep_valid(conv1(snake1(x)), mask)
            x = x + keep_valid(conv2(snake2(inner)), mask)
        return x


class Snake(nn.Module):
    """x + sin²(αx) / α, an activation that prefers periodic functions (Ziyin et al. 2020)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """(B, D, L) -> (B, D, L)."""
        activated: Tensor = _SnakeFunction.apply(x, self.alpha[:, None])  # type: ignore[no-untyped-call]
        return activated


class _SnakeFunction(torch.autograd.Function):
    """Snake with the gradient written out: a quarter off the time of a training step, and half its memory."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, alpha: Tensor) -> Tensor:
        ctx.save_for_backward(x, alpha)
        sine = (alpha * x).sin_()
        scaled = sine / (alpha + 1e-9)
        return torch.addcmul(x, sine, scaled, out=scaled)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        x, alpha = ctx.saved_tensors
        grad = grads[0]
        part = grad * torch.sin(2 * alpha * x)
        sine_squared = torch.sin(alpha * x).square()
        grad_alpha = (part * x / alpha - grad * sine_squared / alpha.square()).sum(dim=(0, 2))[:, None]
        return grad + part, grad_alpha


def overlap_add(frames: Tensor, hop: int) -> Tensor:
    """Frames (B, n_fft, L) laid `hop` apart and summed: (B, (L - 1) * hop + n_fft)."""
    n_fft, num_frames = frames.shape[1:]
    size = (num_frames - 1) * hop + n_fft
    return F.fold(frames, (1, size), (1, n_fft), stride=(1, hop))[:, 0, 0]
