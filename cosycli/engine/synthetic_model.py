"""Makes a model of the published size with random weights, in memory, to measure speed with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers.pre_tokenizers import ByteLevel
from torch import Tensor, nn

from cosycli.errors import MissingError, did_you_mean
from cosycli.model.checkpoint import WithoutInitialValues
from cosycli.model.language_model import LanguageModel
from cosycli.model.library import published_models
from cosycli.model.loading import (
    BACKBONE,
    Model,
    choose_device,
    choose_dtype,
    new_flow,
    new_vocoder,
    placed,
    placed_vocoder,
    prepare_allocation,
)
from cosycli.model.profile import COSYVOICE_1, COSYVOICE_2, COSYVOICE_3, ModelProfile, read_profile
from cosycli.model.qwen2 import BackboneConfig, read_backbone_config
from cosycli.model.text_tokenizer import TextTokenizer, byte_pair_tokenizer
from cosycli.model.transformer_language_model import TransformerLanguageModel

QWEN2 = BackboneConfig(  # `CosyVoice-BlankEN/config.json` of CosyVoice 2 and 3, the size of Qwen2-0.5B
    vocab_size=151936,
    hidden_size=896,
    intermediate_size=4864,
    num_hidden_layers=24,
    num_attention_heads=14,
    num_key_value_heads=2,
)
PROFILES = {f"cosyvoice{profile.version}": profile for profile in (COSYVOICE_1, COSYVOICE_2, COSYVOICE_3)}
NUM_RANDOM = 1_000_003  # numbers drawn; a prime, so that the rows of a matrix do not repeat with them


def synthetic_model(name: str, device: str | None = None, dtype: str | None = None) -> Model:
    """A model without its weights, ready to run.

    Args:
        name: cosyvoice1, 2 or 3, a published model, or the path of a folder with the configuration of one.
        device, dtype: as for `load_model`.

    Raises:
        MissingError: there is no such model, or its configuration is absent or damaged.
        UsageError: the device or dtype does not exist here.
    """
    prepare_allocation()
    sizes = sizes_of(name)
    place = choose_device(device)
    precision = choose_dtype(dtype, place)
    with WithoutInitialValues():
        language_model = new_language_model_of(sizes)
        flow, vocoder = new_flow(sizes.profile.flow), new_vocoder(sizes.profile.vocoder)
    for module in (language_model, flow, vocoder):
        fill(module)
    return Model(
        directory=Path(name),
        profile=sizes.profile,
        device=place,
        dtype=precision,
        text_tokenizer=TextTokenizer(
            byte_pair_tokenizer({byte: i for i, byte in enumerate(sorted(ByteLevel.alphabet()))}), {}
        ),
        language_model=placed(language_model.to(place, precision), precision),
        flow=placed(flow.to(place), precision),
        vocoder=placed_vocoder(vocoder, place),
        speakers={},
    )


@torch.no_grad()
def fill(module: nn.Module, seed: int = 0) -> None:
    """Give every parameter random values that keep the size of what passes through: much faster than drawing each."""
    random = torch.randn(NUM_RANDOM, generator=torch.Generator().manual_seed(seed))
    for name, parameter in module.named_parameters():
        for part in parameter.view(-1).split(NUM_RANDOM):
            part.copy_(random[: len(part)])
        _scale(parameter, name.rpartition(".")[2])


@dataclass(frozen=True)
class Sizes:
    """Of every network; a Qwen2 has its own apart from the profile."""

    profile: ModelProfile
    backbone: BackboneConfig


def sizes_of(name: str) -> Sizes:
    """As `synthetic_model`, and raises what it does."""
    folder = Path(name)
    if folder.is_dir():
        profile = read_profile(folder)
        return Sizes(profile, QWEN2 if profile.transformer else read_backbone_config(folder / BACKBONE))
    versions = {name: f"cosyvoice{model.version}" for name, model in published_models().items()}
    known = versions | {short: short for short in PROFILES}
    if name not in known:
        hint = f"{did_you_mean(name, known)}Valid: {', '.join(known)}, or a model folder."
        raise MissingError(f"The sizes of {name!r} are not known.", hint)
    return Sizes(PROFILES[known[name]], QWEN2)


def new_language_model_of(sizes: Sizes) -> LanguageModel | TransformerLanguageModel:
    """The untrained language model of these sizes."""
    profile = sizes.profile
    if profile.transformer is not None:
        return TransformerLanguageModel(profile.language_model, profile.transformer)
    return LanguageModel(profile.language_model, sizes.backbone)


def _scale(parameter: Tensor, kind: str) -> None:
    """Random values (any shape) of variance 1, in place, into those of a weight, a bias, or a factor about 1."""
    if kind == "bias":
        parameter.mul_(0.02)
    elif parameter.ndim > 1 and kind != "original0":  # of weight norm: the length of each filter
        parameter.div_(math.sqrt(math.prod(parameter.shape[1:])))
    else:
        parameter.mul_(0.1).add_(1)
