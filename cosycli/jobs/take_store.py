"""Keeps takes as files, each under a key made from everything that shapes its sound.

A take is a 16-bit FLAC file with its speech tokens and seed in the comment. It is written to a temporary file, flushed
to the disk and renamed, so that a file under its final name is complete, even after a power cut.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import soundfile

from cosycli.engine.utterance import Take, TakeFacts, Utterance
from cosycli.errors import InputError
from cosycli.model.library import MANIFEST, language_model_weights
from cosycli.voices import find_voice

# Part of every key. It counts up when the default of an option in the key changes: keys leave defaults out.
KEY_FORMAT = "2"
# Weights take gigabytes. Training changes all of them, so samples of a file distinguish one training from another.
NUM_SAMPLES = 16
SAMPLE_BYTES = 64 * 1024


@dataclass(frozen=True)
class Conditions:
    """What shapes the sound of a take besides its utterance.

    Attributes:
        model: fingerprint of the model and its variant.
        voices: fingerprint of each voice.
        options: see `RenderOptions.keyed`.
    """

    model: str
    voices: Mapping[str, str]
    options: Mapping[str, Any] = field(default_factory=dict)


def take_key(utterance: Utterance, conditions: Conditions) -> str:
    """Returns 32 hexadecimal digits; the seed tells equal segments of a text apart."""
    parts = (
        KEY_FORMAT,
        utterance.segment.text,
        utterance.segment.language,
        utterance.instruction or "",
        f"{utterance.speed:.4f}",
        str(utterance.seed),
        conditions.model,
        conditions.voices[utterance.voice],
        *(f"{name}={value}" for name, value in sorted(conditions.options.items())),
    )
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def model_fingerprint(folder: Path, variant: str | None = None) -> str:
    """Hashes name, size and `NUM_SAMPLES` evenly spread samples of every file that a variant of a model uses.

    Raises:
        UsageError: the variant does not exist.
    """
    weights = language_model_weights(folder, variant)
    others = (path for path in folder.glob("llm*") if path.suffix in (".pt", ".safetensors") and path.stem != weights)
    unused = {*others, folder / MANIFEST}
    return _fingerprint(folder, [path for path in folder.rglob("*") if path.is_file() and path not in unused])


def voice_fingerprint(name: str, model: Path) -> str:
    """Hashes the description and the clip of a voice; of a speaker of the model in the folder `model`, the name.

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
    """Returns where samples start, from 0 to the last `SAMPLE_BYTES`; samples cover all of a small file."""
    last = max(0, size - SAMPLE_BYTES)
    step = max(SAMPLE_BYTES, last // (NUM_SAMPLES - 1))
    return [*range(0, last, step), last]


class TakeStore:
    """Takes in a folder, by key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __contains__(self, key: str) -> bool:
        return self.path(key).is_file()

    def path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.flac"

    def put(self, key: str, take: Take) -> None:
        """Keep a take.

        Raises:
            InputError: the disk is full, or the folder cannot be written.
        """
        path = self.path(key)
        part = path.with_suffix(f".{os.getpid()}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                file.write(_encode(take))
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as error:
            raise InputError(
                f"A take could not be kept in {self.folder}: {error.strerror or error}.",
                "Nothing is lost: free some space and run the same command again.",
            ) from None
        finally:
            part.unlink(missing_ok=True)

    def get(self, key: str) -> Take:
        """Returns the take under `key`.

        Raises:
            InputError: the file is damaged.
        """
        with self._open(key) as file:
            return Take(samples=file.read(dtype="float32"), sample_rate=file.samplerate, **asdict(_facts_in(file)))

    def facts(self, key: str) -> TakeFacts:
        """Returns the facts of a take without reading its sound; raises as `get` does."""
        with self._open(key) as file:
            return _facts_in(file)

    @contextmanager
    def _open(self, key: str) -> Iterator[soundfile.SoundFile]:
        path = self.path(key)
        try:
            with soundfile.SoundFile(path) as file:
                yield file
        except (soundfile.LibsndfileError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path} is damaged: {error}", f"Remove it and run again: rm '{path}'") from None


def _facts_in(file: soundfile.SoundFile) -> TakeFacts:
    facts = json.loads(file.comment)
    return TakeFacts(
        tokens=tuple(facts["tokens"]),
        seed=facts["seed"],
        failures=tuple(facts["failures"]),
        num_draws=facts["num_draws"],
        error_rate=facts.get("error_rate"),
    )


def _encode(take: Take) -> bytes:
    """Encodes in memory, because libsndfile does not report why a write to a full disk failed."""
    memory = io.BytesIO()
    with soundfile.SoundFile(memory, "w", take.sample_rate, channels=1, format="FLAC", subtype="PCM_16") as file:
        file.comment = json.dumps({each.name: getattr(take, each.name) for each in fields(TakeFacts)})
        file.write(take.samples)
    return memory.getvalue()
