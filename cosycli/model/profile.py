"""Everything that differs between one model and another, apart from the weights, read from the model's directory.

A published model describes itself in a YAML file whose `!new:` and `!name:` tags would import and call code in the
hands of its authors' loader. Here every tag is plain data: only numbers are taken.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import yaml

from cosycli.errors import MissingError
from cosycli.folders import packaged_yaml
from cosycli.model.profile_parts import (
    TOKEN_RATE,
    CausalVocoderProfile,
    ConformerFlowProfile,
    FlowProfile,
    LanguageModelProfile,
    MelProfile,
    RegulatedFlowProfile,
    SampledVocoderProfile,
    SourceFilterVocoderProfile,
    SpeakerEncoderProfile,
    SpeechTokenizerProfile,
    TransformerFlowProfile,
    TransformerProfile,
    VocoderProfile,
)

__all__ = [
    "COSYVOICE_1",
    "COSYVOICE_2",
    "COSYVOICE_3",
    "REMEDY",
    "TOKEN_RATE",
    "CausalVocoderProfile",
    "ConformerFlowProfile",
    "FlowProfile",
    "LanguageModelProfile",
    "MelProfile",
    "ModelProfile",
    "RegulatedFlowProfile",
    "SampledVocoderProfile",
    "SourceFilterVocoderProfile",
    "SpeakerEncoderProfile",
    "SpeechTokenizerProfile",
    "TransformerFlowProfile",
    "TransformerProfile",
    "VocoderProfile",
    "is_instructed",
    "read_profile",
]


@dataclass(frozen=True)
class ModelProfile:
    """Everything that differs between one model and another, apart from the weights.

    Attributes:
        transformer: of a language model that is no Qwen2.
        spells_words: the language model was trained on CMU phone tokens, so known words are given as phones.
        names_speakers: it is told `Speaker NAME` before the text (paper, section 2.6, multi-speaker fine-tuning).
        takes_instructions: it follows instructions such as "speak slowly".
        takes_rates: it is told how fast to speak after the name of the speaker, `Speaker NAME, very slow`.
        reads_phonemes: CMU phones and pinyin are tokens of its text.
        opening: what it is told before every text and instruction. Up to the end-of-prompt token it is read as a whole,
            also where text arrives in pieces.
        language_tags: languages (ISO 639) that a text may be tagged with, to be spoken by a voice of another.
        one_token_per_hanzi: byte-pair tokens that span several Chinese characters are not used (paper, section 2.1).
    """

    version: int = 2
    mel: MelProfile = field(default_factory=MelProfile)
    language_model: LanguageModelProfile = field(default_factory=LanguageModelProfile)
    transformer: TransformerProfile | None = None
    flow: FlowProfile = field(default_factory=ConformerFlowProfile)
    vocoder: VocoderProfile | SourceFilterVocoderProfile = field(default_factory=VocoderProfile)
    speech_tokenizer: SpeechTokenizerProfile = field(default_factory=SpeechTokenizerProfile)
    speaker_encoder: SpeakerEncoderProfile = field(default_factory=SpeakerEncoderProfile)
    spells_words: bool = False
    names_speakers: bool = False
    takes_instructions: bool = True
    takes_rates: bool = False
    reads_phonemes: bool = False
    opening: str = ""
    language_tags: tuple[str, ...] = ()
    one_token_per_hanzi: bool = False


Part = TypeVar("Part")


COSYVOICE_1 = ModelProfile(
    version=1,
    mel=MelProfile(sample_rate=22050, n_fft=1024, hop=256),
    language_model=LanguageModelProfile(num_codes=4096, num_stop_ids=1),
    transformer=TransformerProfile(),
    flow=RegulatedFlowProfile(),
    vocoder=SampledVocoderProfile(),
    takes_instructions=False,
    language_tags=("zh", "en", "ja", "yue", "ko"),
)
COSYVOICE_2 = ModelProfile()
COSYVOICE_3 = ModelProfile(
    version=3,
    mel=MelProfile(fmax=12000.0),
    language_model=LanguageModelProfile(
        num_stop_ids=200,
        has_mark_table=False,
        has_output_bias=False,
        silent_codes=(1, 2, 28, 29, 55, 248, 494, 2241, 2242, 2322, 2323),
    ),
    flow=TransformerFlowProfile(),
    vocoder=CausalVocoderProfile(),
    reads_phonemes=True,
    opening="You are a helpful assistant.",
)


REMEDY = "Fetch the model again with `cosy models pull`."


class _PlainLoader(yaml.SafeLoader):
    """Reads any tagged node as the mapping, list or string under the tag."""


def _untag(loader: yaml.SafeLoader, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)  # type: ignore[arg-type]


_PlainLoader.add_multi_constructor("!", _untag)


def _read_config(path: Path) -> dict[str, Any]:
    """What the file says, without running any of it.

    Raises:
        MissingError: it is not valid YAML, or holds no settings.
    """
    try:
        tree = yaml.load(path.read_text(encoding="utf-8"), Loader=_PlainLoader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise MissingError(f"{path} cannot be read: {error}", REMEDY) from None
    if not isinstance(tree, dict):
        raise MissingError(f"{path} holds no settings.", REMEDY)
    return tree


def _value_at(tree: Any, key: str) -> Any:
    """The value at a dotted key, with `!ref <name>` followed to the top level; None when absent."""
    node = tree
    for step in key.split("."):
        if isinstance(node, dict):
            node = node.get(step)
        elif isinstance(node, list) and step.isdigit() and int(step) < len(node):
            node = node[int(step)]
        else:
            return None
    if isinstance(node, str) and node.startswith("<") and node.endswith(">"):
        return tree.get(node[1:-1])
    return node


@dataclass(frozen=True)
class _Published:
    """A version: its profile where the configuration is silent, and part -> field -> key in the configuration."""

    defaults: ModelProfile
    keys: dict[str, dict[str, str]]


_KEYS = packaged_yaml(__package__, "published_keys.yaml")
_COMMON_KEYS = {part: _KEYS[part] for part in ("mel", "language_model", "vocoder")}
# By the name of the configuration, which tells the version. Where there are several, the first counts.
_PUBLISHED = {
    "cosyvoice3.yaml": _Published(
        COSYVOICE_3, _COMMON_KEYS | {"flow": _KEYS["transformer_flow"], "vocoder": _KEYS["causal_vocoder"]}
    ),
    "cosyvoice2.yaml": _Published(COSYVOICE_2, _COMMON_KEYS | {"flow": _KEYS["conformer_flow"]}),
    "cosyvoice.yaml": _Published(
        COSYVOICE_1, _COMMON_KEYS | {"transformer": _KEYS["transformer"], "flow": _KEYS["regulated_flow"]}
    ),
}
# Numbers the published YAML does not hold; only our own model states them, under the key `cosy`.
_OWN_PARTS = ("language_model", "flow", "vocoder", "speech_tokenizer", "speaker_encoder")
_OWN_SWITCHES = ("spells_words", "names_speakers", "takes_instructions", "takes_rates", "one_token_per_hanzi")


def read_profile(directory: Path) -> ModelProfile:
    """The profile of the model in `directory`.

    Raises:
        MissingError: the directory holds no configuration we know, or one that is not valid YAML.
    """
    for name, published in _PUBLISHED.items():
        if (path := directory / name).is_file():
            profile = _profile_from_tree(_read_config(path), published, path)
            return replace(profile, takes_instructions=True) if is_instructed(directory.name, profile) else profile
    raise MissingError(
        f"{directory} is not a CosyVoice model: it has no {' or '.join(reversed(_PUBLISHED))}.",
        "Name a model directory, or one of the models that `cosy models list` shows.",
    )


def is_instructed(folder_name: str, profile: ModelProfile) -> bool:
    """CosyVoice-300M-Instruct is told from its sisters by the name of its folder alone, as by its authors' code."""
    return profile.version == 1 and "instruct" in folder_name.lower()


def _profile_from_tree(tree: dict[str, Any], published: _Published, path: Path) -> ModelProfile:
    own = tree.get("cosy")
    own = own if isinstance(own, dict) else {}
    parts: dict[str, Any] = {}
    for name in dict.fromkeys((*published.keys, *_OWN_PARTS)):
        values = {field_name: _value_at(tree, key) for field_name, key in published.keys.get(name, {}).items()}
        if name in _OWN_PARTS:
            values |= own.get(name) or {}
        parts[name] = _changed(getattr(published.defaults, name), values, path)
    if "source_filter_vocoder" in own:
        parts["vocoder"] = _changed(SourceFilterVocoderProfile(), own["source_filter_vocoder"] or {}, path)
    parts |= {name: bool(own[name]) for name in _OWN_SWITCHES if name in own}
    return replace(published.defaults, **parts)


def _changed(part: Part, values: dict[str, Any], path: Path) -> Part:
    """A profile part with the values that are present, each checked against the type of its default."""
    known = {f.name for f in fields(part)}  # type: ignore[arg-type]
    unknown = set(values) - known
    if unknown:
        raise MissingError(f"{path} sets unknown values: {', '.join(sorted(unknown))}.", f"Known: {sorted(known)}.")
    checked = {}
    for name, value in values.items():
        if value is None:
            continue
        value = _frozen(value)
        wanted = type(getattr(part, name))
        if wanted is float and type(value) is int:
            value = float(value)
        if type(value) is not wanted:
            raise MissingError(f"{path}: {name} is {value!r}, not {wanted.__name__}.", REMEDY)
        checked[name] = value
    return replace(part, **checked)  # type: ignore[type-var]


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
