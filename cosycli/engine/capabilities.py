"""Tags, styles, languages and masks that a model supports, checked before the model is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cosycli.errors import UsageError
from cosycli.model.profile import ModelProfile
from cosycli.script import Script, read_script
from cosycli.script.capabilities import Capabilities, compile_style
from cosycli.script.languages import primary_language
from cosycli.script.vocabulary import CMU_PHONEMES, MODEL_TAGS, PHONEMES, RATES, STYLES_V2, STYLES_V3, TAGS_V1
from cosycli.settings import MASKS
from cosycli.voices import voice_names

# By version.
_TAGS = {1: TAGS_V1, 2: MODEL_TAGS, 3: MODEL_TAGS}
_STYLES: dict[int, Mapping[str, str]] = {1: {}, 2: STYLES_V2, 3: STYLES_V3}
# Said by the authors in the model cards.
_LANGUAGES = {
    1: ("zh", "en", "ja", "ko", "yue"),
    2: ("zh", "en", "ja", "ko"),
    3: ("zh", "en", "ja", "ko", "de", "es", "fr", "it", "ru"),
}
_READS_KATAKANA = frozenset({3})  # "you must translate it to katakana": the authors' example


def capabilities_of(profile: ModelProfile, folder: Path | None = None) -> Capabilities:
    """Tags, styles, voices and pronunciations that texts for this model may use.

    Args:
        folder: of the model, whose own speakers are voices too.

    Raises:
        MissingError: its table of speakers is damaged.
    """
    return Capabilities(
        tags=_TAGS[profile.version] if profile.takes_instructions else frozenset(),
        styles=_styles_of(profile),
        voices=voice_names(folder),
        phonemes=_phonemes_of(profile),
        languages=languages_of(profile),
        katakana=reads_katakana(profile),
        own_words=profile.takes_instructions,
    )


def reads_katakana(profile: ModelProfile) -> bool:
    """Whether Japanese is to be given to the model in katakana."""
    return profile.version in _READS_KATAKANA


def check_language(language: str | None, profile: ModelProfile) -> None:
    """Raises: UsageError: the model was not trained on the language of this BCP 47 tag."""
    languages = languages_of(profile)
    if language is not None and primary_language(language) not in languages:
        raise UsageError(
            f"This model was not trained on the language {language!r}.",
            f"Its languages: {', '.join(languages)}. `cosy models list` shows those of the others.",
        )


def languages_of(profile: ModelProfile) -> tuple[str, ...]:
    """ISO 639 codes of the languages that the model was trained on; what spells words as CMU phones speaks English."""
    return ("en",) if profile.spells_words else _LANGUAGES[profile.version]


def _styles_of(profile: ModelProfile) -> Mapping[str, str] | None:
    if profile.takes_instructions:
        return _STYLES[profile.version]
    return RATES if profile.takes_rates else None


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
    return compile_style(quoted, _styles_of(profile), profile.takes_instructions)


def check_mask(name: str, profile: ModelProfile) -> None:
    """Raises: UsageError: there is no such mask, or the model knows none but the full one."""
    valid = MASKS if profile.flow.has_masks else ("full",)
    if name not in valid:
        raise UsageError(f"There is no mask {name!r} for this model.", f"Valid: {', '.join(valid)}.")


def read_for(profile: ModelProfile, text: str, folder: Path | None = None) -> Script:
    """The text as a script for a model; raises what `capabilities_of` and `cosycli.script.read_script` do."""
    return read_with(capabilities_of(profile, folder), text)


def read_with(can: Capabilities, text: str) -> Script:
    """The text as a script for a model that can do this; raises what `cosycli.script.read_script` does."""
    return read_script(
        text,
        tags=can.tags,
        styles=can.styles,
        voices=can.voices,
        phonemes=can.phonemes,
        katakana=can.katakana,
        own_words=can.own_words,
    )
