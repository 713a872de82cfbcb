"""The flow of CosyVoice 1: a length regulator between tokens and mel frames, whose rates have no whole ratio.

Shapes: B batch, S speech tokens (50 Hz), M mel frames (86.13 Hz), D width.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from cosycli.model.conformer import Conformer
from cosycli.model.convolutions import FrameGroupNorm
from cosycli.model.estimator import CENTRED, VelocityEstimator
from cosycli.model.flow import Flow, FlowInput, padded
from cosycli.model.masks import FlowMask, frame_mask
from cosycli.model.profile import RegulatedFlowProfile

EDGE_TOKENS = 20  # at each end of a long utterance, stretched apart from its middle as the published streaming does
NUM_LAYERS = 4


class LengthRegulator(nn.Module):
    """Features interpolated to the frame rate, then smoothed."""

    def __init__(self, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(NUM_LAYERS):
            layers += [nn.Conv1d(width, width, 3, padding=1), FrameGroupNorm(1, width), nn.Mish()]
        self.model = nn.Sequential(*layers, nn.Conv1d(width, width, 1))

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """(B, D, M) at the frame rate with (B,) valid -> (B, D, M), zero beyond them."""
        mask = frame_mask(lengths, x.shape[2])
        x = x * mask
        for layer in self.model:
            x = (layer(x, mask) if isinstance(layer, FrameGroupNorm) else layer(x)) * mask
        return x


class RegulatedFlow(Flow):
    """Encoder, length regulator and a U-Net that sees everything; each utterance has noise of its own."""

    profile: RegulatedFlowProfile

    def __init__(self, profile: RegulatedFlowProfile) -> None:
        super().__init__(profile, VelocityEstimator(profile, CENTRED))
        width = profile.encoder_width
        self.encoder = Conformer(width, width, profile.encoder_heads, profile.encoder_ff, profile.num_encoder_blocks)
        self.encoder_proj = nn.Linear(width, profile.num_mels)
        self.length_regulator = LengthRegulator(profile.num_mels)

    def features(self, inputs: Sequence[FlowInput], mask: FlowMask, is_last: bool) -> tuple[Tensor, Tensor]:
        tokens, num_tokens = padded([torch.cat([item.prompt_tokens, item.tokens]) for item in inputs])
        hidden = self.encode(tokens, num_tokens, mask.chunk_tokens(self.profile.chunk))
        rows = [self.stretched(row, item) for row, item in zip(hidden, inputs, strict=True)]
        lengths = torch.tensor([row.shape[1] for row in rows], device=hidden.device)
        frames = pad_sequence([row.T for row in rows], batch_first=True).transpose(1, 2)
        return self.length_regulator(frames, lengths), lengths

    def encode(self, tokens: Tensor, num_tokens: Tensor, chunk: int | None, num_ahead: int = 0) -> Tensor:
        """Features (B, num_mels, S) of tokens (B, S), at their own rate; see `Flow.encode`."""
        mask = frame_mask(num_tokens, tokens.shape[1]).transpose(1, 2)
        hidden = self.encoder(self.input_embedding(tokens) * mask, num_tokens, chunk)
        return self.encoder_proj(hidden).transpose(1, 2)

    def stretched(self, hidden: Tensor, item: FlowInput) -> Tensor:
        """Features (num_mels, S) of an input, and more of padding, at the frame rate: (num_mels, M).

        Prompt, first tokens, middle and last tokens are stretched apart from each other.
        """
        num_prompt, num_spoken = len(item.prompt_tokens), len(item.tokens)
        num_frames = self.profile.num_frames(num_spoken)
        parts = [(num_prompt, item.prompt_mel.shape[1])]
        if num_spoken > 2 * EDGE_TOKENS:
            edge = (EDGE_TOKENS, self.profile.num_frames(EDGE_TOKENS))
            parts += [edge, (num_spoken - 2 * EDGE_TOKENS, num_frames - 2 * edge[1]), edge]
        else:
            parts.append((num_spoken, num_frames))
        pieces = hidden[None, :, : num_prompt + num_spoken].split([count for count, _ in parts], dim=2)
        stretched = [
            F.interpolate(piece, size=size, mode="linear")[0]
            for piece, (_, size) in zip(pieces, parts, strict=True)
            if size
        ]
        return torch.cat(stretched, dim=1)

    def initial_noise(self, inputs: Sequence[FlowInput], num_frames: int) -> Tensor:
        """Drawn by each input's seed, as many frames as it has: batch composition does not change it."""
        rows = []
        for item in inputs:
            size = item.prompt_mel.shape[1] + self.profile.num_frames(len(item.tokens))
            noise = torch.randn(self.profile.num_mels, size, generator=torch.Generator().manual_seed(item.seed))
            rows.append(F.pad(noise, (0, num_frames - size)))
        return torch.stack(rows).to(self.noise.device)
