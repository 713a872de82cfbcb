"""Checks what is asked of a model before it is loaded: no weights are read, and torch is not imported."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from cosycli.engine.capabilities import capabilities_of, check_mask, instruction_of
from cosycli.engine.utterance import VoiceSettings
from cosycli.engine.verification import check_listener
from cosycli.model.library import find_model, language_model_weights
from cosycli.model.profile import ModelProfile, read_profile
from cosycli.script.capabilities import Capabilities
from cosycli.settings import RenderOptions
from cosycli.voices import DEFAULT_VOICE, find_voice


@dataclass(frozen=True)
class Prepared:
    """Settings that a model can obey, and what is known of the model without its weights.

    Attributes:
        folder: folder of the model.
        profile: architecture of the model.
        capabilities: tags, styles, voices and languages that texts may use.
        instruction: the style in the model's own words, or None.
    """

    settings: RenderOptions
    folder: Path
    profile: ModelProfile
    capabilities: Capabilities
    instruction: str | None

    @property
    def voice_settings(self) -> VoiceSettings:
        """Voice, instruction, speed and seed of segments without their own."""
        voice = self.settings.voice or DEFAULT_VOICE
        return VoiceSettings(voice, self.instruction, self.settings.speed, self.settings.seed)

    @property
    def sample_rate(self) -> int:
        """Sample rate of the sound that the model makes, in Hz."""
        return self.profile.mel.sample_rate


def prepare(settings: RenderOptions) -> Prepared:
    """Find the model, its weights and the voice, and check that they fit each other.

    Raises:
        MissingError: the model, the voice or the recognizer for `verify` is missing or damaged, or the model cannot use
            the voice.
        UsageError: the model has no such variant, style or mask.
    """
    folder = find_model(settings.model)
    language_model_weights(folder, settings.variant)
    if settings.verify:
        check_listener(folder)
    return prepare_for(folder, read_profile(folder), settings)


def prepare_for(folder: Path, profile: ModelProfile, settings: RenderOptions) -> Prepared:
    """As `prepare`, for a model whose folder and profile are known; the settings for loading are not checked."""
    check_mask(settings.mask, profile)
    instruction = instruction_of(settings.style, profile)
    find_voice(settings.voice or DEFAULT_VOICE, folder)
    return Prepared(settings, folder, profile, capabilities_of(profile, folder), instruction)


class PreparedOnce:
    """`prepare` for many jobs; each model and voice is read once."""

    def __init__(self) -> None:
        self._prepared: dict[RenderOptions, Prepared] = {}

    def __call__(self, settings: RenderOptions) -> Prepared:
        alike = replace(settings, speed=1.0, seed=0, format=None)  # these need no look-up
        if alike not in self._prepared:
            self._prepared[alike] = prepare(alike)
        return replace(self._prepared[alike], settings=settings)
