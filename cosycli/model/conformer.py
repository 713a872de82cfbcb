"""Conformers without convolution modules.

Shapes: B batch, S speech tokens, M = 2 S mel frames, T either of them or text tokens, D width.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor, nn

from cosycli.model.convolutions import FrameConv
from cosycli.model.masks import attention_mask, frame_mask
from cosycli.model.profile import ConformerFlowProfile
from cosycli.model.relative_attention import RelativeAttention, relative_positions

__all__ = ["BLOCK_NORM_EPS", "Conformer", "FeedForward", "LookAhead", "TokenEncoder"]

BLOCK_NORM_EPS = 1e-12  # of the published model
LOOKBACK = 2  # frames the look-ahead layer's second convolution sees behind it
UPSAMPLE_KERNEL = 5


class FeedForward(nn.Module):
    def __init__(self, width: int, hidden: int, activation: Callable[[Tensor], Tensor] = F.silu) -> None:
        super().__init__()
        self.activation = activation
        self.w_1 = nn.Linear(width, hidden)
        self.w_2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.w_2(self.activation(self.w_1(x)))


class ConformerBlock(nn.Module):
    """Attention and feed-forward, each behind its norm and added to its input."""

    def __init__(self, width: int, num_heads: int, hidden: int) -> None:
        super().__init__()
        self.norm_mha = nn.LayerNorm(width, eps=BLOCK_NORM_EPS)
        self.self_attn = RelativeAttention(width, num_heads)
        self.norm_ff = nn.LayerNorm(width, eps=BLOCK_NORM_EPS)
        self.feed_forward = FeedForward(width, hidden)

    def forward(self, x: Tensor, positions: Tensor, mask: Tensor | None) -> Tensor:
        x = x + self.self_attn(self.norm_mha(x), positions, mask)
        return x + self.feed_forward(self.norm_ff(x))


class Embed(nn.Module):
    """Linear and norm, scaled as a transformer's input embedding is (Vaswani et al. 2017, section 3.4)."""

    def __init__(self, width_in: int, width: int) -> None:
        super().__init__()
        self.scale = math.sqrt(width)
        self.out = nn.Sequential(nn.Linear(width_in, width), nn.LayerNorm(width))

    def forward(self, x: Tensor) -> Tensor:
        return self.out(x) * self.scale


class Conformer(nn.Module):
    """An embedding, blocks and a last norm."""

    def __init__(self, width_in: int, width: int, num_heads: int, hidden: int, num_blocks: int) -> None:
        super().__init__()
        self.embed = Embed(width_in, width)
        self.encoders = nn.ModuleList(ConformerBlock(width, num_heads, hidden) for _ in range(num_blocks))
        self.after_norm = nn.LayerNorm(width)

    def forward(self, x: Tensor, lengths: Tensor, chunk: int | None) -> Tensor:
        """(B, T, D_in) with (B,) valid -> (B, T, D); `chunk` positions see each other, None for all."""
        return self.after_norm(_through(self.encoders, self.embed(x), lengths, chunk))


def _through(blocks: nn.ModuleList, x: Tensor, lengths: Tensor, chunk: int | None) -> Tensor:
    positions = relative_positions(x.shape[1], x.shape[2], x)
    mask = attention_mask(lengths, x.shape[1], chunk)
    for block in blocks:
        x = block(x, positions, mask)
    return x


class LookAhead(nn.Module):
    """Lets each token see the `lookahead` tokens after it, so that a chunk need not wait for the next one."""

    def __init__(self, width: int, hidden: int, lookahead: int) -> None:
        super().__init__()
        self.conv1 = FrameConv(width, hidden, ahead=lookahead)
        self.conv2 = FrameConv(hidden, width, behind=LOOKBACK)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, S, D), (B, S, 1) -> (B, S, D)."""
        return x + self.conv2(F.leaky_relu(self.conv1(x * mask)) * mask)


class Upsample(nn.Module):
    """Each token becomes `factor` frames, smoothed over the past."""

    def __init__(self, width: int, factor: int) -> None:
        super().__init__()
        self.factor = factor
        self.conv = FrameConv(width, width, behind=UPSAMPLE_KERNEL - 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, S, D) -> (B, factor · S, D)."""
        return self.conv(x.repeat_interleave(self.factor, dim=1))


class TokenEncoder(nn.Module):
    """Token embeddings at 25 Hz -> features at 50 Hz."""

    def __init__(self, profile: ConformerFlowProfile) -> None:
        super().__init__()
        width, heads, hidden = profile.encoder_width, profile.encoder_heads, profile.encoder_ff
        self.factor = profile.mel_per_token
        self.embed = Embed(width, width)
        self.pre_lookahead_layer = LookAhead(width, width, profile.lookahead)
        self.encoders = nn.ModuleList(ConformerBlock(width, heads, hidden) for _ in range(profile.num_encoder_blocks))
        self.up_layer = Upsample(width, profile.mel_per_token)
        self.up_embed = Embed(width, width)
        self.up_encoders = nn.ModuleList(
            ConformerBlock(width, heads, hidden) for _ in range(profile.num_upsampled_blocks)
        )
        self.after_norm = nn.LayerNorm(width)

    def forward(self, x: Tensor, lengths: Tensor, chunk: int | None, num_ahead: int = 0) -> Tensor:
        """Features of tokens, zero beyond the valid frames.

        Args:
            x: (B, S, D).
            lengths: (B,) valid tokens.
            chunk: tokens a chunk, or None.
            num_ahead: tokens at the end that the look-ahead layer hears and nothing else does.

        Returns:
            (B, 2 · (S - num_ahead), D)
        """
        x = self.pre_lookahead_layer(self.embed(x), frame_mask(lengths, x.shape[1]).transpose(1, 2))
        lengths, x = lengths - num_ahead, x[:, : x.shape[1] - num_ahead]
        x = _through(self.encoders, x, lengths, chunk)
        x = self.up_layer(x * frame_mask(lengths, x.shape[1]).transpose(1, 2))
        up_chunk = chunk and chunk * self.factor
        x = _through(self.up_encoders, self.up_embed(x), lengths * self.factor, up_chunk)
        return self.after_norm(x) * frame_mask(lengths * self.factor, x.shape[1]).transpose(1, 2)
