"""The Qwen2 of transformers in the place of ours, with its own cache: a sequence and a token at a time.

It is the slow twin that `cosy bench --reference` measures and tests compare with. B rows, P positions, D width, V
output ids.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import DynamicCache, Qwen2Config, Qwen2Model

from cosycli.model.checkpoint import WithoutInitialValues
from cosycli.model.language_model import LanguageModel, whole_text_layout
from cosycli.model.qwen2 import Backbone, BackboneConfig
from cosycli.model.speech_decoder import Request


class PlainLanguageModel:
    """A language model that speaks as `model` does, on the plain Qwen2; see `SpeechDecoder`."""

    def __init__(self, model: LanguageModel) -> None:
        self.profile, self.cache_shape = model.profile, model.cache_shape
        self._model = model
        self._qwen2 = plain_qwen2(model.backbone)

    def new_cache(self, max_sequences: int, has_fixed_shapes: bool | None = None) -> _Caches:
        return _Caches(self._model.speech_embedding.weight.device)

    def prefill(self, requests: Sequence[Request], cache: _Caches) -> Tensor:
        first = len(cache.rows)
        cache.rows += [DynamicCache() for _ in requests]
        layouts = [whole_text_layout(each.all_text, each.prompt_speech, self.profile) for each in requests]
        return self._extend([self._model.embed_layout(layout) for layout in layouts], cache.rows[first:])

    def step(self, tokens: Tensor, cache: _Caches) -> Tensor:
        vectors = self._model.speech_embedding(tokens.to(cache.device))
        return self._extend(list(vectors[:, None, None]), cache.rows)

    def _extend(self, inputs: Sequence[Tensor], rows: Sequence[DynamicCache]) -> Tensor:
        """Reads the vectors (1, P, D) of each row, one row after another; log-probabilities (B, V) of what follows."""
        hidden = [
            self._qwen2(inputs_embeds=vectors, past_key_values=row).last_hidden_state[:, -1]
            for vectors, row in zip(inputs, rows, strict=True)
        ]
        return self._model.log_probs(torch.cat(hidden))


class _Caches:
    """Keys and values of each running sequence; what `Decoder` asks of a `KeyValueCache`."""

    has_fixed_shapes = False

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.rows: list[DynamicCache] = []

    def reserve(self) -> None:
        """They grow by themselves."""

    def remove(self, row: int) -> None:
        """Ends a sequence; the last row takes its number."""
        self.rows[row] = self.rows[-1]
        self.rows.pop()


def plain_qwen2(backbone: Backbone) -> Qwen2Model:
    """The same network, with the same weights in the same memory."""
    config = backbone.config
    rope = {"rope_type": "default", "rope_theta": config.rope_theta}
    sizes = {name: getattr(config, name) for name in BackboneConfig.__dataclass_fields__ if name != "rope_theta"}
    with WithoutInitialValues(), backbone.norm.weight.device:
        network = Qwen2Model(Qwen2Config(**sizes, rope_parameters=rope))
    network.load_state_dict(_weights_of(backbone), assign=True)
    return network.eval()


def _weights_of(backbone: Backbone) -> dict[str, Tensor]:
    """By the names of transformers: joined projections are apart."""
    config = backbone.config
    kv_width = config.num_key_value_heads * config.head_width
    widths = {
        "qkv_proj": {"q_proj": config.hidden_size, "k_proj": kv_width, "v_proj": kv_width},
        "gate_up_proj": {"gate_proj": config.intermediate_size, "up_proj": config.intermediate_size},
    }
    weights = {}
    for name, values in backbone.state_dict().items():
        joined = name.split(".")[-2]
        parts = widths.get(joined, {joined: len(values)})
        for part, part_values in zip(parts, values.split(list(parts.values())), strict=True):
            weights[name.replace(joined, part)] = part_values
    return weights
