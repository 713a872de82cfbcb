"""The excitation of the vocoder: sines at multiples of F0 and noise (neural source filter, Wang et al. 2019).

Shapes: B batch, M mel frames, N samples, H harmonics with the fundamental.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from cosycli.model.masks import keep_valid, valid_positions
from cosycli.model.profile import VocoderProfile


class HarmonicSource(nn.Module):
    """Sines at F0 and its harmonics where voiced, noise everywhere, mixed to one channel."""

    between_frames = "linear"  # how the phase goes from frame to frame

    def __init__(self, profile: VocoderProfile, hop: int) -> None:
        super().__init__()
        self.profile = profile
        self.hop = hop
        self.l_linear = nn.Linear(profile.num_harmonics + 1, 1)

    def forward(self, f0: Tensor, generators: Sequence[torch.Generator], lengths: Tensor | None) -> Tensor:
        """(B, M) Hz -> (B, 1, N)."""
        profile = self.profile
        f0 = keep_valid(f0[:, None], valid_positions(lengths, f0.shape[1]))
        counts = [f0.shape[2]] * len(f0) if lengths is None else lengths.tolist()
        starts = self._starts(generators).to(f0.device)
        noise = self._noise(generators, [count * self.hop for count in counts])
        noise = F.pad(noise, (0, f0.shape[2] * self.hop - noise.shape[2]))
        voiced = F.interpolate((f0 > profile.voiced_above_hz).float(), scale_factor=self.hop)
        order = torch.arange(1, profile.num_harmonics + 2, device=f0.device)[:, None]
        sines = torch.sin(2 * torch.pi * (self._cycles(f0) * order + starts))
        mixed = self.l_linear((profile.sine_amplitude * sines * voiced).transpose(1, 2)).transpose(1, 2)
        return torch.tanh(mixed + torch.where(voiced > 0, profile.noise_std, profile.sine_amplitude / 3) * noise)

    def _cycles(self, f0: Tensor) -> Tensor:
        """Cycles of the fundamental since the start, less whole ones: (B, 1, M) Hz -> (B, 1, N).

        Counted at the frame rate and interpolated, in float64: an hour holds more cycles than float32 can resolve.
        """
        per_frame = f0.detach().cpu().double() / self.profile.sample_rate * self.hop
        cycles = F.interpolate(per_frame.cumsum(dim=2), scale_factor=self.hop, mode=self.between_frames)
        return cycles.frac().float().to(f0.device)

    def _starts(self, generators: Sequence[torch.Generator]) -> Tensor:
        """The phases that the harmonics start at, in cycles: (B, H, 1), or (H, 1) where every row has the same."""
        num_harmonics = self.profile.num_harmonics
        if not self.profile.random_phases:
            return torch.zeros(num_harmonics + 1, 1)
        starts = [F.pad(torch.rand(num_harmonics, generator=generator), (1, 0)) for generator in generators]
        return torch.stack(starts)[..., None]

    def _noise(self, generators: Sequence[torch.Generator], sizes: Sequence[int]) -> Tensor:
        """The mixed noise (B, 1, N).

        Each sine has noise of its own, which the mix weighs and adds: one draw with the weights' norm is the same.
        """
        weight = self.l_linear.weight
        noise = [torch.randn(size, generator=generator) for generator, size in zip(generators, sizes, strict=True)]
        return pad_sequence(noise, batch_first=True)[:, None].to(weight.device) * weight.norm()


class SampledSource(HarmonicSource):
    """The source of CosyVoice 1, whose phases are counted sample by sample."""

    def _cycles(self, f0: Tensor) -> Tensor:
        per_sample = f0.detach().cpu().double() / self.profile.sample_rate
        cycles = F.interpolate(per_sample, scale_factor=self.hop).cumsum(dim=2)
        return cycles.frac().float().to(f0.device)


class SteppedSource(HarmonicSource):
    """The source of CosyVoice 3: its phases stand still within a frame, and its noise is never negative."""

    between_frames = "nearest"

    def _noise(self, generators: Sequence[torch.Generator], sizes: Sequence[int]) -> Tensor:
        weight = self.l_linear.weight
        noise = [
            torch.rand(size, weight.shape[1], generator=generator)
            for generator, size in zip(generators, sizes, strict=True)
        ]
        mixed: Tensor = pad_sequence(noise, batch_first=True).to(weight.device) @ weight.T
        return mixed.transpose(1, 2)
