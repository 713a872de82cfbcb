"""The speakers that a model knows by name: their embeddings, in `spk2info` beside its weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open

from cosycli.errors import MissingError
from cosycli.model.profile import REMEDY

if TYPE_CHECKING:
    from torch import Tensor

SAFE_TABLE, PUBLISHED_TABLE = "spk2info.safetensors", "spk2info.pt"


def speaker_names(directory: Path) -> list[str]:
    """The names of those whose embeddings `read_speakers` gives; raises what it does."""
    if not (path := directory / SAFE_TABLE).is_file():
        return list(read_speakers(directory))
    try:
        with safe_open(path, "numpy") as table:  # a plan is made without torch, which takes its time to import
            return list(table.keys())
    except (SafetensorError, OSError) as error:
        raise MissingError(f"{path} is damaged: {error}.", REMEDY) from None


def read_speakers(directory: Path) -> dict[str, Tensor]:
    """Embeddings (speaker_width,) by speaker; none where the model in `directory` has no such file.

    Raises:
        MissingError: the file is damaged, unsafe or no table of speakers.
    """
    safe, path = directory / SAFE_TABLE, directory / PUBLISHED_TABLE
    if not (safe.is_file() or path.is_file()):
        return {}
    from cosycli.model.checkpoint import read_pickle, read_weights

    if safe.is_file():
        return {name: tensor.float() for name, tensor in read_weights(safe).items()}
    table = read_pickle(path)
    try:
        return {str(name): entry["embedding"].float().reshape(-1) for name, entry in table.items()}
    except (AttributeError, KeyError, TypeError):
        raise MissingError(f"{path} is not a table of speakers.", REMEDY) from None
