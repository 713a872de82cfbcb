"""What a recording tells the models: its speech tokens, and whose voice it is.

Published models bring ONNX graphs for both; the built-in model has networks of its own.

Shapes: N samples, S speech tokens (25 Hz), E embedding width.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import soxr
import torch
from numpy.typing import NDArray
from torch import Tensor

from cosycli.errors import MissingError
from cosycli.model.checkpoint import REMEDY, load_weights
from cosycli.model.features import ANALYSIS_RATE, kaldi_fbank, log_mel, whisper_log_mel
from cosycli.model.profile import ModelProfile
from cosycli.model.speaker_encoder import SpeakerEncoder
from cosycli.model.speech_tokenizer import SpeechTokenizer

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

__all__ = ["BuiltinReferenceEncoder", "OnnxReferenceEncoder", "ReferenceEncoder", "load_reference_encoder"]

SPEAKER_GRAPH = "campplus.onnx"


class ReferenceEncoder(Protocol):
    """Reads a mono recording, samples (N,) float32 at any rate."""

    def tokens(self, samples: NDArray[np.float32], sample_rate: int) -> Tensor:
        """Speech tokens (S,) int64."""
        ...

    def speaker(self, samples: NDArray[np.float32], sample_rate: int) -> Tensor:
        """Speaker embedding (E,) float32."""
        ...


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
