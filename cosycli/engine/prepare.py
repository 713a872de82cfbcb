"""What is asked of a model, checked as far as can be without loading it: no weights are read and no torch imported."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from cosycli.engine.capabilities import capabilities_of, check_mask, instruction_of
from cosycli.engine.utterance import VoiceSettings
from cosycli.engine.verification import check_listener
from cosycli.model.profile import ModelProfile, read_profile
from cosycli.model_library import find_model, language_model_weights
from cosycli.script.capabilities import Capabilities
from cosycli.settings import RenderOptions
from cosycli.voices import DEFAULT_VOICE, find_voice

__all__ = ["Prepared", "PreparedOnce", "prepare", "prepare_for"]


@dataclass(frozen=True)
class Prepared:
    """Settings that a model can obey.

    Attributes:
        folder: of the model.
        profile: what the model is made of.
        capabilities: what texts may ask of the model and of the voice library.
        instruction: the style, in the model's own words, or None.
    """

    settings: RenderOptions
    folder: Path
    profile: ModelProfile
    capabilities: Capabilities
    instruction: str | None

    @property
    def voice_settings(self) -> VoiceSettings:
        """How segments are spoken that do not say it themselves."""
        voice = self.settings.voice or DEFAULT_VOICE
        return VoiceSettings(voice, self.instruction, self.settings.speed, self.settings.seed)

    @property
    def sample_rate(self) -> int:
        """Of all sound that the model makes, in Hz."""
        return self.profile.mel.sample_rate


def prepare(settings: RenderOptions) -> Prepared:
    """Find the model, its weights and the voice, and check that they go together.

    Raises:
        MissingError: the model, the voice or the recognizer for `verify` is not here, or damaged; or the voice is of no
            use to the model.
        UsageError: the model has no such variant, style or mask.
    """
    folder = find_model(settings.model)
    language_model_weights(folder, settings.variant)
    if settings.verify:
        check_listener(folder)
    return prepare_for(folder, read_profile(folder), settings)


def prepare_for(folder: Path, profile: ModelProfile, settings: RenderOptions) -> Prepared:
    """As `prepare`, for a model whose profile is known, whatever model, variant and recognizer the settings name."""
    check_mask(settings.mask, profile)
    instruction = instruction_of(settings.style, profile)
    find_voice(settings.voice or DEFAULT_VOICE, folder)
    return Prepared(settings, folder, profile, capabilities_of(profile, folder), instruction)


class PreparedOnce:
    """`prepare` for many jobs: each model and voice is looked at once."""

    def __init__(self) -> None:
        self._prepared: dict[RenderOptions, Prepared] = {}

    def __call__(self, settings: RenderOptions) -> Prepared:
        alike = replace(settings, speed=1.0, seed=0, format=None)  # which nothing is looked up for
        if alike not in self._prepared:
            self._prepared[alike] = prepare(alike)
        return replace(self._prepared[alike], settings=settings)
