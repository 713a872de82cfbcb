"""Speech tokens -> mel by conditional flow matching (Lipman et al. 2023; CosyVoice 2, section 2.4).

Shapes: B batch, S speech tokens (25 Hz), M = 2 S mel frames (50 Hz).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, repeat

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from cosycli.model.conformer import LookAhead, TokenEncoder
from cosycli.model.convolutions import StreamingState
from cosycli.model.diffusion_transformer import DiffusionTransformer
from cosycli.model.estimator import CAUSAL, VelocityEstimator
from cosycli.model.masks import FlowMask, frame_mask
from cosycli.model.profile import ConformerFlowProfile, FlowProfile, TransformerFlowProfile

MAX_FRAMES = 15000  # of the fixed noise: 300 s, prompt included


@dataclass(frozen=True)
class FlowInput:
    """One utterance: what to say (S,), in whose voice (speaker_width,), going on from which prompt.

    The prompt is (S',) tokens and their mel (num_mels, 2 S'); both empty where a voice is only an embedding.
    The seed is of the noise that the mel is made from, where that is not fixed.
    """

    tokens: Tensor
    speaker: Tensor
    prompt_tokens: Tensor
    prompt_mel: Tensor
    seed: int = 0


@dataclass(frozen=True, eq=False)
class FlowCache:
    """What the estimator saw of the first frames of an utterance, whole chunks of them.

    Attributes:
        seen: by its layers at each step of the solver, in the batch of two that `Flow.solve` makes of an utterance.
    """

    num_frames: int = 0
    seen: tuple[tuple[Tensor, ...], ...] = ()

    @property
    def num_bytes(self) -> int:
        return sum(tensor.nbytes for layers in self.seen for tensor in layers)

    def runs(self, num_steps: int, keeps: bool) -> list[StreamingState]:
        """For each step of the solver."""
        return [StreamingState(self.num_frames, seen, keeps) for seen in self.seen or [()] * num_steps]


EMPTY_CACHE = FlowCache()


@dataclass(frozen=True)
class Conditions:
    """The estimator's conditions: mu and cond (B, num_mels, M), speaker (B, num_mels), lengths (B,) in frames."""

    mu: Tensor
    speaker: Tensor
    cond: Tensor
    lengths: Tensor

    def after(self, start: int) -> Conditions:
        """Those of the frames from `start` on."""
        return Conditions(self.mu[:, :, start:], self.speaker, self.cond[:, :, start:], self.lengths - start)

    def unconditional(self) -> Conditions:
        """The same batch without any condition."""
        zeros = torch.zeros_like
        return Conditions(zeros(self.mu), zeros(self.speaker), zeros(self.cond), self.lengths)

    def joined(self, other: Conditions) -> Conditions:
        """Both batches, one after the other."""
        return Conditions(
            torch.cat([self.mu, other.mu]),
            torch.cat([self.speaker, other.speaker]),
            torch.cat([self.cond, other.cond]),
            torch.cat([self.lengths, other.lengths]),
        )


class _NamedEstimator(nn.Module):
    """Gives the estimator the name it has in published checkpoints, `decoder.estimator`."""

    def __init__(self, estimator: nn.Module) -> None:
        super().__init__()
        self.estimator = estimator


class Flow(nn.Module, ABC):
    """Conditions and the Euler solver; how tokens are encoded is for the versions to say.

    Args:
        estimator: gives the velocity; called as `VelocityEstimator.forward` is.
    """

    noise: Tensor

    def __init__(self, profile: FlowProfile, estimator: nn.Module) -> None:
        super().__init__()
        self.profile = profile
        self.input_embedding = nn.Embedding(profile.num_codes, profile.encoder_width)
        self.spk_embed_affine_layer = nn.Linear(profile.speaker_width, profile.num_mels)
        self.decoder = _NamedEstimator(estimator)
        self.register_buffer("noise", fixed_noise(profile.num_mels), persistent=False)

    @torch.inference_mode()
    def mels(self, inputs: Sequence[FlowInput], mask: FlowMask, cache: FlowCache = EMPTY_CACHE) -> list[Tensor]:
        """The mel (num_mels, M) of each input, without its prompt.

        Args:
            cache: of their prompt, where all inputs have the same; see `extend`.
        """
        mu, lengths = self.features(inputs, mask, is_last=True)
        conditions = self._conditions(inputs, mu, lengths)
        noise = self.initial_noise(inputs, mu.shape[2])
        start = cache.num_frames
        runs = cache.runs(self.profile.num_steps, keeps=False) if start else None
        mel = self.solve(conditions.after(start), noise[:, :, start:], mask, runs).float()
        ends = lengths.tolist()
        return [
            row[:, item.prompt_mel.shape[1] - start : end - start]
            for row, item, end in zip(mel, inputs, ends, strict=True)
        ]

    @torch.inference_mode()
    def extend(self, item: FlowInput, mask: FlowMask, cache: FlowCache, is_last: bool) -> tuple[Tensor, FlowCache]:
        """The mel (num_mels, M) of an input from the end of its cache on, prompt included, and what is then its cache.

        Under the chunk masks that is what all of it at once gives, within rounding, and of a prompt it can be kept:
        nothing changes the frames up to the end of a whole chunk, once `lookahead` tokens after it are known.

        Args:
            item: with all tokens from the beginning, `lookahead` or more.
            is_last: no tokens follow; else the mel ends with the last chunk that nothing can change.
        """
        mu, lengths = self.features([item], mask, is_last)
        if not is_last:
            lengths = lengths - lengths % (self.frames_of_chunk(mask) or 1)
        start, end = cache.num_frames, int(lengths)
        if end <= start:
            return mu[0, :, :0], cache
        conditions = self._conditions([item], mu[:, :, :end], lengths).after(start)
        runs = cache.runs(self.profile.num_steps, keeps=True)
        mel = self.solve(conditions, self.initial_noise([item], end)[:, :, start:], mask, runs)
        return mel[0].float(), FlowCache(end, tuple(tuple(run.seen) for run in runs))

    def frames_of_chunk(self, mask: FlowMask) -> int | None:
        """Mel frames a chunk; None where there are no chunks."""
        tokens = mask.chunk_tokens(self.profile.chunk)
        return tokens and tokens * self.profile.mel_per_token

    def _conditions(self, inputs: Sequence[FlowInput], mu: Tensor, lengths: Tensor) -> Conditions:
        cond = torch.zeros_like(mu)
        for row, item in zip(cond, inputs, strict=True):
            prompt = item.prompt_mel[:, : mu.shape[2]]
            row[:, : prompt.shape[1]] = prompt
        speakers = torch.stack([item.speaker for item in inputs])
        return Conditions(mu, self.project_speaker(speakers), cond, lengths)

    def features(self, inputs: Sequence[FlowInput], mask: FlowMask, is_last: bool) -> tuple[Tensor, Tensor]:
        """What prompt and tokens say of the mel: mu (B, num_mels, M), and how many frames (B,) of it are valid."""
        tokens, num_tokens = padded([torch.cat([item.prompt_tokens, item.tokens]) for item in inputs])
        num_ahead = 0 if is_last else self.profile.lookahead
        mu = self.encode(tokens, num_tokens, mask.chunk_tokens(self.profile.chunk), num_ahead)
        return mu, (num_tokens - num_ahead) * self.profile.mel_per_token

    def initial_noise(self, inputs: Sequence[FlowInput], num_frames: int) -> Tensor:
        """What the mels are made from: (B, num_mels, num_frames), the same for every input."""
        return self.noise[:, :, :num_frames].expand(len(inputs), -1, -1)

    @abstractmethod
    def encode(self, tokens: Tensor, num_tokens: Tensor, chunk: int | None, num_ahead: int = 0) -> Tensor:
        """Features mu (B, num_mels, M) of tokens (B, S), of which (B,) are valid.

        Args:
            chunk: tokens a chunk, or None.
            num_ahead: tokens at the end that are only heard ahead and give no frames.
        """

    def project_speaker(self, speaker: Tensor) -> Tensor:
        """Speaker embedding (B, speaker_width) -> (B, num_mels)."""
        return self.spk_embed_affine_layer(F.normalize(speaker, dim=1))

    def solve(
        self, conditions: Conditions, noise: Tensor, mask: FlowMask, states: Sequence[StreamingState] | None = None
    ) -> Tensor:
        """Euler steps from noise to the mel, both (B, num_mels, M).

        Times are 1 - cos(π/2 · i/n) and the velocity is (1 + g) v(conditions) - g v(nothing), classifier-free guidance
        of strength g (Ho and Salimans 2022; CosyVoice 2, section 2.4).

        Args:
            states: of the estimator's layers, one for each step.
        """
        guidance = self.profile.guidance
        x = noise.to(conditions.mu.dtype)
        both = conditions.joined(conditions.unconditional())
        steps = torch.linspace(0, 1, self.profile.num_steps + 1)
        times = (1 - torch.cos(steps * math.pi / 2)).tolist()
        runs = states or repeat(None, self.profile.num_steps)
        for (now, then), state in zip(pairwise(times), runs, strict=True):
            cond, uncond = self.velocity(torch.cat([x, x]), now, both, mask, state).chunk(2)
            x = x + (then - now) * ((1 + guidance) * cond - guidance * uncond)
        return x

    def velocity(
        self, x: Tensor, t: float | Tensor, conditions: Conditions, mask: FlowMask, state: StreamingState | None = None
    ) -> Tensor:
        """The estimator's velocity (B, num_mels, M) at time t, one for all rows or (B,)."""
        times = t if isinstance(t, Tensor) else torch.full((len(x),), t, device=x.device)
        return self.decoder.estimator(
            x,
            conditions.mu,
            conditions.speaker,
            conditions.cond,
            times,
            conditions.lengths,
            self.frames_of_chunk(mask),
            state,
        )


class ConformerFlow(Flow):
    """The flow of CosyVoice 2."""

    def __init__(self, profile: ConformerFlowProfile) -> None:
        super().__init__(profile, VelocityEstimator(profile, CAUSAL))
        self.encoder = TokenEncoder(profile)
        self.encoder_proj = nn.Linear(profile.encoder_width, profile.num_mels)

    def encode(self, tokens: Tensor, num_tokens: Tensor, chunk: int | None, num_ahead: int = 0) -> Tensor:
        mask = frame_mask(num_tokens, tokens.shape[1]).transpose(1, 2)
        hidden = self.encoder(self.input_embedding(tokens) * mask, num_tokens, chunk, num_ahead)
        return self.encoder_proj(hidden).transpose(1, 2)


class TransformerFlow(Flow):
    """The flow of CosyVoice 3."""

    def __init__(self, profile: TransformerFlowProfile) -> None:
        super().__init__(profile, DiffusionTransformer(profile))
        self.pre_lookahead_layer = LookAhead(profile.encoder_width, profile.lookahead_width, profile.lookahead)

    def encode(self, tokens: Tensor, num_tokens: Tensor, chunk: int | None, num_ahead: int = 0) -> Tensor:
        num_spoken = tokens.shape[1] - num_ahead
        mask = frame_mask(num_tokens, tokens.shape[1]).transpose(1, 2)
        hidden = self.pre_lookahead_layer(self.input_embedding(tokens), mask)
        spoken = hidden[:, :num_spoken].transpose(1, 2) * frame_mask(num_tokens - num_ahead, num_spoken)
        return spoken.repeat_interleave(self.profile.mel_per_token, dim=2)


def padded(rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Rows of any length (S,) as (B, S), zero after each row's end, and their lengths (B,)."""
    lengths = torch.tensor([len(row) for row in rows], device=rows[0].device)
    return pad_sequence(list(rows), batch_first=True), lengths


def fixed_noise(num_mels: int) -> Tensor:
    """The noise that every utterance of CosyVoice 2 and 3 starts from: (1, num_mels, MAX_FRAMES)."""
    return torch.randn(1, num_mels, MAX_FRAMES, generator=torch.Generator().manual_seed(0))
