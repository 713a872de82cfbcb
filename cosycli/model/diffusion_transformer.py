"""The flow's velocity estimator in CosyVoice 3: a diffusion transformer over mel frames.

DiT (Peebles and Xie 2023) with adaptive norms that start at zero, as in F5-TTS (Chen et al. 2024).

Shapes: B batch, M mel frames, D width.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cosycli.model.attention import AttentionMask, attend
from cosycli.model.convolutions import StreamingState, surrounded
from cosycli.model.estimator import time_embedding
from cosycli.model.masks import frame_mask
from cosycli.model.profile import TransformerFlowProfile

TIME_WIDTH = 256
POSITION_KERNEL, POSITION_GROUPS = 31, 16
NORM_EPS = 1e-6


def rotate(x: Tensor, angles: Tensor) -> Tensor:
    """Turns the pairs (x0, x1), (x2, x3) … of the first 2 R values by angles (M, R): (B, M, D) -> (B, M, D).

    Rotary position embedding (Su et al. 2021). The published model turns queries and keys before they are split into
    heads, so that with 2 R the width of a head only the first head knows positions.
    """
    turned = x[..., : 2 * angles.shape[1]].float()
    even, odd = turned[..., ::2], turned[..., 1::2]
    cos, sin = angles.cos(), angles.sin()
    pairs = torch.stack([even * cos - odd * sin, odd * cos + even * sin], dim=-1)
    return torch.cat([pairs.flatten(-2).to(x.dtype), x[..., turned.shape[-1] :]], dim=-1)


def modulate(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """(B, M, D) normalised over D, then scaled and shifted by (B, D)."""
    return F.layer_norm(x, x.shape[-1:], eps=NORM_EPS) * (1 + scale[:, None]) + shift[:, None]


class RotaryEmbedding(nn.Module):
    """Angle of each pair of values at each position; the rates are part of the published weights."""

    inv_freq: Tensor

    def __init__(self, head_width: int) -> None:
        super().__init__()
        self.register_buffer("inv_freq", 10000.0 ** (-torch.arange(0, head_width, 2) / head_width))

    def forward(self, first: int, num_frames: int) -> Tensor:
        """(M, head_width / 2)."""
        positions = torch.arange(first, first + num_frames, device=self.inv_freq.device)
        return positions[:, None] * self.inv_freq.float()


class RotaryAttention(nn.Module):
    def __init__(self, width: int, num_heads: int, head_width: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        inner = num_heads * head_width
        self.to_q = nn.Linear(width, inner)
        self.to_k = nn.Linear(width, inner)
        self.to_v = nn.Linear(width, inner)
        self.to_out = nn.ModuleList([nn.Linear(inner, width)])

    def forward(self, x: Tensor, angles: Tensor, mask: AttentionMask) -> Tensor:
        """(B, M, D), (M, R) -> (B, M, D)."""
        key, value = rotate(self.to_k(x), angles), self.to_v(x)
        parts = rotate(self.to_q(x), angles), mask.joined(key), mask.joined(value)
        query, key, value = (part.unflatten(2, (self.num_heads, -1)).transpose(1, 2) for part in parts)
        mixed = attend(query, key, value, mask)
        return self.to_out[0](mixed.transpose(1, 2).flatten(2))


class TanhFeedForward(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        first = nn.Sequential(nn.Linear(width, hidden), nn.GELU(approximate="tanh"))
        self.ff = nn.Sequential(first, nn.Identity(), nn.Linear(hidden, width))

    def forward(self, x: Tensor) -> Tensor:
        return self.ff(x)


class TimeScales(nn.Module):
    """What the time step makes of a norm: `count` vectors (B, D) of scales, shifts and gates."""

    def __init__(self, width: int, count: int) -> None:
        super().__init__()
        self.count = count
        self.linear = nn.Linear(width, count * width)

    def forward(self, time: Tensor) -> tuple[Tensor, ...]:
        return self.linear(F.silu(time)).chunk(self.count, dim=1)


class DiffusionBlock(nn.Module):
    """Attention and feed-forward, each normed, gated by the time step and added to its input."""

    def __init__(self, profile: TransformerFlowProfile) -> None:
        super().__init__()
        width = profile.estimator_width
        self.attn_norm = TimeScales(width, 6)
        self.attn = RotaryAttention(width, profile.estimator_heads, profile.estimator_head_width)
        self.ff = TanhFeedForward(width, profile.estimator_ff * width)

    def forward(self, x: Tensor, time: Tensor, angles: Tensor, mask: AttentionMask) -> Tensor:
        """(B, M, D), (B, D), (M, R) -> (B, M, D)."""
        shift, scale, gate, ff_shift, ff_scale, ff_gate = self.attn_norm(time)
        x = x + gate[:, None] * self.attn(modulate(x, scale, shift), angles, mask)
        return x + ff_gate[:, None] * self.ff(modulate(x, ff_scale, ff_shift))


class PositionConv(nn.Module):
    """Two convolutions over the past, which tell the heads without rotary embedding where they are."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = self._layer(width)
        self.conv2 = self._layer(width)

    @staticmethod
    def _layer(width: int) -> nn.Sequential:
        return nn.Sequential(nn.Conv1d(width, width, POSITION_KERNEL, groups=POSITION_GROUPS), nn.Mish())

    def forward(self, x: Tensor, state: StreamingState | None) -> Tensor:
        """(B, M, D) -> (B, M, D)."""
        for layer in (self.conv1, self.conv2):
            x = layer(surrounded(x, POSITION_KERNEL - 1, 0, state).transpose(1, 2)).transpose(1, 2)
        return x


class InputEmbedding(nn.Module):
    def __init__(self, profile: TransformerFlowProfile) -> None:
        super().__init__()
        self.proj = nn.Linear(4 * profile.num_mels, profile.estimator_width)
        self.conv_pos_embed = PositionConv(profile.estimator_width)

    def forward(self, *parts: Tensor, state: StreamingState | None) -> Tensor:
        """(B, num_mels, M) each, in the order of training -> (B, M, D)."""
        hidden = self.proj(torch.cat(parts, dim=1).transpose(1, 2))
        return hidden + self.conv_pos_embed(hidden, state)


class TimeEmbedding(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.time_mlp = nn.Sequential(nn.Linear(TIME_WIDTH, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, t: Tensor) -> Tensor:
        """(B,) -> (B, D)."""
        return self.time_mlp(time_embedding(t, TIME_WIDTH))


class DiffusionTransformer(nn.Module):
    """The velocity of mel frames at time t, given what the tokens, speaker and prompt say of them."""

    def __init__(self, profile: TransformerFlowProfile) -> None:
        super().__init__()
        width = profile.estimator_width
        self.time_embed = TimeEmbedding(width)
        self.input_embed = InputEmbedding(profile)
        self.rotary_embed = RotaryEmbedding(profile.estimator_head_width)
        self.transformer_blocks = nn.ModuleList(DiffusionBlock(profile) for _ in range(profile.num_blocks))
        self.norm_out = TimeScales(width, 2)
        self.proj_out = nn.Linear(width, profile.num_mels)

    def forward(
        self,
        x: Tensor,
        mu: Tensor,
        speaker: Tensor,
        cond: Tensor,
        t: Tensor,
        lengths: Tensor,
        chunk: int | None,
        state: StreamingState | None = None,
    ) -> Tensor:
        """The velocity (B, num_mels, M), zero beyond the valid frames; arguments as of `VelocityEstimator.forward`."""
        num_frames = x.shape[2]
        mask = AttentionMask.of(lengths, num_frames, chunk, state)
        time = self.time_embed(t)
        hidden = self.input_embed(x, cond, mu, speaker[:, :, None].expand(-1, -1, num_frames), state=state)
        angles = self.rotary_embed(state.num_frames if state else 0, num_frames)
        for block in self.transformer_blocks:
            hidden = block(hidden, time, angles, mask)
        scale, shift = self.norm_out(time)
        velocity = self.proj_out(modulate(hidden, scale, shift)).transpose(1, 2)
        return velocity * frame_mask(lengths, num_frames)
