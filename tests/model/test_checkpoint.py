"""Weights load in every published spelling; what is damaged, foreign or malicious is refused by name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from cosycli.errors import MissingError
from cosycli.model.checkpoint import WithoutInitialValues, load_weights


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(weight_norm(nn.Conv1d(2, 3, 3)), nn.Linear(3, 1))


def random_state() -> dict[str, Tensor]:
    return {name: torch.randn(tensor.shape) for name, tensor in network().state_dict().items()}


def old_spelling(name: str) -> str:
    name = name.replace("parametrizations.weight.original0", "weight_g")
    return name.replace("parametrizations.weight.original1", "weight_v")


@pytest.mark.parametrize("rename", [str, old_spelling, "generator.{}".format], ids=["present", "old", "wrapped"])
@pytest.mark.parametrize("suffix", ["pt", "safetensors"])
def test_every_spelling_gives_the_same_network(tmp_path: Path, rename, suffix: str) -> None:
    state, loaded = random_state(), network()
    renamed = {rename(name): tensor for name, tensor in state.items()}
    path = tmp_path / f"hift.{suffix}"
    torch.save(renamed, path) if suffix == "pt" else save_file(renamed, path)
    load_weights(loaded, tmp_path, "hift")
    for name, tensor in loaded.state_dict().items():
        assert torch.equal(tensor, state[name])


def test_a_network_without_initial_values_gets_them_from_the_file(tmp_path: Path) -> None:
    state = random_state()
    save_file(state, tmp_path / "hift.safetensors")
    draws = torch.get_rng_state()
    with WithoutInitialValues():
        loaded = nn.Sequential(weight_norm(nn.Conv1d(2, 3, 3)), nn.Linear(3, 1))
    assert torch.equal(torch.get_rng_state(), draws)
    load_weights(loaded, tmp_path, "hift")
    for name, tensor in loaded.state_dict().items():
        assert torch.equal(tensor, state[name])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"neither flow\.safetensors nor flow\.pt"):
        load_weights(network(), tmp_path, "flow")


@pytest.mark.parametrize("suffix", ["pt", "safetensors"])
def test_a_truncated_file_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"hift.{suffix}"
    torch.save(random_state(), path) if suffix == "pt" else save_file(random_state(), path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(MissingError, match="damaged"):
        load_weights(network(), tmp_path, "hift")


def test_the_first_missing_and_unexpected_tensors_are_named(tmp_path: Path) -> None:
    state = random_state()
    del state["1.bias"]
    save_file(state | {"2.weight": torch.zeros(1)}, tmp_path / "hift.safetensors")
    with pytest.raises(MissingError, match=r"lacks 1 tensors, first 1\.bias and has 1 .*first 2\.weight"):
        load_weights(network(), tmp_path, "hift")


def test_a_tensor_of_another_shape_is_named(tmp_path: Path) -> None:
    save_file(random_state() | {"1.weight": torch.zeros(1, 4)}, tmp_path / "hift.safetensors")
    with pytest.raises(MissingError, match=r"1\.weight is \(1, 4\), not \(1, 3\)"):
        load_weights(network(), tmp_path, "hift")


class Malicious:
    """Unpickling this makes a directory."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_malicious_pickle_is_not_run(tmp_path: Path) -> None:
    torch.save({"0.bias": Malicious(tmp_path / "owned")}, tmp_path / "hift.pt")
    with pytest.raises(MissingError, match="more than tensors"):
        load_weights(network(), tmp_path, "hift")
    assert not (tmp_path / "owned").exists()
