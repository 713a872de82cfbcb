"""The text-speech language model of CosyVoice 1: a text encoder, then a transformer that continues with speech tokens.

B batch, T text tokens, S speech tokens, P positions of a sequence, Q new ones, D width, H heads, W = D / H,
V output ids.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from cosycli.model.conformer import BLOCK_NORM_EPS, Conformer, FeedForward, RelativeAttention, encode_distances
from cosycli.model.key_value_cache import CacheShape, CacheSlots, KeyValueCache
from cosycli.model.profile import LanguageModelProfile, TransformerProfile
from cosycli.model.speech_decoder import Request

START, TURN = 0, 1  # rows of `llm_embedding`: before everything, and between text and speech
DISTANCES = 512  # projected at a time: ten seconds of speech


class CausalTransformerBlock(nn.Module):
    """Attention and feed-forward, each behind its norm and added to its input."""

    def __init__(self, width: int, num_heads: int, hidden: int) -> None:
        super().__init__()
        self.self_attn = RelativeAttention(width, num_heads)
        self.feed_forward = FeedForward(width, hidden, F.relu)
        self.norm1 = nn.LayerNorm(width, eps=BLOCK_NORM_EPS)
        self.norm2 = nn.LayerNorm(width, eps=BLOCK_NORM_EPS)

    def forward(self, x: Tensor, layer: int, slots: CacheSlots, distances: Tensor) -> Tensor:
        x = x + self.self_attn.attend(self.norm1(x), layer, slots, distances)
        return x + self.feed_forward(self.norm2(x))


class ReluEmbed(nn.Module):
    """Linear, norm and ReLU, scaled as a transformer's input embedding is (Vaswani et al. 2017, section 3.4)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.out = nn.Sequential(nn.Linear(width, width), nn.LayerNorm(width))
        self.scale = math.sqrt(width)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.out(x)) * self.scale


class Transformer(nn.Module):
    """Causal blocks that see their keys, values and distances in a cache."""

    def __init__(self, profile: TransformerProfile) -> None:
        super().__init__()
        self.embed = ReluEmbed(profile.width)
        self.encoders = nn.ModuleList(
            CausalTransformerBlock(profile.width, profile.num_heads, profile.ff) for _ in range(profile.num_blocks)
        )
        self.after_norm = nn.LayerNorm(profile.width)

    def forward(self, x: Tensor, slots: CacheSlots, distances: Tensor) -> Tensor:
        """(B, Q, D), projected distances (layer, H, P, W) -> (B, Q, D)."""
        x = self.embed(x)
        for layer, block in enumerate(self.encoders):
            x = block(x, layer, slots, distances[layer])
        return self.after_norm(x)

    def project(self, num_distances: int) -> Tensor:
        """The distances from 0 as the keys of every layer: (layer, H, num_distances, W)."""
        like = self.after_norm.weight
        encoded = encode_distances(torch.arange(num_distances, device=like.device), len(like)).to(like.dtype)
        return torch.stack([cast(CausalTransformerBlock, block).self_attn.project(encoded) for block in self.encoders])


class DistanceCache(KeyValueCache):
    """Also holds the projected distances: they depend on weights alone, and cost more than all else in a step.

    Args:
        project: gives the distances from 0 up to a number of them, (layer, H, number, W).
    """

    def __init__(
        self,
        shape: CacheShape,
        max_sequences: int,
        project: Callable[[int], Tensor],
        has_fixed_shapes: bool | None = None,
    ) -> None:
        self._project = project
        self._distances = project(DISTANCES)
        super().__init__(shape, max_sequences, self._distances, has_fixed_shapes)

    def distances(self, slots: CacheSlots) -> Tensor:
        """All that occur between the positions at `slots`: (layer, H, P, W)."""
        return self._distances[:, :, : slots.mask.shape[3]]

    def _grow_to(self, length: int) -> None:
        super()._grow_to(length)
        if length > self._distances.shape[2]:
            self._distances = self._project(DISTANCES * math.ceil(length / DISTANCES))


class TransformerLanguageModel(nn.Module):
    """Parameter names are those of the published `llm.pt`."""

    def __init__(self, profile: LanguageModelProfile, sizes: TransformerProfile) -> None:
        super().__init__()
        self.profile, self.sizes = profile, sizes
        self.text_embedding = nn.Embedding(sizes.num_text_ids, sizes.text_width)
        self.text_encoder = Conformer(
            sizes.text_width, sizes.encoder_width, sizes.encoder_heads, sizes.encoder_ff, sizes.num_encoder_blocks
        )
        self.text_encoder_affine_layer = nn.Linear(sizes.encoder_width, sizes.width)
        self.llm_embedding = nn.Embedding(2, sizes.width)
        self.llm = Transformer(sizes)
        self.llm_decoder = nn.Linear(sizes.width, profile.num_codes + profile.num_stop_ids)
        self.speech_embedding = nn.Embedding(profile.num_codes, sizes.width)
        self.spk_embed_affine_layer = nn.Linear(sizes.speaker_width, sizes.width)

    @property
    def cache_shape(self) -> CacheShape:
        return CacheShape(self.sizes.num_blocks, self.sizes.num_heads, self.sizes.width // self.sizes.num_heads)

    def new_cache(self, max_sequences: int, has_fixed_shapes: bool | None = None) -> DistanceCache:
        return DistanceCache(self.cache_shape, max_sequences, self.llm.project, has_fixed_shapes)

    def prefill(self, requests: Sequence[Request], cache: DistanceCache) -> Tensor:
        """As `SpeechDecoder.prefill`: reads start, speaker, text, turn and the speech so far."""
        vectors = [self.embed(each.all_text, each.prompt_speech, each.speaker)[0] for each in requests]
        slots = cache.allocate([len(each) for each in vectors])
        hidden = self.llm(pad_sequence(vectors, batch_first=True), slots, cache.distances(slots))
        return self._log_probs(torch.stack([row[len(each) - 1] for row, each in zip(hidden, vectors, strict=True)]))

    def step(self, tokens: Tensor, cache: DistanceCache) -> Tensor:
        vectors, slots = self.speech_embedding(tokens.to(self.speech_embedding.weight.device)), cache.next_slots()
        return self._log_probs(self.llm(vectors[:, None], slots, cache.distances(slots))[:, 0])

    def embed(self, text: Sequence[int], speech: Sequence[int], speaker: Tensor | None) -> Tensor:
        """The sequence as input vectors (1, P, D)."""
        weight = self.speech_embedding.weight
        start, turn = self.llm_embedding.weight[START, None], self.llm_embedding.weight[TURN, None]
        text_ids, speech_ids = (
            torch.tensor(list(ids), dtype=torch.long, device=weight.device) for ids in (text, speech)
        )
        who = [] if speaker is None else [self.spk_embed_affine_layer(F.normalize(speaker.to(weight), dim=0))[None]]
        words = self.text_encoder_affine_layer(self.encode_text(text_ids[None])[0])
        return torch.cat([start, *who, words, turn, self.speech_embedding(speech_ids)])[None]

    def encode_text(self, ids: Tensor) -> Tensor:
        """(B, T) -> (B, T, encoder_width); a text token sees itself and those before it."""
        lengths = torch.full(ids.shape[:1], ids.shape[1], device=ids.device)
        return self.text_encoder(self.text_embedding(ids), lengths, chunk=1)

    def _log_probs(self, hidden: Tensor) -> Tensor:
        """(B, D) -> (B, V)."""
        log_probs: Tensor = self.llm_decoder(hidden).float().log_softmax(dim=-1)
        return log_probs
