"""What a model can be asked for in text, so that a script is checked before the model is loaded."""

from __future__ import annotations

from collections.abc import Mapping

from cosycli.model.profile import ModelProfile
from cosycli.script import Script, read_script
from cosycli.script.abilities import Abilities, compile_style
from cosycli.script.vocabulary import CMU_PHONEMES, MODEL_TAGS, PHONEMES, STYLES_V2, STYLES_V3, TAGS_V1
from cosycli.voices import voice_folders

__all__ = ["abilities_of", "instruction_of", "read_for"]

# By version.
_TAGS = {1: TAGS_V1, 2: MODEL_TAGS, 3: MODEL_TAGS}
_STYLES: dict[int, Mapping[str, str]] = {1: {}, 2: STYLES_V2, 3: STYLES_V3}


def abilities_of(profile: ModelProfile) -> Abilities:
    """Tags, styles, voices and pronunciations that texts for this model may use."""
    return Abilities(
        tags=_TAGS[profile.version] if profile.takes_instructions else frozenset(),
        styles=_styles_of(profile),
        voices=voice_folders(),
        phonemes=_phonemes_of(profile),
    )


def _styles_of(profile: ModelProfile) -> Mapping[str, str] | None:
    return _STYLES[profile.version] if profile.takes_instructions else None


def _phonemes_of(profile: ModelProfile) -> frozenset[str]:
    if profile.reads_phonemes:
        return PHONEMES
    return CMU_PHONEMES if profile.spells_words else frozenset()


def instruction_of(style: str | None, profile: ModelProfile) -> str | None:
    """The instruction for a style's name, or for one that is itself several words.

    Raises:
        UsageError: the model takes no instructions, or knows no style of this name.
    """
    if style is None:
        return None
    quoted = f'"{style}"' if " " in style.strip() and not style.startswith('"') else style
    return compile_style(quoted, _styles_of(profile))


def read_for(profile: ModelProfile, text: str) -> Script:
    """The text as a script for a model; raises what `cosycli.script.read_script` does."""
    can = abilities_of(profile)
    return read_script(text, tags=can.tags, styles=can.styles, voices=can.voices, phonemes=can.phonemes)
