"""Loads a model directory: makes its networks, fills them with weights, and places them on a device."""

from __future__ import annotations

import ctypes
import os
import sys
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized, remove_parametrizations

from cosycli.errors import UsageError
from cosycli.model.checkpoint import WithoutInitialValues, load_weights
from cosycli.model.flow import ConformerFlow, Flow, TransformerFlow
from cosycli.model.kernels import can_prepack, prepack_layers
from cosycli.model.language_model import LanguageModel
from cosycli.model.library import language_model_weights
from cosycli.model.profile import (
    CausalVocoderProfile,
    ConformerFlowProfile,
    FlowProfile,
    ModelProfile,
    RegulatedFlowProfile,
    SampledVocoderProfile,
    SourceFilterVocoderProfile,
    TransformerFlowProfile,
    VocoderProfile,
    read_profile,
)
from cosycli.model.qwen2 import join_projections, read_backbone_config
from cosycli.model.reference_encoder import ReferenceEncoder, load_reference_encoder
from cosycli.model.regulated_flow import RegulatedFlow
from cosycli.model.source_filter_vocoder import SourceFilterVocoder
from cosycli.model.speakers import read_speakers
from cosycli.model.text_tokenizer import TextTokenizer, load_whisper_tokenizer
from cosycli.model.transformer_language_model import TransformerLanguageModel
from cosycli.model.vocoder import CausalVocoder, Vocoder
from cosycli.model.vocoder_layers import SAMPLED

if TYPE_CHECKING:
    from cosycli.model.plain_qwen2 import PlainLanguageModel

BACKBONE = "CosyVoice-BlankEN"
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}

AnyVocoder = Vocoder | SourceFilterVocoder

_FLOWS: dict[type[FlowProfile], Any] = {
    RegulatedFlowProfile: RegulatedFlow,
    ConformerFlowProfile: ConformerFlow,
    TransformerFlowProfile: TransformerFlow,
}
_VOCODERS: dict[type[VocoderProfile] | type[SourceFilterVocoderProfile], Any] = {
    SourceFilterVocoderProfile: SourceFilterVocoder,
    SampledVocoderProfile: partial(Vocoder, layers=SAMPLED),
    VocoderProfile: Vocoder,
    CausalVocoderProfile: CausalVocoder,
}

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
LARGEST_MMAP_THRESHOLD = 32 * 2**20  # that glibc takes
KEPT_BYTES = 2**28
# Products and convolutions for each shape that oneDNN keeps ready; its own 1,024 take more memory and no less time, for
# segments are rendered by length, and few differ from the one before.
KEPT_SHAPES = 128

Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class Model:
    """The networks of one model on one device.

    Attributes:
        dtype: of the language model's weights and the flow's matrix products; the vocoder is float32.
        speakers: embeddings (speaker_width,) of the speakers that the model knows by name.
    """

    directory: Path
    profile: ModelProfile
    device: torch.device
    dtype: torch.dtype
    text_tokenizer: TextTokenizer
    language_model: LanguageModel | TransformerLanguageModel | PlainLanguageModel
    flow: Flow
    vocoder: AnyVocoder
    speakers: dict[str, Tensor]

    @cached_property
    def reference_encoder(self) -> ReferenceEncoder:
        """Loaded when first asked for: a voice known by name needs none."""
        return load_reference_encoder(self.directory, self.profile)


def load_model(
    directory: Path, device: str | None = None, dtype: str | None = None, variant: str | None = None
) -> Model:
    """The model in `directory`, on the device and in the precision named, or the best there is.

    Args:
        variant: `rl` for a language model of its own in `llm.rl.pt`; None for `llm.pt`.

    Raises:
        MissingError: a file is missing, damaged, unsafe or of another model.
        UsageError: the device, dtype or variant does not exist here.
    """
    prepare_allocation()
    weights = language_model_weights(directory, variant)
    profile = read_profile(directory)
    place = choose_device(device)
    precision = choose_dtype(dtype, place)
    tokenizer = _load_tokenizer(directory, profile)
    with WithoutInitialValues():
        language_model = new_language_model(profile, directory / BACKBONE)
        flow, vocoder = new_flow(profile.flow), new_vocoder(profile.vocoder)
    for module, name in ((language_model, weights), (flow, "flow"), (vocoder, profile.vocoder.weights)):
        load_weights(module, directory, name)
    return Model(
        directory=directory,
        profile=profile,
        device=place,
        dtype=precision,
        text_tokenizer=tokenizer,
        language_model=placed(language_model.to(place, precision), precision),
        flow=placed(flow.to(place), precision),
        vocoder=placed_vocoder(vocoder, place),
        speakers=read_speakers(directory),
    )


def placed(network: Network, dtype: torch.dtype) -> Network:
    """A network in its place, ready to run; on the CPU with its layers laid out for it."""
    join_projections(network)
    if next(network.parameters()).device.type == "cpu" and can_prepack(dtype):
        prepack_layers(network, dtype)
    return network.eval()


def placed_vocoder(vocoder: AnyVocoder, device: torch.device) -> AnyVocoder:
    """A vocoder in its place, ready to run: HiFT with weight norms computed once, and an F0 predictor in float64.

    The authors' CosyVoice 3 predicts F0 in float64, for phases are its sum over a whole segment.
    """
    if isinstance(vocoder, SourceFilterVocoder):
        return placed(vocoder.to(device), torch.float32)
    for module in list(vocoder.modules()):
        if is_parametrized(module, "weight"):
            remove_parametrizations(module, "weight")
    if device.type != "mps":  # which has no float64
        vocoder.f0_predictor.double()
    return vocoder.to(device).eval()


def _load_tokenizer(directory: Path, profile: ModelProfile) -> TextTokenizer:
    if profile.transformer is not None:
        return load_whisper_tokenizer(directory, profile.transformer.num_text_ids)
    return TextTokenizer.load(directory / BACKBONE, profile.one_token_per_hanzi, profile.reads_phonemes)


def choose_device(name: str | None) -> torch.device:
    """The device called `name`, or the fastest one.

    Raises:
        UsageError: it is not on this machine.
    """
    present = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name is None:
        return torch.device(next(kind for kind in ("cuda", "mps", "cpu") if present[kind]))
    kind, _, number = name.partition(":")
    valid = present.get(kind, False) and (not number or number.isdigit())
    if not valid or (kind == "cuda" and int(number or 0) >= torch.cuda.device_count()):
        here = ", ".join(kind for kind, is_here in present.items() if is_here)
        raise UsageError(f"There is no device {name!r} on this machine.", f"Devices here: {here}.")
    return torch.device(name)


def choose_dtype(name: str | None, device: torch.device) -> torch.dtype:
    """The precision called `name`; else bfloat16 on CUDA, float32 elsewhere.

    Raises:
        UsageError: there is no such precision.
    """
    if name is None:
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    if name not in DTYPES:
        raise UsageError(f"There is no dtype {name!r}.", f"Valid: {', '.join(DTYPES)}.")
    return DTYPES[name]


def new_language_model(profile: ModelProfile, backbone: Path) -> LanguageModel | TransformerLanguageModel:
    """The untrained language model of this profile.

    Args:
        backbone: the folder that holds the configuration of a Qwen2, where it is one.

    Raises:
        MissingError: that configuration is absent or damaged.
    """
    if profile.transformer is not None:
        return TransformerLanguageModel(profile.language_model, profile.transformer)
    return LanguageModel(profile.language_model, read_backbone_config(backbone))


def new_flow(profile: FlowProfile) -> Flow:
    """The untrained flow of this profile."""
    flow: Flow = _FLOWS[type(profile)](profile)
    return flow


def new_vocoder(profile: VocoderProfile | SourceFilterVocoderProfile) -> AnyVocoder:
    """The untrained vocoder of this profile."""
    vocoder: AnyVocoder = _VOCODERS[type(profile)](profile)
    return vocoder


def prepare_allocation() -> None:
    """Let large blocks come in pages of 2 MB, and what is freed be kept; to be called before there is any.

    Otherwise the kernel clears each page again and again.
    """
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # read by PyTorch with its first block
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", str(KEPT_SHAPES))  # read with the first product
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # glibc alone has it
        if mallopt is not None:
            mallopt(M_MMAP_THRESHOLD, LARGEST_MMAP_THRESHOLD)
            mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
