"""A recording at any rate gives the same tokens and embedding, through graphs with the published signatures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from cosycli.errors import MissingError
from cosycli.model.reference_encoder import OnnxReferenceEncoder
from tests.model.tiny_model import write_speaker_graph, write_tokenizer_graph


@pytest.fixture
def encoder(tmp_path: Path) -> OnnxReferenceEncoder:
    write_speaker_graph(tmp_path / "campplus.onnx")
    write_tokenizer_graph(tmp_path / "speech_tokenizer_v2.onnx")
    return OnnxReferenceEncoder(tmp_path, version=2)


def sweep(sample_rate: int, duration_s: float = 4.0) -> np.ndarray:
    """A tone that rises from 200 to 3000 Hz."""
    t = np.arange(round(duration_s * sample_rate)) / sample_rate
    return (0.3 * np.sin(2 * np.pi * (200 * t + 350 * t**2))).astype(np.float32)


@pytest.mark.parametrize("sample_rate", [8000, 22050, 44100, 192000])
def test_the_rate_of_the_recording_does_not_matter(encoder: OnnxReferenceEncoder, sample_rate: int) -> None:
    tokens = encoder.tokens(sweep(sample_rate), sample_rate)
    wanted = encoder.tokens(sweep(16000), 16000)
    assert len(tokens) == 100  # 25 a second
    assert (tokens == wanted).float().mean() > 0.9
    embedding, reference = encoder.speaker(sweep(sample_rate), sample_rate), encoder.speaker(sweep(16000), 16000)
    assert embedding.shape == (192,)
    assert torch.cosine_similarity(embedding, reference, dim=0) > 0.9


def test_a_missing_graph_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"speech_tokenizer_v2\.onnx is missing"):
        OnnxReferenceEncoder(tmp_path, version=2)


def test_a_damaged_graph_is_named(tmp_path: Path) -> None:
    (tmp_path / "speech_tokenizer_v2.onnx").write_bytes(b"not a graph")
    with pytest.raises(MissingError, match=r"speech_tokenizer_v2\.onnx is damaged"):
        OnnxReferenceEncoder(tmp_path, version=2)
