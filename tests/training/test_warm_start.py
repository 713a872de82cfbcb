"""A model that begins with the weights of an earlier one."""

import shutil
from pathlib import Path

import pytest
import torch

from cosycli.errors import InputError
from cosycli.model.library import BUILTIN, model_folder
from cosycli.model.profile import read_profile
from cosycli.training import __main__ as recipe
from cosycli.training.run import read_average
from cosycli.training.tokenizer import train_tokenizer, write_tokens
from cosycli.training.warm_start import carried_over, start_from


def test_a_new_code_starts_as_the_mean_of_the_codes_heard_with_it():
    rows = torch.tensor([[1.0, 0.0], [0.0, 1.0], [9.0, 9.0]])  # two codes and a stop id
    shares = torch.tensor([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    assert carried_over(rows, shares).tolist() == [[1.0, 0.0], [0.5, 0.5], [0.0, 1.0], [9.0, 9.0]]


def test_both_networks_start_with_what_the_earlier_model_knows(corpus_folder, tmp_path):
    profile = read_profile(Path(recipe.__file__).parent)
    shutil.copytree(corpus_folder, tmp_path / "corpus")
    train_tokenizer(tmp_path / "corpus", tmp_path / "tokenizer", 0.001, profile)
    write_tokens(tmp_path / "corpus", tmp_path / "tokenizer", tmp_path / "tokens", profile)
    start_from(model_folder(BUILTIN), tmp_path, profile)
    assert read_average(tmp_path / "language_model")["speech_embedding.weight"].shape[0] == 2187 + 3
    assert read_average(tmp_path / "flow")["input_embedding.weight"].shape[0] == 2187
    with pytest.raises(InputError, match="has a checkpoint already"):
        start_from(model_folder(BUILTIN), tmp_path, profile)
