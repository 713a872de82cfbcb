"""The dimensions and constants of a model, read from its directory as plain data.

A published model directory describes itself in `cosyvoice2.yaml`, a file whose `!new:` and `!name:` tags would
import and call code in the hands of its authors' loader. Here every tag is plain data: only numbers are taken.
The defaults below are those of the published CosyVoice 2.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

import yaml

from cosycli.errors import MissingError

__all__ = [
    "FlowProfile",
    "LanguageModelProfile",
    "MelProfile",
    "ModelProfile",
    "SpeakerEncoderProfile",
    "SpeechTokenizerProfile",
    "VocoderProfile",
    "read_profile",
]

CONFIG_NAME = "cosyvoice2.yaml"
TOKEN_RATE = 25  # speech tokens per second, CosyVoice 2 paper, section 2.2


@dataclass(frozen=True)
class MelProfile:
    """The log-mel spectrogram between flow and vocoder."""

    sample_rate: int = 24000
    n_fft: int = 1920
    hop: int = 480
    num_mels: int = 80
    fmin: float = 0.0
    fmax: float = 8000.0


@dataclass(frozen=True)
class LanguageModelProfile:
    """The speech side of the text-speech language model; the backbone's size is in its own `config.json`.

    Output ids `num_codes` (end of speech) to `num_codes + 2` (filling token) all stop generation.
    """

    num_codes: int = 6561
    num_stop_ids: int = 3
    text_chunk: int = 5  # text tokens, then speech tokens, in the interleaved layout (paper, section 2.3)
    speech_chunk: int = 15
    min_speech_per_text: int = 2
    max_speech_per_text: int = 20
    top_p: float = 0.8
    top_k: int = 25
    repetition_window: int = 10
    repetition_ratio: float = 0.1

    @property
    def end_of_speech(self) -> int:
        """The output id that ends an utterance."""
        return self.num_codes

    @property
    def fill(self) -> int:
        """The output id that asks for more text in the interleaved layout."""
        return self.num_codes + 2


@dataclass(frozen=True)
class FlowProfile:
    """Speech tokens to mel: a chunk-aware Conformer encoder and a U-Net velocity estimator."""

    num_codes: int = 6561
    num_mels: int = 80
    speaker_width: int = 192
    encoder_width: int = 512
    encoder_heads: int = 8
    encoder_ff: int = 2048
    num_encoder_blocks: int = 6
    num_upsampled_blocks: int = 4
    lookahead: int = 3  # tokens
    mel_per_token: int = 2
    chunk: int = 25  # tokens per chunk of the streaming mask
    estimator_width: int = 256
    estimator_heads: int = 8
    estimator_head_width: int = 64
    num_transformers: int = 4  # per ResNet block
    num_mid_blocks: int = 12
    num_steps: int = 10  # Euler steps
    guidance: float = 0.7


@dataclass(frozen=True)
class VocoderProfile:
    """HiFT: a harmonic source and an inverse STFT around an upsampling network."""

    sample_rate: int = 24000
    num_mels: int = 80
    width: int = 512
    num_harmonics: int = 8
    sine_amplitude: float = 0.1
    noise_std: float = 0.003
    voiced_above_hz: float = 10.0
    upsample_rates: tuple[int, ...] = (8, 5, 3)
    upsample_kernels: tuple[int, ...] = (16, 11, 7)
    istft_n_fft: int = 16
    istft_hop: int = 4
    resblock_kernels: tuple[int, ...] = (3, 7, 11)
    resblock_dilations: tuple[tuple[int, ...], ...] = ((1, 3, 5), (1, 3, 5), (1, 3, 5))
    source_kernels: tuple[int, ...] = (7, 7, 11)
    source_dilations: tuple[tuple[int, ...], ...] = ((1, 3, 5), (1, 3, 5), (1, 3, 5))
    leaky_slope: float = 0.1
    audio_limit: float = 0.99
    f0_width: int = 512


@dataclass(frozen=True)
class SpeechTokenizerProfile:
    """The built-in model's own FSQ speech tokenizer; published models bring theirs as ONNX."""

    num_mels: int = 80
    width: int = 160
    num_blocks: int = 4  # on each side of the codes
    num_digits: int = 6  # each quantised to -1, 0 or 1: 3 ** 6 codes (paper, section 2.2)
    alphabet: str = " 'abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class SpeakerEncoderProfile:
    """The built-in model's own speaker encoder; published models bring CAM++ as ONNX."""

    num_mels: int = 80
    width: int = 96
    embedding: int = 192


@dataclass(frozen=True)
class ModelProfile:
    """Everything that differs between one model and another, apart from the weights.

    Attributes:
        spells_words: the language model was trained on CMU phone tokens, so known words are given as phones.
        names_speakers: it is told `Speaker NAME` before the text (paper, section 2.6, multi-speaker fine-tuning).
        takes_instructions: it follows instructions such as "speak slowly".
        one_token_per_hanzi: byte-pair tokens that span several Chinese characters are not used (paper, section 2.1).
    """

    version: int = 2
    mel: MelProfile = field(default_factory=MelProfile)
    language_model: LanguageModelProfile = field(default_factory=LanguageModelProfile)
    flow: FlowProfile = field(default_factory=FlowProfile)
    vocoder: VocoderProfile = field(default_factory=VocoderProfile)
    speech_tokenizer: SpeechTokenizerProfile = field(default_factory=SpeechTokenizerProfile)
    speaker_encoder: SpeakerEncoderProfile = field(default_factory=SpeakerEncoderProfile)
    spells_words: bool = False
    names_speakers: bool = False
    takes_instructions: bool = True
    one_token_per_hanzi: bool = False


Part = TypeVar("Part")

# Where the published YAML keeps each number: profile field -> key path.
_PUBLISHED_KEYS: dict[str, dict[str, str]] = {
    "mel": {"sample_rate": "sample_rate"},
    "language_model": {
        "num_codes": "llm.speech_token_size",
        "top_p": "llm.sampling.top_p",
        "top_k": "llm.sampling.top_k",
        "repetition_window": "llm.sampling.win_size",
        "repetition_ratio": "llm.sampling.tau_r",
    },
    "flow": {
        "num_codes": "flow.vocab_size",
        "num_mels": "flow.output_size",
        "speaker_width": "flow.spk_embed_dim",
        "lookahead": "flow.pre_lookahead_len",
        "mel_per_token": "flow.token_mel_ratio",
        "chunk": "flow.encoder.static_chunk_size",
        "encoder_width": "flow.encoder.output_size",
        "encoder_heads": "flow.encoder.attention_heads",
        "encoder_ff": "flow.encoder.linear_units",
        "num_encoder_blocks": "flow.encoder.num_blocks",
        "estimator_width": "flow.decoder.estimator.channels.0",
        "estimator_heads": "flow.decoder.estimator.num_heads",
        "estimator_head_width": "flow.decoder.estimator.attention_head_dim",
        "num_transformers": "flow.decoder.estimator.n_blocks",
        "num_mid_blocks": "flow.decoder.estimator.num_mid_blocks",
        "guidance": "flow.decoder.cfm_params.content.inference_cfg_rate",
    },
    "vocoder": {
        "sample_rate": "hift.sampling_rate",
        "num_mels": "hift.in_channels",
        "width": "hift.base_channels",
        "num_harmonics": "hift.nb_harmonics",
        "sine_amplitude": "hift.nsf_alpha",
        "noise_std": "hift.nsf_sigma",
        "voiced_above_hz": "hift.nsf_voiced_threshold",
        "upsample_rates": "hift.upsample_rates",
        "upsample_kernels": "hift.upsample_kernel_sizes",
        "istft_n_fft": "hift.istft_params.n_fft",
        "istft_hop": "hift.istft_params.hop_len",
        "resblock_kernels": "hift.resblock_kernel_sizes",
        "resblock_dilations": "hift.resblock_dilation_sizes",
        "source_kernels": "hift.source_resblock_kernel_sizes",
        "source_dilations": "hift.source_resblock_dilation_sizes",
        "leaky_slope": "hift.lrelu_slope",
        "audio_limit": "hift.audio_limit",
        "f0_width": "hift.f0_predictor.cond_channels",
    },
}
# Numbers the published YAML does not hold; only our own model states them, under the key `cosy`.
_OWN_PARTS = ("language_model", "flow", "speech_tokenizer", "speaker_encoder")
_OWN_SWITCHES = ("spells_words", "names_speakers", "takes_instructions", "one_token_per_hanzi")


class _PlainLoader(yaml.SafeLoader):
    """Reads any tagged node as the mapping, list or string under the tag."""


def _untag(loader: yaml.SafeLoader, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)  # type: ignore[arg-type]


_PlainLoader.add_multi_constructor("!", _untag)


def read_profile(directory: Path) -> ModelProfile:
    """The profile of the model in `directory`.

    Raises:
        MissingError: the directory holds no configuration we know, or one that is not valid YAML.
    """
    path = directory / CONFIG_NAME
    if not path.is_file():
        raise MissingError(
            f"{directory} is not a CosyVoice 2 model: it has no {CONFIG_NAME}.",
            "Name a model directory, or one of the models that `cosy models list` shows.",
        )
    try:
        tree = yaml.load(path.read_text(encoding="utf-8"), Loader=_PlainLoader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise MissingError(
            f"{path} cannot be read: {error}", "Fetch the model again with `cosy models pull`."
        ) from None
    if not isinstance(tree, dict):
        raise MissingError(f"{path} holds no settings.", "Fetch the model again with `cosy models pull`.")
    return _profile_from_tree(tree, path)


def _profile_from_tree(tree: dict[str, Any], path: Path) -> ModelProfile:
    own = tree.get("cosy")
    own = own if isinstance(own, dict) else {}
    parts: dict[str, Any] = {}
    for part in fields(ModelProfile):
        if part.name in (*_PUBLISHED_KEYS, *_OWN_PARTS):
            values = {name: _lookup(tree, key) for name, key in _PUBLISHED_KEYS.get(part.name, {}).items()}
            if part.name in _OWN_PARTS:
                values |= own.get(part.name) or {}
            parts[part.name] = _build(part.default_factory, values, path)  # type: ignore[arg-type]
    parts |= {name: bool(own[name]) for name in _OWN_SWITCHES if name in own}
    return ModelProfile(**parts)


def _lookup(tree: Any, key: str) -> Any:
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


def _build(part: type[Part], values: dict[str, Any], path: Path) -> Part:
    """A profile part from the values that are present, each checked against the type of its default."""
    defaults = part()
    known = {f.name for f in fields(part)}  # type: ignore[arg-type]
    unknown = set(values) - known
    if unknown:
        raise MissingError(f"{path} sets unknown values: {', '.join(sorted(unknown))}.", f"Known: {sorted(known)}.")
    checked = {}
    for name, value in values.items():
        if value is None:
            continue
        value = _frozen(value)
        wanted = type(getattr(defaults, name))
        if wanted is float and type(value) is int:
            value = float(value)
        if type(value) is not wanted:
            raise MissingError(
                f"{path}: {name} is {value!r}, not {wanted.__name__}.",
                "Fetch the model again with `cosy models pull`.",
            )
        checked[name] = value
    return part(**checked)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
