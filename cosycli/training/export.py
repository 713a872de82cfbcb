"""Step `export`: the averaged weights of every step, in 16 bits, into the directory of the built-in model."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from cosycli.model.loading import BACKBONE
from cosycli.training.casting import NAMES
from cosycli.training.language_model import backbone_config
from cosycli.training.run import read_average
from cosycli.training.text_vocabulary import write_text_vocabulary
from cosycli.training.tokenizer import open_tokenized

PROFILE = Path(__file__).with_name("cosyvoice2.yaml")
# Of a speaker whose words the language model learns: after 35 minutes of one 55 % of the words in 20 sentences were
# misheard, where the same voice, imitated from a clip, had 8 %.
MIN_NAMED_S = 3600
NETWORKS = {"language_model": "llm", "flow": "flow", "vocoder": "vocoder"}  # step -> file


def export(corpus_folder: Path, work_folder: Path, target: Path) -> None:
    """Write the model of the checkpoints in `work_folder` and their profile into `target`."""
    shutil.copy(PROFILE, target / PROFILE.name)
    num_tokens = write_text_vocabulary(target / BACKBONE)
    config = {"model_type": "qwen2", "tie_word_embeddings": True, **asdict(backbone_config(num_tokens))}
    (target / BACKBONE / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    for step, name in NETWORKS.items():
        _write(read_average(work_folder / step), target / f"{name}.safetensors")
    heard = read_average(work_folder / "tokenizer")
    _write(_part(heard, "tokenizer."), target / "speech_tokenizer.safetensors")
    _write(_part(heard, "speaker_encoder."), target / "speaker_encoder.safetensors")
    _write(_speakers(corpus_folder, work_folder / "tokens"), target / "spk2info.safetensors")


def _part(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}


def _speakers(corpus_folder: Path, tokens_folder: Path) -> dict[str, Tensor]:
    """The mean embedding, a unit vector, of each shipped voice of which there is enough speech to call it by name."""
    data = open_tokenized(corpus_folder, tokens_folder)
    means = {}
    for speaker, name in NAMES.items():
        rows = [index for index in range(len(data.tokens)) if data.corpus[index].speaker == speaker]
        if sum(data.corpus[index].duration_s for index in rows) > MIN_NAMED_S:
            means[name] = torch.nn.functional.normalize(data.embeddings[rows].mean(dim=0), dim=0)
    return means


def _write(state: dict[str, Tensor], path: Path) -> None:
    halves = {name: tensor.half().contiguous().clone() for name, tensor in state.items()}
    unfinished = path.with_suffix(".tmp")
    save_file(halves, unfinished)
    unfinished.replace(path)
