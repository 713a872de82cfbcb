"""Which network a part of a profile describes."""

from __future__ import annotations

from typing import Any

from cosycli.model.flow import ConformerFlow, Flow, TransformerFlow
from cosycli.model.profile import ConformerFlowProfile, FlowProfile, TransformerFlowProfile

__all__ = ["new_flow"]

_FLOWS: dict[type[FlowProfile], Any] = {
    ConformerFlowProfile: ConformerFlow,
    TransformerFlowProfile: TransformerFlow,
}


def new_flow(profile: FlowProfile) -> Flow:
    """The untrained flow of this profile."""
    flow: Flow = _FLOWS[type(profile)](profile)
    return flow
