"""Which network a part of a profile describes."""

from __future__ import annotations

from typing import Any

from cosycli.model.flow import ConformerFlow, Flow, TransformerFlow
from cosycli.model.profile import (
    CausalVocoderProfile,
    ConformerFlowProfile,
    FlowProfile,
    RegulatedFlowProfile,
    TransformerFlowProfile,
    VocoderProfile,
)
from cosycli.model.regulated_flow import RegulatedFlow
from cosycli.model.vocoder import CausalVocoder, Vocoder

__all__ = ["new_flow", "new_vocoder"]

_FLOWS: dict[type[FlowProfile], Any] = {
    RegulatedFlowProfile: RegulatedFlow,
    ConformerFlowProfile: ConformerFlow,
    TransformerFlowProfile: TransformerFlow,
}

_VOCODERS: dict[type[VocoderProfile], Any] = {VocoderProfile: Vocoder, CausalVocoderProfile: CausalVocoder}


def new_flow(profile: FlowProfile) -> Flow:
    """The untrained flow of this profile."""
    flow: Flow = _FLOWS[type(profile)](profile)
    return flow


def new_vocoder(profile: VocoderProfile) -> Vocoder:
    """The untrained vocoder of this profile."""
    vocoder: Vocoder = _VOCODERS[type(profile)](profile)
    return vocoder
