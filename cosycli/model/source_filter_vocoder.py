"""The built-in model's vocoder: a pulse train and noise, each through filters that a small network sets.

Nearest published: Liu, Chen and Yu 2020, "Neural Homomorphic Vocoder"; Wang, Takaki and Yamagishi 2019, "Neural
source-filter"; Siuzdak 2024, "Vocos". All learned layers run at the frame rate or four times it; only the sources and
two short Fourier transforms run at the rate of samples.

Shapes: B batch, M mel frames, N = M · hop samples, D channels, L = M · filters_per_frame + 1 filters,
K = n_fft // 2 + 1 frequency bins. `lengths` (B,) counts the valid mel frames of each row; None means that all are
valid. A row of a padded batch sounds as it would alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from cosycli.model.masks import frame_mask, keep_valid, valid_positions
from cosycli.model.profile_parts import SourceFilterVocoderProfile
from cosycli.model.reference_encoder import ConvBlock, standardise_mel
from cosycli.model.vocoder_layers import overlap_add

STEM_KERNEL, BLOCK_KERNEL = 7, 7
F0_BLOCKS = 2
MEAN_LOG_F0, LOG_F0_RANGE = math.log(170.0), 1.3  # the output's middle and reach in nepers: 46 to 620 Hz
MIN_LOG_MAGNITUDE = -12.0
INITIAL_LOG_MAGNITUDE = -4.0


def pulse_train(f0: Tensor, sample_rate: int, top_hz: float) -> Tensor:
    """Band-limited pulses of unit power: the cosines at all multiples of F0 up to `top_hz`, in phase.

    The sum of K cosines in closed form is sin((K + 1/2) φ) / (2 sin(φ/2)) - 1/2 (Dirichlet's kernel).

    Args:
        f0: (B, N) in Hz, a value for each sample, above 0.
    """
    cycles = (f0.double() / sample_rate).cumsum(dim=1)
    phase = (2 * torch.pi * cycles.frac()).float()
    count = (top_hz / f0).floor()
    half = torch.sin(phase / 2)
    near_pulse = half.abs() < 1e-4
    total = torch.sin((count + 0.5) * phase) / (2 * torch.where(near_pulse, 1.0, half)) - 0.5
    return torch.where(near_pulse, count, total) * (2 / count).sqrt()


class SourceFilterVocoder(nn.Module):
    """Mel to waveform, in float32."""

    window: Tensor

    def __init__(self, profile: SourceFilterVocoderProfile) -> None:
        super().__init__()
        self.profile = profile
        self.hop = profile.hop
        width, num_bins = profile.width, profile.n_fft // 2 + 1
        self.f0_stem = nn.Conv1d(profile.num_mels, profile.f0_width, STEM_KERNEL, padding=STEM_KERNEL // 2)
        self.f0_blocks = nn.ModuleList(ConvBlock(profile.f0_width, BLOCK_KERNEL) for _ in range(F0_BLOCKS))
        self.to_f0 = nn.Linear(profile.f0_width, 2)
        self.stem = nn.Conv1d(profile.num_mels, width, STEM_KERNEL, padding=STEM_KERNEL // 2)
        self.frame_blocks = nn.ModuleList(ConvBlock(width, BLOCK_KERNEL) for _ in range(profile.num_frame_blocks))
        self.upsample = nn.Linear(width, profile.filters_per_frame * width)
        self.filter_blocks = nn.ModuleList(ConvBlock(width, BLOCK_KERNEL) for _ in range(profile.num_filter_blocks))
        self.norm = nn.LayerNorm(width)
        self.to_filters = nn.Linear(width, 3 * num_bins)
        nn.init.constant_(self.to_filters.bias, INITIAL_LOG_MAGNITUDE)
        self.to_filters.bias.data[num_bins : 2 * num_bins] = 0.0  # phases
        self.register_buffer("window", torch.hann_window(profile.n_fft), persistent=False)

    @property
    def frames_ahead(self) -> int:
        """Mel frames that a sample may depend on after its own."""
        in_frames = STEM_KERNEL // 2 + self.profile.num_frame_blocks * (BLOCK_KERNEL // 2)
        in_filters = self.profile.num_filter_blocks * (BLOCK_KERNEL // 2) / self.profile.filters_per_frame
        return math.ceil(in_frames + in_filters + self.profile.n_fft / self.hop)

    @property
    def frames_behind(self) -> int:
        """Mel frames that a sample may depend on before its own, but for the phase of the pulses."""
        return self.frames_ahead

    def forward(self, mel: Tensor, lengths: Tensor, generators: Sequence[torch.Generator]) -> Tensor:
        """Waveforms of a padded batch.

        Args:
            mel: (B, num_mels, M) natural-log mel.
            lengths: (B,) valid frames of each row, at least 1.
            generators: one per row, on the CPU, for the noise.

        Returns:
            (B, N) in -audio_limit..audio_limit, zero after each row's lengths * hop samples.
        """
        ends = None if bool((lengths == mel.shape[2]).all()) else lengths
        return self.decode(mel, self.source(self.predict_f0(mel, ends), generators, ends), ends)

    def pitch(self, mel: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Natural log of F0 in Hz, everywhere, and the logit of voicing: (B, num_mels, M) -> (B, M) each."""
        mask = _mask(mel, lengths)
        hidden = self.f0_stem(standardise_mel(mel) * mask) * mask
        for block in self.f0_blocks:
            hidden = block(hidden, mask)
        height, voicing = self.to_f0(hidden.transpose(1, 2)).float().unbind(dim=2)
        return MEAN_LOG_F0 + LOG_F0_RANGE * torch.tanh(height / LOG_F0_RANGE), voicing

    def predict_f0(self, mel: Tensor, lengths: Tensor | None = None) -> Tensor:
        """(B, num_mels, M) -> (B, M) fundamental frequency in Hz, negative where unvoiced (it guides the phase)."""
        log_f0, voicing = self.pitch(mel, lengths)
        return log_f0.exp() * torch.where(voicing > 0, 1.0, -1.0)

    def source(self, f0: Tensor, generators: Sequence[torch.Generator], lengths: Tensor | None = None) -> Tensor:
        """(B, M) F0 in Hz, negative where unvoiced -> (B, 2, N) pulses and white noise, both of unit power."""
        counts = [f0.shape[1]] * len(f0) if lengths is None else lengths.tolist()
        noise = [
            torch.randn(count * self.hop, generator=generator)
            for generator, count in zip(generators, counts, strict=True)
        ]
        padded = pad_sequence(noise, batch_first=True).to(f0.device)
        padded = F.pad(padded, (0, f0.shape[1] * self.hop - padded.shape[1]))
        f0 = _held(f0, lengths)
        samples = F.interpolate(f0.abs()[:, None], scale_factor=self.hop, mode="linear")[:, 0]
        voiced = F.interpolate((f0 > 0).float()[:, None], scale_factor=self.hop, mode="linear")[:, 0]
        pulses = pulse_train(samples, self.profile.sample_rate, self.profile.top_hz) * voiced
        sources = torch.stack([pulses, padded], dim=1)
        return keep_valid(sources, valid_positions(lengths, sources.shape[2], self.hop))

    def decode(self, mel: Tensor, source: Tensor, lengths: Tensor | None = None) -> Tensor:
        """(B, num_mels, M) and the sources (B, 2, N) -> (B, N). Free of randomness."""
        magnitude, phase, noise = self._filters(mel, lengths).chunk(3, dim=1)
        spectra = self._analyse(source)
        harmonic = torch.polar(magnitude.clamp(min=MIN_LOG_MAGNITUDE).exp(), torch.pi * torch.tanh(phase))
        spectrum = spectra[:, 0] * harmonic + spectra[:, 1] * noise.clamp(min=MIN_LOG_MAGNITUDE).exp()
        return self._synthesise(spectrum, lengths)

    def _filters(self, mel: Tensor, lengths: Tensor | None) -> Tensor:
        """(B, num_mels, M) -> (B, 3 K, L): log magnitude and phase for the pulses, log magnitude for the noise."""
        per_frame = self.profile.filters_per_frame
        mask = _mask(mel, lengths)
        hidden = self.stem(standardise_mel(mel) * mask) * mask
        for block in self.frame_blocks:
            hidden = block(hidden, mask)
        batch, width, num_frames = hidden.shape
        hidden = self.upsample(hidden.transpose(1, 2)).view(batch, num_frames * per_frame, width).transpose(1, 2)
        fine = mask.repeat_interleave(per_frame, dim=2)
        for block in self.filter_blocks:
            hidden = block(hidden * fine, fine)
        filters: Tensor = self.to_filters(self.norm(hidden.transpose(1, 2))).transpose(1, 2).float()
        return torch.cat([filters[:, :, :1], filters], dim=2)  # a centred transform has one frame more than its hops

    def _analyse(self, source: Tensor) -> Tensor:
        """STFT of (B, 2, N) with silence around it -> complex (B, 2, K, L)."""
        n_fft, hop = self.profile.n_fft, self.profile.filter_hop
        flat = source.flatten(0, 1)
        spectrum = torch.stft(flat, n_fft, hop, window=self.window, pad_mode="constant", return_complex=True)
        return spectrum.view(*source.shape[:2], *spectrum.shape[1:])

    def _synthesise(self, spectrum: Tensor, lengths: Tensor | None) -> Tensor:
        """Inverse STFT of (B, K, L) -> (B, N)."""
        n_fft, hop = self.profile.n_fft, self.profile.filter_hop
        mask = valid_positions(lengths, spectrum.shape[2], self.profile.filters_per_frame, 1)
        frames = keep_valid(torch.fft.irfft(spectrum, n_fft, dim=1) * self.window[:, None], mask)
        present = frames.new_ones(1, 1, frames.shape[2]) if mask is None else mask.float()
        weight = overlap_add(present * self.window.square()[:, None], hop)
        wave = overlap_add(frames, hop) / weight.clamp(min=1e-4)
        wave = wave[:, n_fft // 2 : -(n_fft // 2)].clamp(-self.profile.audio_limit, self.profile.audio_limit)
        return keep_valid(wave[:, None], valid_positions(lengths, wave.shape[1], self.hop))[:, 0]


def _mask(mel: Tensor, lengths: Tensor | None) -> Tensor:
    """(B, 1, M) ones where `mel` is valid."""
    return mel.new_ones(len(mel), 1, mel.shape[2]) if lengths is None else frame_mask(lengths, mel.shape[2])


def _held(f0: Tensor, lengths: Tensor | None) -> Tensor:
    """(B, M) where each row goes on after its end with its last value, as interpolation does at an end."""
    if lengths is None:
        return f0
    place = torch.arange(f0.shape[1], device=f0.device).minimum(lengths[:, None] - 1)
    return f0.gather(1, place)
