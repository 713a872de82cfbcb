"""Conformers without convolution modules, whose attention depends on content and distance.

Relative attention: Dai et al. 2019, "Transformer-XL", section 3.3.

Shapes: B batch, S speech tokens, M = 2 S mel frames, T either of them or text tokens, D width, H heads, W = D / H; with
a cache, Q new positions of P.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cosycli.model.convolutions import FrameConv
from cosycli.model.key_value_cache import CacheSlots
from cosycli.model.masks import attention_mask, frame_mask
from cosycli.model.profile import ConformerFlowProfile

BLOCK_NORM_EPS = 1e-12  # of the published model
LOOKBACK = 2  # frames the look-ahead layer's second convolution sees behind it
UPSAMPLE_KERNEL = 5


def relative_positions(num_frames: int, width: int, like: Tensor) -> Tensor:
    """Sinusoids of the distances T - 1 down to -(T - 1): (2 T - 1, D)."""
    return encode_distances(torch.arange(num_frames - 1, -num_frames, -1, device=like.device), width).to(like.dtype)


def encode_distances(distances: Tensor, width: int) -> Tensor:
    """Sinusoids of distances between positions: (T,) -> (T, D)."""
    rate = torch.exp(torch.arange(0, width, 2, device=distances.device) * (-math.log(10000.0) / width))
    angle = distances[:, None].float() * rate
    return torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)


class RelativeAttention(nn.Module):
    """Self-attention whose scores depend on content and distance; parameter names are those of the published models."""

    def __init__(self, width: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads, self.head_width = num_heads, width // num_heads
        self.linear_q = nn.Linear(width, width)
        self.linear_k = nn.Linear(width, width)
        self.linear_v = nn.Linear(width, width)
        self.linear_out = nn.Linear(width, width)
        self.linear_pos = nn.Linear(width, width, bias=False)
        self.pos_bias_u = nn.Parameter(torch.zeros(num_heads, self.head_width))
        self.pos_bias_v = nn.Parameter(torch.zeros(num_heads, self.head_width))

    def forward(self, x: Tensor, positions: Tensor, mask: Tensor | None) -> Tensor:
        """(B, T, D), (2 T - 1, D), (B, 1, T, T) -> (B, T, D)."""
        query, key, value = (self._heads(linear(x)) for linear in (self.linear_q, self.linear_k, self.linear_v))
        by_distance = _shift((query + self.pos_bias_v[:, None]) @ self.project(positions).transpose(1, 2))
        by_distance = by_distance / math.sqrt(self.head_width)
        if mask is not None:
            by_distance = by_distance.masked_fill(~mask, -math.inf)
        return self._mix(query, key, value, by_distance)

    def attend(self, x: Tensor, layer: int, slots: CacheSlots, distances: Tensor) -> Tensor:
        """What `forward` gives for new positions alone, causally, with earlier keys and values out of a cache.

        Args:
            x: (B, Q, D).
            layer, slots: where in the cache.
            distances: (H, P, W) the distances 0 to P - 1, projected.

        Returns:
            (B, Q, D)
        """
        query, key, value = (self._heads(linear(x)) for linear in (self.linear_q, self.linear_k, self.linear_v))
        keys, values = slots.update(key, value, layer)
        scores = (query + self.pos_bias_v[:, None]) @ distances.transpose(1, 2)
        distance = (slots.positions[:, :, None] - torch.arange(keys.shape[2], device=x.device)).clamp(min=0)
        by_distance = scores.gather(3, distance[:, None].expand_as(scores)) / math.sqrt(self.head_width)
        return self._mix(query, keys, values, by_distance + slots.mask)

    def project(self, positions: Tensor) -> Tensor:
        """Sinusoids (T, D) as keys (H, T, W)."""
        return self._heads(self.linear_pos(positions)[None])[0]

    def _mix(self, query: Tensor, key: Tensor, value: Tensor, by_distance: Tensor) -> Tensor:
        content = query + self.pos_bias_u[:, None]
        mixed = F.scaled_dot_product_attention(
            content.to(value.dtype), key, value, attn_mask=by_distance.to(value.dtype)
        )
        return self.linear_out(mixed.transpose(1, 2).flatten(2))

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(2, (self.num_heads, self.head_width)).transpose(1, 2)


def _shift(scores: Tensor) -> Tensor:
    """From columns by distance T - 1 … -(T - 1) to columns by key: (B, H, T, 2 T - 1) -> (B, H, T, T).

    Row i wants columns T - 1 - i onwards. Padding each row by one and reading the memory with rows one shorter
    moves row i left by i (Dai et al. 2019, appendix B).
    """
    batch, heads, num_rows, num_columns = scores.shape
    padded = F.pad(scores, (1, 0)).view(batch, heads, num_columns + 1, num_rows)
    return padded[:, :, 1:].reshape(batch, heads, num_rows, num_columns)[..., :num_rows]


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
