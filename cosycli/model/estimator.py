"""The flow's velocity estimator: a U-Net of ResNet and transformer blocks over mel frames.

CosyVoice 2's is causal and has one level; CosyVoice 1's is not, and has two, the lower at half the frame rate.

Shapes: B batch, M mel frames, C channels; the channels of a frame lie together throughout.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cosycli.model.attention import AttentionMask, attend
from cosycli.model.convolutions import FrameConv, FrameGroupNorm, StreamingState
from cosycli.model.masks import keep_valid
from cosycli.model.profile import ConformerFlowProfile

NUM_GROUPS = 8  # of CosyVoice 1's norms
TIME_SCALE = 1000.0  # t runs from 0 to 1; the sinusoids expect diffusion steps (Ho et al. 2020)


def time_embedding(t: Tensor, width: int) -> Tensor:
    """Sinusoids of t: (B,) -> (B, width)."""
    half = width // 2
    rate = torch.exp(torch.arange(half, device=t.device) * (-math.log(10000.0) / (half - 1)))
    angle = TIME_SCALE * t[:, None].float() * rate
    return torch.cat([angle.sin(), angle.cos()], dim=1)


class Mish(nn.Module):
    """x tanh(log(1 + e^x)) (Misra, 2019), as 2 x / (1 + s²) - x where s is the sigmoid of -x.

    On the CPU that is faster than PyTorch's own.
    """

    def forward(self, x: Tensor) -> Tensor:
        sigmoid = torch.sigmoid(-x)
        return 2 * x / (1 + sigmoid.square()) - x


class CausalBlock(nn.Module):
    """Causal convolution, norm, Mish."""

    def __init__(self, channels_in: int, channels: int) -> None:
        super().__init__()
        convolution = FrameConv(channels_in, channels, behind=2)
        self.block = nn.Sequential(convolution, nn.Identity(), nn.LayerNorm(channels), nn.Identity(), Mish())

    def forward(self, x: Tensor, mask: AttentionMask) -> Tensor:
        convolution, _, norm, _, activation = self.block
        hidden = norm(convolution(keep_valid(x, mask.valid), mask.state))
        return keep_valid(activation(hidden), mask.valid)


class CentredBlock(nn.Module):
    """Centred convolution, norm over all frames, Mish."""

    def __init__(self, channels_in: int, channels: int) -> None:
        super().__init__()
        convolution = FrameConv(channels_in, channels, behind=1, ahead=1)
        self.block = nn.Sequential(convolution, FrameGroupNorm(NUM_GROUPS, channels), Mish())

    def forward(self, x: Tensor, mask: AttentionMask) -> Tensor:
        convolution, norm, activation = self.block
        present = x.new_ones(1, 1, x.shape[1]) if mask.valid is None else mask.valid.mT.to(x.dtype)
        hidden = norm(convolution(keep_valid(x, mask.valid)).transpose(1, 2), present).transpose(1, 2)
        return keep_valid(activation(hidden), mask.valid)


@dataclass(frozen=True)
class Convolutions:
    """What a U-Net is made of: plain convolutions of a kernel of 3, and blocks of one with its norm."""

    plain: Callable[[int, int], nn.Module]
    block: Callable[[int, int], nn.Module]


CAUSAL = Convolutions(partial(FrameConv, behind=2), CausalBlock)
CENTRED = Convolutions(partial(FrameConv, behind=1, ahead=1), CentredBlock)


class ResnetBlock(nn.Module):
    """Two convolution blocks with the time added between them, and a straight way past."""

    def __init__(self, channels_in: int, channels: int, time_width: int, convolutions: Convolutions) -> None:
        super().__init__()
        self.mlp = nn.Sequential(Mish(), nn.Linear(time_width, channels))
        self.block1 = convolutions.block(channels_in, channels)
        self.block2 = convolutions.block(channels, channels)
        self.res_conv = FrameConv(channels_in, channels)

    def forward(self, x: Tensor, mask: AttentionMask, time: Tensor) -> Tensor:
        hidden = self.block1(x, mask) + self.mlp(time)[:, None]
        return self.block2(hidden, mask) + self.res_conv(keep_valid(x, mask.valid))


class FrameAttention(nn.Module):
    def __init__(self, channels: int, num_heads: int, head_width: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        inner = num_heads * head_width
        self.to_q = nn.Linear(channels, inner, bias=False)
        self.to_k = nn.Linear(channels, inner, bias=False)
        self.to_v = nn.Linear(channels, inner, bias=False)
        self.to_out = nn.ModuleList([nn.Linear(inner, channels)])

    def forward(self, x: Tensor, mask: AttentionMask) -> Tensor:
        """(B, M, C) -> (B, M, C)."""
        parts = self.to_q(x), mask.joined(self.to_k(x)), mask.joined(self.to_v(x))
        query, key, value = (part.unflatten(2, (self.num_heads, -1)).transpose(1, 2) for part in parts)
        mixed = attend(query, key, value, mask)
        return self.to_out[0](mixed.transpose(1, 2).flatten(2))


class GeluProjection(nn.Module):
    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.proj = nn.Linear(channels, hidden)

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(self.proj(x))


class GeluFeedForward(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.net = nn.Sequential(
            GeluProjection(channels, 4 * channels), nn.Identity(), nn.Linear(4 * channels, channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class FrameTransformer(nn.Module):
    def __init__(self, channels: int, num_heads: int, head_width: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(channels)
        self.attn1 = FrameAttention(channels, num_heads, head_width)
        self.norm3 = nn.LayerNorm(channels)
        self.ff = GeluFeedForward(channels)

    def forward(self, x: Tensor, mask: AttentionMask) -> Tensor:
        x = x + self.attn1(self.norm1(x), mask)
        return x + self.ff(self.norm3(x))


class Level(nn.ModuleList):
    """A ResNet block, its transformer blocks, and on the way down or up a last convolution."""

    def forward(self, x: Tensor, mask: AttentionMask, time: Tensor) -> Tensor:
        """All but the last convolution: (B, M, C) -> (B, M, C)."""
        resnet, transformers = self[0], self[1]
        x = resnet(x, mask, time)
        for block in transformers:  # type: ignore[attr-defined]
            x = block(x, mask)
        return x


class TimeMlp(nn.Module):
    def __init__(self, width_in: int, width: int) -> None:
        super().__init__()
        self.linear_1 = nn.Linear(width_in, width)
        self.linear_2 = nn.Linear(width, width)

    def forward(self, t: Tensor) -> Tensor:
        return self.linear_2(F.silu(self.linear_1(t)))


class Resampling(nn.Module):
    """A convolution that changes the number of frames, under the name that published checkpoints give it."""

    def __init__(self, conv: nn.Module) -> None:
        super().__init__()
        self.conv = conv

    def forward(self, x: Tensor, state: StreamingState | None = None) -> Tensor:
        """(B, M, C) -> (B, M', C); it sees what follows, so that there is no state to be used."""
        return self.conv(x.transpose(1, 2)).transpose(1, 2)


def _halving(channels: int) -> nn.Module:
    """M frames -> M / 2, rounded up."""
    return Resampling(nn.Conv1d(channels, channels, 3, stride=2, padding=1))


def _doubling(channels: int) -> nn.Module:
    """M frames -> 2 M."""
    return Resampling(nn.ConvTranspose1d(channels, channels, 4, stride=2, padding=1))


class VelocityEstimator(nn.Module):
    """The velocity of mel frames at time t, given what the tokens, speaker and prompt say of them."""

    def __init__(self, profile: ConformerFlowProfile, convolutions: Convolutions) -> None:
        super().__init__()
        self.profile, self.convolutions = profile, convolutions
        channels, channels_in, num_below = profile.estimator_width, 4 * profile.num_mels, profile.num_levels - 1
        self.time_mlp = TimeMlp(channels_in, 4 * channels)
        down = [*(_halving(channels) for _ in range(num_below)), convolutions.plain(channels, channels)]
        up = [*(_doubling(channels) for _ in range(num_below)), convolutions.plain(channels, channels)]
        widths = [channels_in, *[channels] * num_below]
        self.down_blocks = nn.ModuleList(self._level(width, end) for width, end in zip(widths, down, strict=True))
        self.mid_blocks = nn.ModuleList(self._level(channels) for _ in range(profile.num_mid_blocks))
        self.up_blocks = nn.ModuleList(self._level(2 * channels, end) for end in up)
        self.final_block = convolutions.block(channels, channels)
        self.final_proj = FrameConv(channels, profile.num_mels)

    def _level(self, channels_in: int, *end: nn.Module) -> Level:
        profile, channels = self.profile, self.profile.estimator_width
        transformers = nn.ModuleList(
            FrameTransformer(channels, profile.estimator_heads, profile.estimator_head_width)
            for _ in range(profile.num_transformers)
        )
        return Level([ResnetBlock(channels_in, channels, 4 * channels, self.convolutions), transformers, *end])

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
        """The velocity (B, num_mels, M), zero beyond the valid frames.

        Args:
            x, mu, cond: (B, num_mels, M) the noisy mel, the encoder's features, the prompt mel.
            speaker: (B, num_mels).
            t: (B,) from 0 (noise) to 1 (mel).
            lengths: (B,) valid frames.
            chunk: frames a chunk, or None.
            state: what the layers saw of frames that went before these, whole chunks of them.
        """
        time = self.time_mlp(time_embedding(t, 4 * self.profile.num_mels).to(x.dtype))
        num_frames = x.shape[2]
        inputs = torch.cat([x, mu, speaker[:, :, None].expand(-1, -1, num_frames), cond], dim=1)
        hidden = inputs.transpose(1, 2).contiguous()
        passed = []  # on the way down: what each level gave, and which frames are valid and seen
        for level in self.down_blocks:
            mask = AttentionMask.of(lengths, hidden.shape[1], chunk, state)
            hidden = level(hidden, mask, time)
            passed.append((hidden, mask))
            hidden = level[2](keep_valid(hidden, mask.valid), state)  # type: ignore[index]
            lengths = (lengths + 1) // 2
        for level in self.mid_blocks:
            hidden = level(hidden, mask, time)
        for level in self.up_blocks:
            skip, mask = passed.pop()
            hidden = level(torch.cat([hidden[:, : skip.shape[1]], skip], dim=2), mask, time)
            hidden = level[2](keep_valid(hidden, mask.valid), state)  # type: ignore[index]
        return keep_valid(self.final_proj(self.final_block(hidden, mask)), mask.valid).transpose(1, 2)
