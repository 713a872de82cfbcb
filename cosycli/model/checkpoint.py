"""Weights from files into modules, without running anything that a file contains.

`.safetensors` holds nothing but tensors. A `.pt` file is a pickle, which could call any function; it is read with
`weights_only=True`, which builds tensors and refuses everything else.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from cosycli.errors import MissingError

REMEDY = "Fetch the model again with `cosy models pull`, or check it with `cosy models verify`."
FOREIGN = "It is of another version or size than the configuration beside it; fetch both with `cosy models pull`."
DRAWING = {"normal_", "uniform_", "kaiming_uniform_"}  # how torch and transformers draw initial values
WRAPPER = "generator."  # some published vocoders are saved inside the network that trained them
WEIGHT_NORM = {"weight_g": "parametrizations.weight.original0", "weight_v": "parametrizations.weight.original1"}


class WithoutInitialValues(TorchFunctionMode):
    """A context in which new modules draw no random weights, which takes long, for files will fill them."""

    def __torch_function__(self, function: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(function, "__name__", None) in DRAWING:
            return args[0] if args else kwargs["tensor"]
        return function(*args, **(kwargs or {}))


def load_weights(module: nn.Module, directory: Path, name: str) -> None:
    """Fill `module` from `NAME.safetensors` or `NAME.pt` in `directory`.

    Raises:
        MissingError: there is no such file, it is damaged or unsafe, or its tensors are not those of the module.
    """
    path = _find(directory, name)
    state = read_weights(path)
    _check(module.state_dict(), state, path)
    module.load_state_dict(state)


def _find(directory: Path, name: str) -> Path:
    for suffix in (".safetensors", ".pt"):
        if (path := directory / f"{name}{suffix}").is_file():
            return path
    raise MissingError(f"{directory} has neither {name}.safetensors nor {name}.pt.", REMEDY)


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint by their present-day names: no wrapper, weight norm as a parametrization.

    Raises:
        MissingError: the file is damaged, or is a pickle that holds more than tensors.
    """
    if path.suffix == ".safetensors":
        try:
            state = load_file(path)
        except (SafetensorError, OSError) as error:
            raise MissingError(f"{path} is damaged: {error}.", REMEDY) from None
    else:
        state = read_pickle(path)
        if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
            raise MissingError(f"{path} is not a plain table of tensors.", REMEDY)
    return {_present_name(name): tensor for name, tensor in state.items()}


def read_pickle(path: Path) -> Any:
    """What a `.pt` file holds, as far as it is tensors, numbers, strings, lists and dictionaries.

    Raises:
        MissingError: the file is damaged, or would run code.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise MissingError(
            f"{path} holds more than tensors and was not opened: a pickle can run any program.",
            "Take the file from the model's own publisher, or convert it to safetensors.",
        ) from None
    except (OSError, EOFError, RuntimeError, ValueError, KeyError) as error:
        raise MissingError(f"{path} is damaged: {str(error).splitlines()[0]}", REMEDY) from None


def _present_name(name: str) -> str:
    parent, _, last = name.removeprefix(WRAPPER).rpartition(".")
    return f"{parent}.{WEIGHT_NORM.get(last, last)}" if parent else last


def _check(wanted: Mapping[str, Tensor], found: Mapping[str, Tensor], path: Path) -> None:
    """Raises: MissingError: naming the first tensor that is missing, left over, or of another shape."""
    missing = [name for name in wanted if name not in found]
    unexpected = [name for name in found if name not in wanted]
    if missing or unexpected:
        faults = []
        if missing:
            faults.append(f"lacks {len(missing)} tensors, first {missing[0]}")
        if unexpected:
            faults.append(f"has {len(unexpected)} that do not belong, first {unexpected[0]}")
        raise MissingError(f"{path} does not fit this model: it {' and '.join(faults)}.", FOREIGN)
    for name, tensor in wanted.items():
        if tensor.shape != found[name].shape:
            raise MissingError(
                f"{path} does not fit this model: {name} is {tuple(found[name].shape)}, not {tuple(tensor.shape)}.",
                FOREIGN,
            )
