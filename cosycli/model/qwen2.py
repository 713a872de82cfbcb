"""The Qwen2 backbone: RMS norms, rotary positions, grouped-query attention and SwiGLU ("Qwen2 Technical Report", 2024,
section 2.2). Parameter names are those of the published weights.

B rows, Q new positions, P positions seen, H heads, K key-value heads, W width of a head, D width.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cosycli.errors import MissingError
from cosycli.model.key_value_cache import CacheShape, CacheSlots
from cosycli.model.text_tokenizer import has_only_bytes


@dataclass(frozen=True)
class BackboneConfig:
    """The size of a backbone, by the names of its `config.json`."""

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    rms_norm_eps: float = 1e-6
    rope_theta: float = 1e6

    @property
    def head_width(self) -> int:
        return self.hidden_size // self.num_attention_heads

    @property
    def cache_shape(self) -> CacheShape:
        return CacheShape(self.num_hidden_layers, self.num_key_value_heads, self.head_width)


def read_backbone_config(directory: Path) -> BackboneConfig:
    """The size of the backbone, from `config.json` in `directory`.

    transformers reads that of a published model, which is a Qwen2's of any age. Where the text vocabulary is of bytes
    alone, as in the built-in model, it is read here, so that a first word does not wait for that import.

    Raises:
        MissingError: the file is absent or damaged.
    """
    path = directory / "config.json"
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        config = _config_of(values)
        return config if has_only_bytes(directory) else _config_of(_read_by_transformers(values))
    except Exception as error:  # transformers has one of its own for a wrong value
        hint = "Fetch the model again with `cosy models pull`."
        raise MissingError(f"The language model's {path} cannot be read: {error}.", hint) from None


def _config_of(values: dict[str, Any]) -> BackboneConfig:
    values = values | values.get("rope_parameters", {})  # where transformers 5 writes rope_theta
    return BackboneConfig(**{name: values[name] for name in BackboneConfig.__dataclass_fields__ if name in values})


def _read_by_transformers(values: dict[str, Any]) -> dict[str, Any]:
    from transformers import Qwen2Config

    return Qwen2Config.from_dict(values).to_dict()


class Backbone(nn.Module):
    """Input vectors to hidden states."""

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.num_hidden_layers))
        self.norm = _RmsNorm(config)

    def forward(self, vectors: Tensor, slots: CacheSlots | None = None) -> Tensor:
        """Hidden states (B, Q, D), after the final norm, of input vectors (B, Q, D).

        Args:
            slots: where the new positions go in a cache; without one they see themselves and what is before them.
        """
        if slots is None:
            positions = torch.arange(vectors.shape[1], device=vectors.device)[None]
            unseen = positions.mT < positions
            mask = torch.zeros_like(unseen, dtype=vectors.dtype).masked_fill_(unseen, float("-inf"))[None, None]
        else:
            positions, mask = slots.positions, slots.mask
        rotation = _rotation(positions, self.config, vectors.dtype)
        for number, layer in enumerate(self.layers):
            vectors = layer(vectors, rotation, mask, slots, number)
        hidden: Tensor = self.norm(vectors)
        return hidden


class _Layer(nn.Module):
    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        self.self_attn = _GroupedQueryAttention(config)
        self.mlp = _SwiGlu(config)
        self.input_layernorm = _RmsNorm(config)
        self.post_attention_layernorm = _RmsNorm(config)

    def forward(
        self, x: Tensor, rotation: tuple[Tensor, Tensor], mask: Tensor, slots: CacheSlots | None, number: int
    ) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), rotation, mask, slots, number)
        y: Tensor = x + self.mlp(self.post_attention_layernorm(x))
        return y


class _GroupedQueryAttention(nn.Module):
    """Grouped-query attention (Ainslie et al. 2023): several heads share one key-value head."""

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        self.num_kv_heads = config.num_key_value_heads
        self.head_width = config.head_width
        kv_width = config.num_key_value_heads * config.head_width
        self.q_proj = nn.Linear(config.hidden_size, config.hidden_size)
        self.k_proj = nn.Linear(config.hidden_size, kv_width)
        self.v_proj = nn.Linear(config.hidden_size, kv_width)
        self.o_proj = nn.Linear(config.hidden_size, config.hidden_size, bias=False)
        self.qkv_proj: nn.Linear | None = None

    def join(self) -> None:
        """From now on queries, keys and values are one product."""
        self.qkv_proj = _joined(self.q_proj, self.k_proj, self.v_proj)
        del self.q_proj, self.k_proj, self.v_proj

    def forward(
        self, x: Tensor, rotation: tuple[Tensor, Tensor], mask: Tensor, slots: CacheSlots | None, number: int
    ) -> Tensor:
        """x (B, Q, D) -> (B, Q, D)."""
        heads = self._project(x).unflatten(2, (-1, self.head_width))
        turned, straight = heads.split((heads.shape[2] - self.num_kv_heads, self.num_kv_heads), dim=2)
        turned, value = _rotate(turned, rotation).transpose(1, 2), straight.transpose(1, 2)
        query, key = turned.split((turned.shape[1] - self.num_kv_heads, self.num_kv_heads), dim=1)
        if slots is not None:
            key, value = slots.update(key, value, number)
        attended = self.attend(query, key, value, mask)
        y: Tensor = self.o_proj(attended.transpose(1, 2).flatten(2))
        return y

    def _project(self, x: Tensor) -> Tensor:
        """Queries, keys and values (B, Q, (H + 2 K) W), head by head."""
        if self.qkv_proj is None:
            return torch.cat((self.q_proj(x), self.k_proj(x), self.v_proj(x)), dim=2)
        y: Tensor = self.qkv_proj(x)
        return y

    def attend(self, query: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> Tensor:
        """Attention (B, H, Q, W) of queries (B, H, Q, W) to keys and values (B, K, P, W) with a mask (B, 1, Q, P).

        The heads that share keys are rows of one product, so that keys are read once and never repeated. A single
        query goes to the right of them, which is faster; for a whole prompt it would be slower.
        """
        num_rows, num_heads, num_queries, width = query.shape
        grouped = query.reshape(num_rows, self.num_kv_heads, -1, width) * width**-0.5
        if num_queries == 1:
            products = (keys @ grouped.transpose(2, 3)).transpose(2, 3).contiguous()
        else:
            products = grouped @ keys.transpose(2, 3)
        scores = products.unflatten(2, (-1, num_queries)) + mask[:, :, None]
        weights = scores.softmax(dim=-1, dtype=torch.float32).to(values.dtype)
        return (weights.flatten(2, 3) @ values).view(num_rows, num_heads, num_queries, width)


class _SwiGlu(nn.Module):
    """Shazeer, "GLU Variants Improve Transformer", 2020."""

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.up_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.down_proj = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)
        self.gate_up_proj: nn.Linear | None = None

    def join(self) -> None:
        """From now on gate and up are one product."""
        self.gate_up_proj = _joined(self.gate_proj, self.up_proj)
        del self.gate_proj, self.up_proj

    def forward(self, x: Tensor) -> Tensor:
        if self.gate_up_proj is None:
            gate, up = self.gate_proj(x), self.up_proj(x)
        else:
            gate, up = self.gate_up_proj(x).chunk(2, dim=-1)
        y: Tensor = self.down_proj(F.silu(gate) * up)
        return y


def join_projections(network: nn.Module) -> None:
    """Let the backbones in `network`, which will not be trained, take as one product what has the same input."""
    for module in network.modules():
        if isinstance(module, (_GroupedQueryAttention, _SwiGlu)):
            module.join()


def _joined(*layers: nn.Linear) -> nn.Linear:
    """One layer whose outputs are those of all, one after another."""
    weights = torch.cat([layer.weight.detach() for layer in layers])
    joined = nn.Linear(weights.shape[1], weights.shape[0], bias=layers[0].bias is not None, device="meta")
    joined.weight = nn.Parameter(weights)
    if joined.bias is not None:
        joined.bias = nn.Parameter(torch.cat([layer.bias.detach() for layer in layers]))
    return joined


class _RmsNorm(nn.Module):
    """Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019; in float32 whatever the input is in."""

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(config.hidden_size))
        self.eps = config.rms_norm_eps

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, self.weight.shape, self.weight, self.eps)


def _rotation(positions: Tensor, config: BackboneConfig, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Cosines and sines (B, Q, 1, W) of the angles by which positions (B, Q) turn pairs of a head's values.

    Su et al., "RoFormer", 2021, equation 15. The first half of the sines is negative, as `_rotate` wants it.
    """
    exponents = torch.arange(0, config.head_width, 2, device=positions.device) / config.head_width
    angles = positions[:, :, None, None] * config.rope_theta**-exponents
    cosines, sines = angles.cos().to(dtype), angles.sin().to(dtype)
    return torch.cat((cosines, cosines), dim=-1), torch.cat((-sines, sines), dim=-1)


def _rotate(x: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
    """x (B, Q, H, W) turned; value i is paired with value i + W / 2."""
    cosines, sines = rotation
    return torch.addcmul(x * cosines, x.roll(x.shape[3] // 2, dims=3), sines)
