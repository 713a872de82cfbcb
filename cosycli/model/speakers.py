"""The speakers that a model knows by name: their embeddings, in `spk2info` beside its weights."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from cosycli.errors import MissingError
from cosycli.model.checkpoint import REMEDY, read_pickle, read_weights

__all__ = ["read_speakers"]


def read_speakers(directory: Path) -> dict[str, Tensor]:
    """Embeddings (speaker_width,) by speaker; none where the model in `directory` has no such file.

    Raises:
        MissingError: the file is damaged, unsafe or no table of speakers.
    """
    if (path := directory / "spk2info.safetensors").is_file():
        return {name: tensor.float() for name, tensor in read_weights(path).items()}
    if not (path := directory / "spk2info.pt").is_file():
        return {}
    table = read_pickle(path)
    try:
        return {str(name): entry["embedding"].float().reshape(-1) for name, entry in table.items()}
    except (AttributeError, KeyError, TypeError):
        raise MissingError(f"{path} is not a table of speakers.", REMEDY) from None
