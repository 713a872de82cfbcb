"""Encodes a reference recording: its speech tokens, and an embedding of its speaker.

Published models bring ONNX graphs for both; the built-in model has networks of its own. Its speech tokenizer is also a
recognizer: mel -> FSQ codes -> letters (CosyVoice 2, section 2.2). A frame is projected to a few numbers, each squashed
by tanh and rounded to -1, 0 or 1; the digits written in base 3 are the speech token. Behind the codes a CTC head spells
what was said; it teaches the codes to keep the words.

Shapes: B batch, N samples, M mel frames (50 Hz), S = M / 2 speech tokens (25 Hz), D width, E embedding width.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import soxr
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from cosycli.errors import MissingError
from cosycli.model.checkpoint import REMEDY, load_weights
from cosycli.model.features import ANALYSIS_RATE, kaldi_fbank, log_mel, whisper_log_mel
from cosycli.model.masks import frame_mask
from cosycli.model.profile import ModelProfile, SpeakerEncoderProfile, SpeechTokenizerProfile

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

NUM_LEVELS = 3  # -1, 0, 1
MEL_MEAN, MEL_STD = -6.0, 2.5  # what the weights were trained with; the corpus measures -4.8 and 2.2


def standardise_mel(mel: Tensor) -> Tensor:
    """Natural-log mel (B, num_mels, M) -> about zero mean and unit variance."""
    return (mel - MEL_MEAN) / MEL_STD


class ConvBlock(nn.Module):
    """Depthwise convolution over time, then a feed-forward over channels, residual (ConvNeXt, Liu et al. 2022)."""

    def __init__(self, width: int, kernel: int = 7) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.norm = nn.LayerNorm(width)
        self.expand = nn.Linear(width, 3 * width)
        self.shrink = nn.Linear(3 * width, width)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, D, M), (B, 1, M) -> (B, D, M)."""
        hidden = self.norm(self.depthwise(x).transpose(1, 2))
        hidden = self.shrink(F.gelu(self.expand(hidden))).transpose(1, 2)
        return (x + hidden) * mask


class SpeechTokenizer(nn.Module):
    """Encoder, quantiser and CTC head; ids of the alphabet start at 1, 0 is the CTC blank."""

    place_values: Tensor

    def __init__(self, profile: SpeechTokenizerProfile) -> None:
        super().__init__()
        self.profile = profile
        width = profile.width
        self.stem = nn.Conv1d(profile.num_mels, width, 5, padding=2)
        self.frame_blocks = nn.ModuleList(ConvBlock(width) for _ in range(2))
        self.halve = nn.Conv1d(width, width, 2, stride=2)
        self.token_blocks = nn.ModuleList(ConvBlock(width) for _ in range(profile.num_blocks))
        self.to_digits = nn.Linear(width, profile.num_digits)
        self.from_digits = nn.Linear(profile.num_digits, width)
        self.speller_blocks = nn.ModuleList(ConvBlock(width) for _ in range(profile.num_blocks))
        self.to_letters = nn.Linear(width, 2 * (len(profile.alphabet) + 1))
        self.register_buffer("place_values", NUM_LEVELS ** torch.arange(profile.num_digits), persistent=False)

    def digits(self, mel: Tensor, num_tokens: Tensor) -> Tensor:
        """The rounded digits, with the gradient of tanh passed straight through the rounding.

        Args:
            mel: (B, num_mels, M), M even.
            num_tokens: (B,) valid tokens, two frames each.

        Returns:
            (B, S, num_digits), each -1, 0 or 1.
        """
        frames = frame_mask(2 * num_tokens, mel.shape[2])
        tokens = frame_mask(num_tokens, mel.shape[2] // 2)
        hidden = self.stem(standardise_mel(mel) * frames) * frames
        for block in self.frame_blocks:
            hidden = block(hidden, frames)
        hidden = self.halve(hidden) * tokens
        for block in self.token_blocks:
            hidden = block(hidden, tokens)
        bounded = torch.tanh(self.to_digits(hidden.transpose(1, 2)).float())
        return bounded + (bounded.round() - bounded).detach()

    def encode(self, mel: Tensor, num_tokens: Tensor) -> Tensor:
        """Speech tokens (B, S) of mel (B, num_mels, M); those beyond `num_tokens` mean nothing."""
        return ((self.digits(mel, num_tokens) + 1).round().long() * self.place_values).sum(dim=2)

    def hidden_of(self, digits: Tensor, num_tokens: Tensor) -> Tensor:
        """What the CTC head's blocks make of (B, S, num_digits): (B, S, D)."""
        mask = frame_mask(num_tokens, digits.shape[1])
        hidden = self.from_digits(digits).transpose(1, 2) * mask
        for block in self.speller_blocks:
            hidden = block(hidden, mask)
        return hidden.transpose(1, 2)

    def letters_of(self, hidden: Tensor) -> Tensor:
        """Log-probabilities (B, 2 S, letters + 1) at 50 Hz, since fast speech has more letters than tokens."""
        batch, num_tokens, _ = hidden.shape
        return self.to_letters(hidden).view(batch, 2 * num_tokens, -1).float().log_softmax(dim=2)


class SpeakerEncoder(nn.Module):
    """Convolutions, then mean and deviation over time (x-vector pooling, Snyder et al. 2018), then a unit vector."""

    def __init__(self, profile: SpeakerEncoderProfile) -> None:
        super().__init__()
        self.stem = nn.Conv1d(profile.num_mels, profile.width, 5, padding=2)
        self.blocks = nn.ModuleList(ConvBlock(profile.width) for _ in range(2))
        self.project = nn.Linear(2 * profile.width, profile.embedding)

    def forward(self, mel: Tensor, num_frames: Tensor) -> Tensor:
        """(B, num_mels, M), (B,) valid frames -> (B, embedding) of length 1."""
        mask = frame_mask(num_frames, mel.shape[2])
        hidden = self.stem(standardise_mel(mel) * mask) * mask
        for block in self.blocks:
            hidden = block(hidden, mask)
        count = num_frames[:, None]
        mean = hidden.sum(dim=2) / count
        variance = ((hidden - mean[:, :, None]).square() * mask).sum(dim=2) / count
        pooled = torch.cat([mean, (variance + 1e-6).sqrt()], dim=1)
        return F.normalize(self.project(pooled).float(), dim=1)


SPEAKER_GRAPH = "campplus.onnx"


class ReferenceEncoder(Protocol):
    """Reads a mono recording, samples (N,) float32 at any rate."""

    def tokens(self, samples: NDArray[np.float32], sample_rate: int) -> Tensor:
        """Speech tokens (S,) int64."""

    def speaker(self, samples: NDArray[np.float32], sample_rate: int) -> Tensor:
        """Speaker embedding (E,) float32."""


def load_reference_encoder(directory: Path, profile: ModelProfile) -> ReferenceEncoder:
    """The built-in model's networks where `directory` has them, else the published graphs.

    Raises:
        MissingError: neither is there, or a file is damaged.
    """
    if (directory / "speech_tokenizer.safetensors").is_file():
        return BuiltinReferenceEncoder(directory, profile)
    return OnnxReferenceEncoder(directory, profile.version)


def resampled(samples: NDArray[np.float32], sample_rate: int, wanted: int) -> Tensor:
    """(N,) at one rate -> (1, N') at another."""
    return torch.from_numpy(soxr.resample(samples, sample_rate, wanted, quality="VHQ").astype(np.float32))[None]


class BuiltinReferenceEncoder:
    """The torch modules of the built-in model."""

    def __init__(self, directory: Path, profile: ModelProfile) -> None:
        self._mel = profile.mel
        self._tokenizer = SpeechTokenizer(profile.speech_tokenizer).eval()
        self._speaker_encoder = SpeakerEncoder(profile.speaker_encoder).eval()
        load_weights(self._tokenizer, directory, "speech_tokenizer")
        load_weights(self._speaker_encoder, directory, "speaker_encoder")

    @torch.inference_mode()
    def tokens(self, samples: NDArray[np.float32], sample_rate: int) -> Tensor:
        mel = self._log_mel(samples, sample_rate)
        return self._tokenizer.encode(mel, torch.tensor([mel.shape[2] // 2]))[0]

    @torch.inference_mode()
    def speaker(self, samples: NDArray[np.float32], sample_rate: int) -> Tensor:
        mel = self._log_mel(samples, sample_rate)
        return self._speaker_encoder(mel, torch.tensor([mel.shape[2]]))[0]

    def _log_mel(self, samples: NDArray[np.float32], sample_rate: int) -> Tensor:
        """(1, num_mels, M) with M even."""
        mel = log_mel(resampled(samples, sample_rate, self._mel.sample_rate), self._mel)
        return mel[:, :, : mel.shape[2] // 2 * 2]


class OnnxReferenceEncoder:
    """The published graphs: Whisper mel -> tokens, Kaldi fbank -> CAM++ embedding."""

    def __init__(self, directory: Path, version: int) -> None:
        self._tokenizer = _open_graph(directory / f"speech_tokenizer_v{version}.onnx", num_inputs=2)
        self._speaker = _open_graph(directory / SPEAKER_GRAPH, num_inputs=1)

    def tokens(self, samples: NDArray[np.float32], sample_rate: int) -> Tensor:
        mel = whisper_log_mel(resampled(samples, sample_rate, ANALYSIS_RATE)).numpy()
        names = [node.name for node in self._tokenizer.get_inputs()]
        inputs = dict(zip(names, (mel, np.array([mel.shape[2]], dtype=np.int32)), strict=True))
        return torch.from_numpy(np.asarray(self._tokenizer.run(None, inputs)[0]).reshape(-1).astype(np.int64))

    def speaker(self, samples: NDArray[np.float32], sample_rate: int) -> Tensor:
        fbank = kaldi_fbank(resampled(samples, sample_rate, ANALYSIS_RATE), subtract_mean=True).numpy()
        name = self._speaker.get_inputs()[0].name
        return torch.from_numpy(np.asarray(self._speaker.run(None, {name: fbank})[0]).reshape(-1).astype(np.float32))


def _open_graph(path: Path, num_inputs: int) -> InferenceSession:
    import onnxruntime  # only here: the built-in model does without it

    if not path.is_file():
        raise MissingError(f"{path} is missing; it is needed to read a reference recording.", REMEDY)
    try:
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own exceptions share no narrower base
        raise MissingError(f"{path} is damaged: {str(error).splitlines()[0]}", REMEDY) from None
    if len(session.get_inputs()) != num_inputs:
        raise MissingError(f"{path} takes {len(session.get_inputs())} inputs, not {num_inputs}.", REMEDY)
    return session
