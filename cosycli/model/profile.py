"""The dimensions and constants of a model, read from its directory.

The defaults below are those of the published CosyVoice 2, or of the one version that has such a part.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from cosycli.errors import MissingError
from cosycli.model.published_config import (
    CAUSAL_VOCODER_KEYS,
    CONFORMER_FLOW_KEYS,
    LANGUAGE_MODEL_KEYS,
    MEL_KEYS,
    REGULATED_FLOW_KEYS,
    REMEDY,
    TRANSFORMER_FLOW_KEYS,
    TRANSFORMER_KEYS,
    VOCODER_KEYS,
    read_config,
    value_at,
)

__all__ = [
    "COSYVOICE_1",
    "COSYVOICE_2",
    "COSYVOICE_3",
    "CausalVocoderProfile",
    "ConformerFlowProfile",
    "FlowProfile",
    "LanguageModelProfile",
    "MelProfile",
    "ModelProfile",
    "RegulatedFlowProfile",
    "SampledVocoderProfile",
    "SpeakerEncoderProfile",
    "SpeechTokenizerProfile",
    "TransformerFlowProfile",
    "TransformerProfile",
    "VocoderProfile",
    "read_profile",
]

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

    Attributes:
        num_stop_ids: outputs after the speech codes; any of them stops generation.
        has_mark_table: start and turn have an embedding table of their own. Else start, end, turn and fill are the
            first four rows after the codes in the table of speech embeddings, and the first ids after them.
        has_output_bias: of the layer that gives the outputs.
        silent_codes: speech tokens that are silence; at most `max_silence` in a row are voiced.
    """

    num_codes: int = 6561
    num_stop_ids: int = 3
    has_mark_table: bool = True
    has_output_bias: bool = True
    silent_codes: tuple[int, ...] = ()
    max_silence: int = 5
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
        return self.num_codes if self.has_mark_table else self.num_codes + 1

    @property
    def fill(self) -> int:
        """The output id that asks for more text in the interleaved layout."""
        return self.num_codes + 2 if self.has_mark_table else self.num_codes + 3


@dataclass(frozen=True)
class TransformerProfile:
    """The text encoder and the backbone of the language model that have no configuration of their own (CosyVoice 1)."""

    num_text_ids: int = 51866
    text_width: int = 512
    encoder_width: int = 1024
    encoder_heads: int = 16
    encoder_ff: int = 4096
    num_encoder_blocks: int = 6
    width: int = 1024
    num_heads: int = 16
    ff: int = 4096
    num_blocks: int = 14
    speaker_width: int = 192


@dataclass(frozen=True)
class FlowProfile:
    """Speech tokens to mel: what the flow of every version has."""

    num_codes: int = 6561
    num_mels: int = 80
    speaker_width: int = 192
    encoder_width: int = 512
    lookahead: int = 3  # tokens
    mel_per_token: int = 2
    token_rate: int = TOKEN_RATE
    chunk: int = 25  # tokens per chunk of the streaming mask
    num_steps: int = 10  # Euler steps
    guidance: float = 0.7
    has_masks: ClassVar[bool] = True  # attention can do without what is far ahead

    def num_frames(self, num_tokens: int) -> int:
        """Mel frames of so many speech tokens."""
        return num_tokens * self.mel_per_token

    def matching(self, num_tokens: int, num_frames: int) -> tuple[int, int]:
        """How many tokens and mel frames of a recording belong together."""
        num_tokens = min(num_frames // self.mel_per_token, num_tokens)
        return num_tokens, self.num_frames(num_tokens)


@dataclass(frozen=True)
class ConformerFlowProfile(FlowProfile):
    """A chunk-aware Conformer encoder and a U-Net velocity estimator (CosyVoice 2)."""

    encoder_heads: int = 8
    encoder_ff: int = 2048
    num_encoder_blocks: int = 6
    num_upsampled_blocks: int = 4
    estimator_width: int = 256
    estimator_heads: int = 8
    estimator_head_width: int = 64
    num_levels: int = 1  # each after the first at half the frame rate of the one before
    num_transformers: int = 4  # per ResNet block
    num_mid_blocks: int = 12


@dataclass(frozen=True)
class RegulatedFlowProfile(ConformerFlowProfile):
    """A Conformer encoder, a length regulator and a U-Net of two levels (CosyVoice 1): all of it sees everything."""

    num_codes: int = 4096
    lookahead: int = 0
    num_levels: int = 2
    token_rate: int = 50
    sample_rate: int = 22050
    hop: int = 256  # samples per mel frame
    has_masks: ClassVar[bool] = False

    def num_frames(self, num_tokens: int) -> int:
        return int(num_tokens / self.token_rate * self.sample_rate / self.hop)

    def matching(self, num_tokens: int, num_frames: int) -> tuple[int, int]:
        """All of both: the length regulator stretches the one to the other."""
        return num_tokens, num_frames


@dataclass(frozen=True)
class TransformerFlowProfile(FlowProfile):
    """A look-ahead convolution and a diffusion transformer (CosyVoice 3)."""

    encoder_width: int = 80
    lookahead_width: int = 1024
    estimator_width: int = 1024
    estimator_heads: int = 16
    estimator_head_width: int = 64
    estimator_ff: int = 2  # widths of the estimator
    num_blocks: int = 22


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
class SampledVocoderProfile(VocoderProfile):
    """HiFT of two levels, with the phases of its source counted sample by sample (CosyVoice 1)."""

    sample_rate: int = 22050
    upsample_rates: tuple[int, ...] = (8, 8)
    upsample_kernels: tuple[int, ...] = (16, 16)
    source_kernels: tuple[int, ...] = (7, 11)
    source_dilations: tuple[tuple[int, ...], ...] = ((1, 3, 5), (1, 3, 5))


@dataclass(frozen=True)
class CausalVocoderProfile(VocoderProfile):
    """HiFT that sees no further ahead than a few mel frames, so that it can speak while mel is made (CosyVoice 3)."""

    lookahead: int = 4
    f0_lookahead: int = 3


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
        transformer: of a language model that is no Qwen2.
        spells_words: the language model was trained on CMU phone tokens, so known words are given as phones.
        names_speakers: it is told `Speaker NAME` before the text (paper, section 2.6, multi-speaker fine-tuning).
        takes_instructions: it follows instructions such as "speak slowly".
        reads_phonemes: CMU phones and pinyin are tokens of its text.
        opening: what it is told before every text and instruction.
        language_tags: languages (ISO 639) that a text may be tagged with, to be spoken by a voice of another.
        one_token_per_hanzi: byte-pair tokens that span several Chinese characters are not used (paper, section 2.1).
    """

    version: int = 2
    mel: MelProfile = field(default_factory=MelProfile)
    language_model: LanguageModelProfile = field(default_factory=LanguageModelProfile)
    transformer: TransformerProfile | None = None
    flow: FlowProfile = field(default_factory=ConformerFlowProfile)
    vocoder: VocoderProfile = field(default_factory=VocoderProfile)
    speech_tokenizer: SpeechTokenizerProfile = field(default_factory=SpeechTokenizerProfile)
    speaker_encoder: SpeakerEncoderProfile = field(default_factory=SpeakerEncoderProfile)
    spells_words: bool = False
    names_speakers: bool = False
    takes_instructions: bool = True
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


@dataclass(frozen=True)
class _Published:
    """A version: its profile where the configuration is silent, and part -> field -> key in the configuration."""

    defaults: ModelProfile
    keys: dict[str, dict[str, str]]


_COMMON_KEYS = {"mel": MEL_KEYS, "language_model": LANGUAGE_MODEL_KEYS, "vocoder": VOCODER_KEYS}
# By the name of the configuration, which tells the version. Where there are several, the first counts.
_PUBLISHED = {
    "cosyvoice3.yaml": _Published(
        COSYVOICE_3, _COMMON_KEYS | {"flow": TRANSFORMER_FLOW_KEYS, "vocoder": CAUSAL_VOCODER_KEYS}
    ),
    "cosyvoice2.yaml": _Published(COSYVOICE_2, _COMMON_KEYS | {"flow": CONFORMER_FLOW_KEYS}),
    "cosyvoice.yaml": _Published(
        COSYVOICE_1, _COMMON_KEYS | {"transformer": TRANSFORMER_KEYS, "flow": REGULATED_FLOW_KEYS}
    ),
}
# Numbers the published YAML does not hold; only our own model states them, under the key `cosy`.
_OWN_PARTS = ("language_model", "flow", "speech_tokenizer", "speaker_encoder")
_OWN_SWITCHES = ("spells_words", "names_speakers", "takes_instructions", "one_token_per_hanzi")


def read_profile(directory: Path) -> ModelProfile:
    """The profile of the model in `directory`.

    Raises:
        MissingError: the directory holds no configuration we know, or one that is not valid YAML.
    """
    for name, published in _PUBLISHED.items():
        if (path := directory / name).is_file():
            profile = _profile_from_tree(read_config(path), published, path)
            return replace(profile, takes_instructions=True) if _is_instructed(directory, profile) else profile
    raise MissingError(
        f"{directory} is not a CosyVoice model: it has no {' or '.join(reversed(_PUBLISHED))}.",
        "Name a model directory, or one of the models that `cosy models list` shows.",
    )


def _is_instructed(directory: Path, profile: ModelProfile) -> bool:
    """CosyVoice-300M-Instruct is told from its sisters by the name of its folder alone, as by its authors' code."""
    return profile.version == 1 and "instruct" in directory.name.lower()


def _profile_from_tree(tree: dict[str, Any], published: _Published, path: Path) -> ModelProfile:
    own = tree.get("cosy")
    own = own if isinstance(own, dict) else {}
    parts: dict[str, Any] = {}
    for name in dict.fromkeys((*published.keys, *_OWN_PARTS)):
        values = {field_name: value_at(tree, key) for field_name, key in published.keys.get(name, {}).items()}
        if name in _OWN_PARTS:
            values |= own.get(name) or {}
        parts[name] = _changed(getattr(published.defaults, name), values, path)
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
