"""HiFT, the vocoder: mel to waveform by a harmonic source and an inverse STFT.

A source of sines at multiples of the predicted F0, plus noise, is shaped by an upsampling network that ends in the
magnitudes and phases of a small STFT (Li et al. 2023, "HiFTNet"; neural source filter: Wang et al. 2019).
Module names are those of the published checkpoints.

Shapes: B batch, M mel frames, N samples, D channels, L positions at any rate, K = n_fft // 2 + 1 frequency bins.
`lengths` (B,) counts the valid mel frames of each row; None means that all are valid. What lies after a row's end is
kept at zero throughout, as if the row were alone and met the zero padding of its convolutions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate
from math import prod
from operator import mul

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cosycli.model.masks import keep_valid, valid_positions
from cosycli.model.profile import CausalVocoderProfile, VocoderProfile
from cosycli.model.vocoder_layers import (
    CENTRED,
    F0_KERNEL,
    NUM_F0_LAYERS,
    PRE_KERNEL,
    F0Predictor,
    Layers,
    ResidualBlock,
    causal_layers,
    overlap_add,
)

POST_KERNEL = 7
POST_SLOPE = 0.01  # of the leaky ReLU before conv_post; the other levels use the profile's
MAX_MAGNITUDE = 100.0


class Vocoder(nn.Module):
    """The whole vocoder, in float32: phases do not survive less. The F0 predictor may be in float64."""

    def __init__(self, profile: VocoderProfile, layers: Layers = CENTRED) -> None:
        super().__init__()
        self.profile = profile
        self.hop = prod(profile.upsample_rates) * profile.istft_hop  # samples per mel frame
        self.m_source = layers.source(profile, self.hop)
        self.f0_predictor = F0Predictor(profile.num_mels, profile.f0_width, layers)
        widths = [profile.width // 2 ** (level + 1) for level in range(len(profile.upsample_rates))]
        num_bins = profile.istft_n_fft // 2 + 1
        self.conv_pre = layers.first(profile.num_mels, profile.width)
        self.ups = nn.ModuleList(
            layers.upsampling(width * 2, width, kernel, rate)
            for width, kernel, rate in zip(widths, profile.upsample_kernels, profile.upsample_rates, strict=True)
        )
        self.source_downs = nn.ModuleList(
            layers.downsampling(2 * num_bins, width, rate)
            for width, rate in zip(widths, _source_strides(profile.upsample_rates), strict=True)
        )
        self.source_resblocks = nn.ModuleList(
            ResidualBlock(width, kernel, dilations, layers)
            for width, kernel, dilations in zip(widths, profile.source_kernels, profile.source_dilations, strict=True)
        )
        self.resblocks = nn.ModuleList(
            ResidualBlock(width, kernel, dilations, layers)
            for width in widths
            for kernel, dilations in zip(profile.resblock_kernels, profile.resblock_dilations, strict=True)
        )
        self.conv_post = layers.convolution(widths[-1], 2 * num_bins, POST_KERNEL, 1)
        self.register_buffer("window", torch.hann_window(profile.istft_n_fft), persistent=False)
        self.register_buffer("to_frame", _inverse_dft(profile.istft_n_fft) * self.window[:, None], persistent=False)
        self.window: Tensor
        self.to_frame: Tensor

    @property
    def frames_ahead(self) -> int:
        """Mel frames that a sample may depend on after its own."""
        return math.ceil(_reach(self.profile))

    @property
    def frames_behind(self) -> int:
        """Mel frames that a sample may depend on before its own, but for the phase of the excitation."""
        return math.ceil(_reach(self.profile))

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
        mask = valid_positions(lengths, mel.shape[2])
        dtype = self.f0_predictor.classifier.weight.dtype
        f0: Tensor = self.f0_predictor(keep_valid(mel, mask).to(dtype), mask)
        return f0.to(mel.dtype)

    def source(self, f0: Tensor, generators: Sequence[torch.Generator], lengths: Tensor | None = None) -> Tensor:
        """(B, M) F0 in Hz -> (B, 1, N) the excitation: sines where voiced, noise elsewhere."""
        excitation: Tensor = self.m_source(f0, generators, lengths)
        return excitation

    def decode(self, mel: Tensor, source: Tensor, lengths: Tensor | None = None) -> Tensor:
        """(B, num_mels, M) and the excitation (B, 1, N) -> (B, N). Free of randomness."""
        spectrum = self._analyse(source[:, 0], lengths)
        x = self.conv_pre(keep_valid(mel, valid_positions(lengths, mel.shape[2])))
        x = keep_valid(x, valid_positions(lengths, mel.shape[2]))
        rate = 1
        for level, upsample in enumerate(self.ups):
            x = upsample(F.leaky_relu(x, self.profile.leaky_slope))
            rate *= self.profile.upsample_rates[level]
            extra = 0
            if level == len(self.ups) - 1:  # an STFT with centred frames has one more than its hops
                x, extra = F.pad(x, (1, 0), mode="reflect"), 1
            mask = valid_positions(lengths, x.shape[2], rate, extra)
            x = keep_valid(x, mask)
            x = x + self.source_resblocks[level](keep_valid(self.source_downs[level](spectrum), mask), mask)
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
        return keep_valid(parts, valid_positions(lengths, parts.shape[2], self.hop // hop, 1))

    def _synthesise(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Inverse STFT of log-magnitudes and phases (B, 2 K, L) -> (B, (L - 1) * istft_hop)."""
        n_fft, hop = self.profile.istft_n_fft, self.profile.istft_hop
        num_bins = n_fft // 2 + 1
        magnitude, phase = x[:, :num_bins].float().exp().clamp(max=MAX_MAGNITUDE), x[:, num_bins:].float().sin()
        mask = valid_positions(lengths, x.shape[2], self.hop // hop, 1)
        frames = keep_valid(self.to_frame @ torch.cat([magnitude * phase.cos(), magnitude * phase.sin()], dim=1), mask)
        present = frames.new_ones(1, 1, x.shape[2]) if mask is None else mask.float()
        weight = overlap_add(present * self.window.square()[:, None], hop)
        wave = overlap_add(frames, hop) / weight.clamp(min=1e-8)
        wave = wave[:, n_fft // 2 : -(n_fft // 2)].clamp(-self.profile.audio_limit, self.profile.audio_limit)
        return keep_valid(wave[:, None], valid_positions(lengths, wave.shape[1], self.hop))[:, 0]


class CausalVocoder(Vocoder):
    """The vocoder of CosyVoice 3.

    All but the last `lookahead + 1` frames of its sound stay as they are when more mel follows: the first convolution
    sees `lookahead` frames ahead, and the frames of the STFT overlap into the next.
    """

    def __init__(self, profile: CausalVocoderProfile) -> None:
        super().__init__(profile, causal_layers(profile))
        self._lookahead = profile.lookahead

    @property
    def frames_ahead(self) -> int:
        return self._lookahead + 1

    @property
    def frames_behind(self) -> int:
        return math.ceil(2 * _reach(self.profile))  # what centred layers see on both sides


def _reach(profile: VocoderProfile) -> float:
    """Mel frames that the centred layers see on each side of a sample."""
    rates = list(accumulate(profile.upsample_rates, mul))  # positions per frame of each level
    frames = sum(
        _block_reach(max(profile.resblock_kernels), max(profile.resblock_dilations)) / rate
        + kernel / 2 / rate  # of the upsampling
        for rate, kernel in zip(rates, profile.upsample_kernels, strict=True)
    )
    of_source = NUM_F0_LAYERS * (F0_KERNEL // 2) + 1  # its F0, which goes evenly from frame to frame
    of_source += (_block_reach(profile.source_kernels[0], profile.source_dilations[0]) + 1) / rates[0]
    return frames + max(PRE_KERNEL // 2, of_source) + POST_KERNEL / rates[-1]


def _block_reach(kernel: int, dilations: Sequence[int]) -> int:
    """Positions that a residual block sees on each side."""
    return kernel // 2 * (sum(dilations) + len(dilations))


def _source_strides(upsample_rates: Sequence[int]) -> list[int]:
    """STFT frames of the source per position of each level: rates (8, 5, 3) -> strides [15, 3, 1]."""
    return list(accumulate(reversed(upsample_rates[1:]), mul, initial=1))[::-1]


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
