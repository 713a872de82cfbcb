"""Short hashes that change when a model or a voice does."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cosycli.model.library import MANIFEST, language_model_weights
from cosycli.voices import find_voice

__all__ = ["model_fingerprint", "voice_fingerprint"]

# Weights are gigabytes; training moves every one of them, so samples of a file tell it from any other training of it.
NUM_SAMPLES = 16
SAMPLE_BYTES = 64 * 1024


def model_fingerprint(folder: Path, variant: str | None = None) -> str:
    """From the name, the size and `NUM_SAMPLES` evenly spread samples of every file that a variant of a model uses.

    Raises:
        UsageError: the variant is not here.
    """
    weights = language_model_weights(folder, variant)
    others = (path for path in folder.glob("llm*") if path.suffix in (".pt", ".safetensors") and path.stem != weights)
    unused = {*others, folder / MANIFEST}
    return _fingerprint(folder, [path for path in folder.rglob("*") if path.is_file() and path not in unused])


def voice_fingerprint(name: str, model: Path) -> str:
    """From what describes the voice, and its clip; of a speaker of the model in the folder `model`, from the name.

    Raises:
        MissingError: the voice does not exist, or is damaged.
    """
    voice = find_voice(name, model)
    if voice.folder == model:
        return hashlib.blake2b(name.encode(), digest_size=16).hexdigest()
    clip = [] if voice.reference is None else [voice.reference]
    return _fingerprint(voice.folder, [voice.folder / "voice.yaml", *clip])


def _fingerprint(folder: Path, files: list[Path]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(files):
        size = path.stat().st_size
        digest.update(f"{path.relative_to(folder).as_posix()}\0{size}\0".encode())
        with path.open("rb") as file:
            for start in _sample_starts(size):
                file.seek(start)
                digest.update(file.read(SAMPLE_BYTES))
    return digest.hexdigest()


def _sample_starts(size: int) -> list[int]:
    """From the first sample to the last `SAMPLE_BYTES` of the file; all of a small one."""
    last = max(0, size - SAMPLE_BYTES)
    step = max(SAMPLE_BYTES, last // (NUM_SAMPLES - 1))
    return [*range(0, last, step), last]
