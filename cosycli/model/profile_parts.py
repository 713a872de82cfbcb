"""What each stage of a model is: dimensions and constants.

The defaults are those of the published CosyVoice 2, or of the one version that has such a part.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar

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
    estimator_width: int = 256
    lookahead: int = 3  # tokens
    mel_per_token: int = 2
    token_rate: int = TOKEN_RATE
    chunk: int = 25  # tokens per chunk of the streaming mask
    num_steps: int = 10  # Euler steps
    guidance: float = 0.7
    has_masks: ClassVar[bool] = True  # attention can do without what is far ahead

    @property
    def attended_values(self) -> int:
        """Keys and values of a mel frame in all attention layers of the estimator."""
        raise NotImplementedError

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
    estimator_heads: int = 8
    estimator_head_width: int = 64
    num_levels: int = 1  # each after the first at half the frame rate of the one before
    num_transformers: int = 4  # per ResNet block
    num_mid_blocks: int = 12

    @property
    def attended_values(self) -> int:
        num_blocks = self.num_transformers * (2 * self.num_levels + self.num_mid_blocks)
        return 2 * num_blocks * self.estimator_heads * self.estimator_head_width


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

    @property
    def attended_values(self) -> int:
        return 2 * self.num_blocks * self.estimator_heads * self.estimator_head_width


@dataclass(frozen=True)
class VocoderProfile:
    """HiFT: a harmonic source and an inverse STFT around an upsampling network.

    Attributes:
        random_phases: the harmonics above the fundamental start at random phases, as in CosyVoice 1; else at 0. The
            published code draws them for CosyVoice 2 and 3 too, and loses them when it interpolates to the frame rate.
    """

    weights: ClassVar[str] = "hift"  # the name of its file in a model's folder

    sample_rate: int = 24000
    num_mels: int = 80
    width: int = 512
    num_harmonics: int = 8
    random_phases: bool = False
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

    @property
    def peak_values(self) -> int:
        """Values a mel frame of the level that has the most: its channels halve where its positions multiply."""
        levels = range(1, len(self.upsample_rates) + 1)
        return max(self.width // 2**level * prod(self.upsample_rates[:level]) for level in levels)


@dataclass(frozen=True)
class SampledVocoderProfile(VocoderProfile):
    """HiFT of two levels, with the phases of its source counted sample by sample (CosyVoice 1)."""

    sample_rate: int = 22050
    random_phases: bool = True
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
class SourceFilterVocoderProfile:
    """Pulses and noise through filters (the built-in model).

    Attributes:
        num_frame_blocks, num_filter_blocks: convolution blocks at the rate of mel frames and of filters.
        n_fft: of the transforms around the filters.
        top_hz: the highest harmonic.
    """

    weights: ClassVar[str] = "vocoder"

    sample_rate: int = 24000
    num_mels: int = 80
    hop: int = 480
    width: int = 256
    f0_width: int = 96
    num_frame_blocks: int = 6
    num_filter_blocks: int = 2
    filters_per_frame: int = 4
    n_fft: int = 512
    top_hz: float = 11500.0
    audio_limit: float = 0.99

    @property
    def filter_hop(self) -> int:
        """Samples a filter."""
        return self.hop // self.filters_per_frame

    @property
    def peak_values(self) -> int:
        """Values a mel frame of its three filters."""
        return self.filters_per_frame * 3 * (self.n_fft // 2 + 1)


@dataclass(frozen=True)
class SpeechTokenizerProfile:
    """The built-in model's own FSQ speech tokenizer; published models bring theirs as ONNX."""

    num_mels: int = 80
    width: int = 160
    num_blocks: int = 4  # on each side of the codes
    num_digits: int = 6  # each quantised to -1, 0 or 1: 3 ** 6 codes (paper, section 2.2)
    alphabet: str = " '12345abcdefghijklmnopqrstuvwxyz"  # figures are tones of pinyin


@dataclass(frozen=True)
class SpeakerEncoderProfile:
    """The built-in model's own speaker encoder; published models bring CAM++ as ONNX."""

    num_mels: int = 80
    width: int = 96
    embedding: int = 192
