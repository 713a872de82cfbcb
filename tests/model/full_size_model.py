"""Model directories of the published sizes, with random weights: they take gigabytes, and speak noise."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import torch
from torch import nn

from cosycli.engine.synthetic_model import QWEN2, fill, new_language_model_of, sizes_of
from cosycli.model.checkpoint import WithoutInitialValues
from cosycli.model.library import PublishedModel
from cosycli.model.loading import BACKBONE, new_flow, new_vocoder
from cosycli.model.profile import read_profile
from cosycli.training.text_vocabulary import write_text_vocabulary
from tests.model.tiny_model import write_speaker_graph, write_tokenizer_graph
from tests.model.tiny_model_v1 import SPEAKERS, write_vocabulary

# What the configuration does not say is taken as published.
CONFIG = """
sample_rate: {sample_rate}
cosy:
  language_model: {{max_speech_per_text: 2}}  # noise does not end by itself
"""


def write_full_size_model(directory: Path, model: PublishedModel) -> Path:
    """Write the directory of a published model and return it.

    Its text vocabulary holds bytes alone, and small graphs stand in for its reference encoders.
    """
    directory.mkdir(parents=True)
    config = {1: "cosyvoice.yaml", 2: "cosyvoice2.yaml", 3: "cosyvoice3.yaml"}[model.version]
    (directory / config).write_text(CONFIG.format(sample_rate=22050 if model.version == 1 else 24000))
    _write_text_side(directory, model)
    profile = read_profile(directory)
    for seed, variant in enumerate(("llm", *(f"llm.{name}" for name in model.variants))):
        with WithoutInitialValues():
            language_model = new_language_model_of(sizes_of(str(directory)))
        _write_weights(language_model, directory / f"{variant}.pt", seed)
    with WithoutInitialValues():
        flow, vocoder = new_flow(profile.flow), new_vocoder(profile.vocoder)
    _write_weights(flow, directory / "flow.pt")
    _write_weights(vocoder, directory / "hift.pt")
    write_speaker_graph(directory / "campplus.onnx")
    tokens_per_second = profile.flow.token_rate
    write_tokenizer_graph(directory / f"speech_tokenizer_v{model.version}.onnx", tokens_per_second)
    if model.has_speakers:
        torch.save({name: {"embedding": torch.randn(1, 192)} for name in SPEAKERS}, directory / "spk2info.pt")
    return directory


def _write_text_side(directory: Path, model: PublishedModel) -> None:
    if model.version == 1:
        write_vocabulary(directory)
        return
    write_text_vocabulary(directory / BACKBONE)
    (directory / BACKBONE / "added_tokens.json").unlink()  # the published ones have none
    (directory / BACKBONE / "config.json").write_text(json.dumps(asdict(QWEN2)))


def _write_weights(module: nn.Module, path: Path, seed: int = 0) -> None:
    fill(module, seed)
    torch.save(module.state_dict(), path)
