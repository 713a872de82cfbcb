"""Which network a part of a profile describes."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from cosycli.model.flow import ConformerFlow, Flow, TransformerFlow
from cosycli.model.language_model import LanguageModel
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
)
from cosycli.model.qwen2 import read_backbone_config
from cosycli.model.regulated_flow import RegulatedFlow
from cosycli.model.source_filter_vocoder import SourceFilterVocoder
from cosycli.model.transformer_language_model import TransformerLanguageModel
from cosycli.model.vocoder import CausalVocoder, Vocoder
from cosycli.model.vocoder_layers import SAMPLED

__all__ = ["AnyVocoder", "new_flow", "new_language_model", "new_vocoder"]

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
