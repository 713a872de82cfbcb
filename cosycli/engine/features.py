"""The table of what each model can do, from its profile: for docs/models.md and `cosy models`."""

from __future__ import annotations

from dataclasses import replace

from cosycli.engine.capabilities import capabilities_of
from cosycli.model.library import PublishedModel
from cosycli.model.profile import COSYVOICE_1, COSYVOICE_2, COSYVOICE_3, ModelProfile, is_instructed
from cosycli.script.capabilities import Capabilities
from cosycli.script.vocabulary import CMU_PHONEMES, PHONEMES

EXACT, APPROXIMATE, NONE = "exact", "approximate", "none"
_PROFILES = {1: COSYVOICE_1, 2: COSYVOICE_2, 3: COSYVOICE_3}


def profile_of(model: PublishedModel) -> ModelProfile:
    """The profile of a published model, before its files are fetched."""
    profile = _PROFILES[model.version]
    return replace(profile, takes_instructions=True) if is_instructed(model.name, profile) else profile


def features_of(profile: ModelProfile, speakers: bool) -> dict[str, str]:
    """Feature -> exact, approximate or none, with a few words where more is to be said.

    Args:
        speakers: whether the model comes with speakers that it knows by name.
    """
    can = capabilities_of(profile)
    return {
        "languages": " ".join(can.languages),
        "CMU phones": EXACT if set(can.phonemes) >= CMU_PHONEMES else f"{APPROXIMATE}: respelled",
        "pinyin": _pinyin(can),
        "styles by name": f"{EXACT}: {len(can.styles)}" if can.styles else NONE,
        "instructions in words": EXACT if can.own_words else NONE,
        "tags": f"{EXACT}: {len(can.tags)}" if can.tags else NONE,
        "ready speakers": EXACT if speakers else NONE,
        "voices from clips": _imitation(profile, speakers),
        "voice conversion": EXACT,
        "chunk masks, for streaming": EXACT if profile.flow.has_masks else NONE,
        "sample rate": f"{profile.mel.sample_rate} Hz",
    }


def _pinyin(can: Capabilities) -> str:
    if set(can.phonemes) >= PHONEMES:
        return EXACT
    return f"{APPROXIMATE}: homophones" if "zh" in can.languages else NONE


def _imitation(profile: ModelProfile, speakers: bool) -> str:
    """A model that was tuned to its own speakers imitates others less well."""
    return APPROXIMATE if profile.names_speakers or (profile.version == 1 and speakers) else EXACT
