"""HiFT, the vocoder: mel to waveform by a harmonic source and an inverse STFT.

A source of sines at multiples of the predicted F0, plus noise, is shaped by an upsampling network that ends in the
magnitudes and phases of a small STFT (Li et al. 2023, "HiFTNet"; neural source filter: Wang et al. 2019).
Module names are those of the published checkpoints.

Shapes: B batch, M mel frames, N samples, D channels, L positions at any rate, K = n_fft // 2 + 1 frequency bins.
`lengths` (B,) counts the valid mel frames of each row; None means that all are valid. What lies after a row's end is
kept at zero throughout, as if the row were alone and met the zero padding of its convolutions.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import prod
from operator import mul
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from cosycli.model.profile import VocoderProfile

__all__ = ["Vocoder"]

PRE_KERNEL = 7
POST_KERNEL = 7
POST_SLOPE = 0.01  # of the leaky ReLU before conv_post; the other levels use the profile's
MAX_MAGNITUDE = 100.0


class Vocoder(nn.Module):
    """The whole vocoder. All computation is float32: phases do not survive less."""

    def __init__(self, profile: VocoderProfile) -> None:
        super().__init__()
        self.profile = profile
        self.hop = prod(profile.upsample_rates) * profile.istft_hop  # samples per mel frame
        self.m_source = HarmonicSource(profile, self.hop)
        self.f0_predictor = F0Predictor(profile.num_mels, profile.f0_width)
        widths = [profile.width // 2 ** (level + 1) for level in range(len(profile.upsample_rates))]
        num_bins = profile.istft_n_fft // 2 + 1
        self.conv_pre = _conv(profile.num_mels, profile.width, PRE_KERNEL)
        self.ups = nn.ModuleList(
            _upsampling(width * 2, width, kernel, rate)
            for width, kernel, rate in zip(widths, profile.upsample_kernels, profile.upsample_rates, strict=True)
        )
        self.source_downs = nn.ModuleList(
            _downsampling(2 * num_bins, width, rate)
            for width, rate in zip(widths, _source_strides(profile.upsample_rates), strict=True)
        )
        self.source_resblocks = nn.ModuleList(
            ResidualBlock(width, kernel, dilations)
            for width, kernel, dilations in zip(widths, profile.source_kernels, profile.source_dilations, strict=True)
        )
        self.resblocks = nn.ModuleList(
            ResidualBlock(width, kernel, dilations)
            for width in widths
            for kernel, dilations in zip(profile.resblock_kernels, profile.resblock_dilations, strict=True)
        )
        self.conv_post = _conv(widths[-1], 2 * num_bins, POST_KERNEL)
        self.register_buffer("window", torch.hann_window(profile.istft_n_fft), persistent=False)
        self.register_buffer("to_frame", _inverse_dft(profile.istft_n_fft) * self.window[:, None], persistent=False)
        self.window: Tensor
        self.to_frame: Tensor

    def forward(self, mel: Tensor, lengths: Tensor, generators: Sequence[torch.Generator]) -> Tensor:
        """Waveforms of a padded batch; each row is what it would be alone.

        Args:
            mel: (B, num_mels, M) natural-log mel.
            lengths: (B,) valid frames of each row, at least 1.
            generators: one per row, on the CPU, for the source's phases and noise.

        Returns:
            (B, M * hop) in -audio_limit..audio_limit, zero after each row's lengths * hop samples.
        """
        ends = None if bool((lengths == mel.shape[2]).all()) else lengths
        f0 = self.predict_f0(mel, ends)
        return self.decode(mel, self.source(f0, generators, ends), ends)

    def predict_f0(self, mel: Tensor, lengths: Tensor | None = None) -> Tensor:
        """(B, num_mels, M) -> (B, M) fundamental frequency in Hz, near 0 where unvoiced."""
        mask = _valid(lengths, mel.shape[2])
        f0: Tensor = self.f0_predictor(_keep(mel, mask), mask)
        return f0

    def source(self, f0: Tensor, generators: Sequence[torch.Generator], lengths: Tensor | None = None) -> Tensor:
        """(B, M) F0 in Hz -> (B, 1, N) the excitation: sines where voiced, noise elsewhere."""
        excitation: Tensor = self.m_source(f0, generators, lengths)
        return excitation

    def decode(self, mel: Tensor, source: Tensor, lengths: Tensor | None = None) -> Tensor:
        """(B, num_mels, M) and the excitation (B, 1, N) -> (B, N). Free of randomness."""
        spectrum = self._analyse(source[:, 0], lengths)
        x = self.conv_pre(_keep(mel, _valid(lengths, mel.shape[2])))
        x = _keep(x, _valid(lengths, mel.shape[2]))
        rate = 1
        for level, upsample in enumerate(self.ups):
            x = upsample(F.leaky_relu(x, self.profile.leaky_slope))
            rate *= self.profile.upsample_rates[level]
            extra = 0
            if level == len(self.ups) - 1:  # an STFT with centred frames has one more than its hops
                x, extra = F.pad(x, (1, 0), mode="reflect"), 1
            mask = _valid(lengths, x.shape[2], rate, extra)
            x = _keep(x, mask)
            x = x + self.source_resblocks[level](_keep(self.source_downs[level](spectrum), mask), mask)
            x = self._fuse(level, x, mask)
        return self._synthesise(self.conv_post(F.leaky_relu(x, POST_SLOPE)), lengths)

    def _fuse(self, level: int, x: Tensor, mask: Tensor | None) -> Tensor:
        """The mean of the residual blocks of one level, each with its own receptive field."""
        num_kernels = len(self.profile.resblock_kernels)
        blocks = list(self.resblocks)[level * num_kernels : (level + 1) * num_kernels]
        return torch.stack([block(x, mask) for block in blocks]).mean(dim=0)

    def _analyse(self, source: Tensor, lengths: Tensor | None) -> Tensor:
        """STFT of the excitation (B, N) -> (B, 2 K, N // istft_hop + 1), real parts then imaginary parts."""
        n_fft, hop = self.profile.istft_n_fft, self.profile.istft_hop
        if lengths is not None:
            source = _reflect_ends(source, (lengths * self.hop).tolist(), n_fft // 2)
        padded = F.pad(source[:, None], (n_fft // 2, n_fft // 2), mode="reflect")[:, 0]
        spectrum = torch.stft(padded, n_fft, hop, window=self.window, center=False, return_complex=True)
        parts = torch.cat([spectrum.real, spectrum.imag], dim=1)
        return _keep(parts, _valid(lengths, parts.shape[2], self.hop // hop, 1))

    def _synthesise(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Inverse STFT of log-magnitudes and phases (B, 2 K, L) -> (B, (L - 1) * istft_hop)."""
        n_fft, hop = self.profile.istft_n_fft, self.profile.istft_hop
        num_bins = n_fft // 2 + 1
        magnitude, phase = x[:, :num_bins].float().exp().clamp(max=MAX_MAGNITUDE), x[:, num_bins:].float().sin()
        mask = _valid(lengths, x.shape[2], self.hop // hop, 1)
        frames = _keep(self.to_frame @ torch.cat([magnitude * phase.cos(), magnitude * phase.sin()], dim=1), mask)
        present = frames.new_ones(1, 1, x.shape[2]) if mask is None else mask.float()
        weight = _overlap_add(present * self.window.square()[:, None], hop)
        wave = _overlap_add(frames, hop) / weight.clamp(min=1e-8)
        wave = wave[:, n_fft // 2 : -(n_fft // 2)].clamp(-self.profile.audio_limit, self.profile.audio_limit)
        return _keep(wave[:, None], _valid(lengths, wave.shape[1], self.hop))[:, 0]


class HarmonicSource(nn.Module):
    """Sines at F0 and its harmonics where voiced, noise everywhere, mixed to one channel."""

    def __init__(self, profile: VocoderProfile, hop: int) -> None:
        super().__init__()
        self.profile = profile
        self.hop = hop
        self.l_linear = nn.Linear(profile.num_harmonics + 1, 1)

    def forward(self, f0: Tensor, generators: Sequence[torch.Generator], lengths: Tensor | None) -> Tensor:
        """(B, M) Hz -> (B, 1, N)."""
        profile = self.profile
        f0 = _keep(f0[:, None], _valid(lengths, f0.shape[1]))
        counts = [f0.shape[2]] * len(f0) if lengths is None else lengths.tolist()
        starts, noises = _draw(generators, [count * self.hop for count in counts], profile.num_harmonics)
        phases, noise = starts.to(f0.device), _fit(noises, f0.shape[2] * self.hop).to(f0.device)
        voiced = F.interpolate((f0 > profile.voiced_above_hz).float(), scale_factor=self.hop)
        order = torch.arange(1, profile.num_harmonics + 2, device=f0.device)[:, None]
        sines = torch.sin(2 * torch.pi * (self._cycles(f0) * order + phases))
        mixed = self.l_linear((profile.sine_amplitude * sines * voiced).transpose(1, 2)).transpose(1, 2)
        # Each sine has noise of its own, which the mix weighs and adds: one draw with the weights' norm is the same.
        level = torch.where(voiced > 0, profile.noise_std, profile.sine_amplitude / 3) * self.l_linear.weight.norm()
        return torch.tanh(mixed + level * noise)

    def _cycles(self, f0: Tensor) -> Tensor:
        """Cycles of the fundamental since the start, less whole ones: (B, 1, M) Hz -> (B, 1, N).

        Counted at the frame rate and interpolated, in float64: an hour holds more cycles than float32 can resolve.
        """
        per_frame = f0.detach().cpu().double() / self.profile.sample_rate * self.hop
        cycles = F.interpolate(per_frame.cumsum(dim=2), scale_factor=self.hop, mode="linear")
        return cycles.frac().float().to(f0.device)


class F0Predictor(nn.Module):
    """Five convolutions with ELU and a linear layer."""

    def __init__(self, num_mels: int, width: int) -> None:
        super().__init__()
        widths = [num_mels, width, width, width, width, width]
        layers = [(_conv(before, after, 3), nn.ELU()) for before, after in pairwise(widths)]
        self.condnet = nn.Sequential(*(layer for pair in layers for layer in pair))
        self.classifier = nn.Linear(width, 1)

    def forward(self, mel: Tensor, mask: Tensor | None) -> Tensor:
        """(B, num_mels, M) -> (B, M) Hz."""
        x = mel
        for layer in self.condnet:
            x = _keep(layer(x), mask)
        f0: Tensor = self.classifier(x.transpose(1, 2))[..., 0].abs()
        return f0


class ResidualBlock(nn.Module):
    """Pairs of a dilated and a plain convolution, each after a Snake, each pair with a skip."""

    def __init__(self, width: int, kernel: int, dilations: Sequence[int]) -> None:
        super().__init__()
        self.convs1 = nn.ModuleList(_conv(width, width, kernel, dilation) for dilation in dilations)
        self.convs2 = nn.ModuleList(_conv(width, width, kernel) for _ in dilations)
        self.activations1 = nn.ModuleList(Snake(width) for _ in dilations)
        self.activations2 = nn.ModuleList(Snake(width) for _ in dilations)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """(B, D, L) -> (B, D, L)."""
        for conv1, conv2, snake1, snake2 in zip(
            self.convs1, self.convs2, self.activations1, self.activations2, strict=True
        ):
            inner = _keep(conv1(snake1(x)), mask)
            x = x + _keep(conv2(snake2(inner)), mask)
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
        sine = torch.sin(alpha * x)
        return torch.addcmul(x, sine, sine / (alpha + 1e-9))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        x, alpha = ctx.saved_tensors
        grad = grads[0]
        part = grad * torch.sin(2 * alpha * x)
        sine_squared = torch.sin(alpha * x).square()
        grad_alpha = (part * x / alpha - grad * sine_squared / alpha.square()).sum(dim=(0, 2))[:, None]
        return grad + part, grad_alpha


def _conv(width_in: int, width_out: int, kernel: int, dilation: int = 1) -> nn.Module:
    """A convolution that keeps the length."""
    conv = nn.Conv1d(width_in, width_out, kernel, dilation=dilation, padding=(kernel - 1) * dilation // 2)
    normed: nn.Module = weight_norm(conv)
    return normed


def _upsampling(width_in: int, width_out: int, kernel: int, rate: int) -> nn.Module:
    """A transposed convolution: L -> L * rate."""
    conv = nn.ConvTranspose1d(width_in, width_out, kernel, stride=rate, padding=(kernel - rate) // 2)
    normed: nn.Module = weight_norm(conv)
    return normed


def _downsampling(width_in: int, width_out: int, stride: int) -> nn.Module:
    """From the STFT frames of the source to the rate of one level."""
    if stride == 1:
        return nn.Conv1d(width_in, width_out, 1)
    return nn.Conv1d(width_in, width_out, 2 * stride, stride=stride, padding=stride // 2)


def _source_strides(upsample_rates: Sequence[int]) -> list[int]:
    """STFT frames of the source per position of each level: rates (8, 5, 3) -> strides [15, 3, 1]."""
    return list(accumulate(reversed(upsample_rates[1:]), mul, initial=1))[::-1]


def _valid(lengths: Tensor | None, size: int, rate: int = 1, extra: int = 0) -> Tensor | None:
    """(B, 1, size) true where a row has positions: its first lengths * rate + extra. None where all are valid."""
    if lengths is None:
        return None
    return (torch.arange(size, device=lengths.device) < (lengths * rate + extra)[:, None])[:, None]


def _keep(x: Tensor, mask: Tensor | None) -> Tensor:
    """(B, D, L) with zeros where the mask (B, 1, L) is false."""
    return x if mask is None else x * mask


def _reflect_ends(wave: Tensor, ends: Sequence[int], margin: int) -> Tensor:
    """(B, N) where each row goes on after its end as its own mirror image, as far as `margin` samples."""
    wave = F.pad(wave, (0, margin))
    for row, end in enumerate(ends):
        wave[row, end : end + margin] = wave[row, end - 1 - margin : end - 1].flip(0)
    return wave[:, :-margin]


def _inverse_dft(n_fft: int) -> Tensor:
    """(n_fft, 2 K): takes the real parts then the imaginary parts of a spectrum to the frame they describe."""
    spectra = torch.eye(n_fft // 2 + 1, dtype=torch.complex64)
    return torch.cat([torch.fft.irfft(spectra, n_fft), torch.fft.irfft(1j * spectra, n_fft)]).T.contiguous()


def _overlap_add(frames: Tensor, hop: int) -> Tensor:
    """Frames (B, n_fft, L) laid `hop` apart and summed: (B, (L - 1) * hop + n_fft)."""
    n_fft, num_frames = frames.shape[1:]
    size = (num_frames - 1) * hop + n_fft
    return F.fold(frames, (1, size), (1, n_fft), stride=(1, hop))[:, 0, 0]


def _draw(
    generators: Sequence[torch.Generator], sizes: Sequence[int], num_harmonics: int
) -> tuple[Tensor, list[Tensor]]:
    """Per row: where each harmonic starts, (B, num_harmonics + 1, 1) in cycles with the fundamental at 0, and noise."""
    starts, noise = [], []
    for generator, size in zip(generators, sizes, strict=True):
        starts.append(F.pad(torch.rand(num_harmonics, generator=generator), (1, 0)))
        noise.append(torch.randn(size, generator=generator))
    return torch.stack(starts)[..., None], noise


def _fit(rows: Sequence[Tensor], size: int) -> Tensor:
    """Rows of different lengths as (B, 1, size), zero after each row's end."""
    return torch.stack([F.pad(row, (0, size - len(row))) for row in rows])[:, None]
