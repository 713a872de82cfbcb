"""The built-in model's speaker encoder: mel -> one embedding that says whose voice it is.

Shapes: B batch, M mel frames, D width.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cosycli.model.masks import frame_mask
from cosycli.model.profile import SpeakerEncoderProfile
from cosycli.model.speech_tokenizer import ConvBlock, standardise_mel

__all__ = ["SpeakerEncoder"]


class SpeakerEncoder(nn.Module):
    """Convolutions, then mean and deviation over time (x-vector pooling, Snyder et al. 2018), then a unit vector."""

    def __init__(self, profile: SpeakerEncoderProfile) -> None:
        super().__init__()
        self.stem = nn.Conv1d(profile.num_mels, profile.width, 5, padding=2)
        self.blocks = nn.ModuleList(ConvBlock(profile.width) for _ in range(2))
        self.project = nn.Linear(2 * profile.width, profile.embedding)

    def forward(self, mel: Tensor, num_frames: Tensor) -> Tensor:
        """(B, num_mels, M), (B,) valid frames -> (B, embedding) of length 1."""
        mask = frame_mask(num_frames, mel.shape[2])
        hidden = self.stem(standardise_mel(mel) * mask) * mask
        for block in self.blocks:
            hidden = block(hidden, mask)
        count = num_frames[:, None]
        mean = hidden.sum(dim=2) / count
        variance = ((hidden - mean[:, :, None]).square() * mask).sum(dim=2) / count
        pooled = torch.cat([mean, (variance + 1e-6).sqrt()], dim=1)
        return F.normalize(self.project(pooled).float(), dim=1)
