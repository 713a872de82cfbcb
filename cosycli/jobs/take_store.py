"""Takes kept as files, each under a key that says everything that shaped its sound.

A take is a 16-bit FLAC file with its speech tokens and seed in the comment. It is written beside its place, flushed to
the disk and renamed, so that whatever is under its name is whole, even after a power cut.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile
from numpy.typing import NDArray

from cosycli.engine.utterance import Utterance
from cosycli.errors import InputError

if TYPE_CHECKING:
    from cosycli.engine.utterance import Take

__all__ = ["Conditions", "StoredTake", "TakeFacts", "TakeStore", "take_key"]


@dataclass(frozen=True)
class Conditions:
    """What shapes the sound of a take besides its utterance.

    Attributes:
        model: the fingerprint of the model, in the variant that is used.
        voices: the fingerprint of each voice that is used.
        mask: what the flow's attention sees.
        dtype: the precision that was asked for, or "" where the device decides.
        verify: a recognizer has a say in which draw is kept.
        retakes: how often what fails is drawn again.
        prompt: seconds of a voice's clip that the flow is given at most.
    """

    model: str
    voices: Mapping[str, str]
    mask: str
    dtype: str
    verify: bool = False
    retakes: int = 2
    prompt: float = 6.0


@dataclass(frozen=True)
class TakeFacts:
    """What is known of a take besides its sound.

    Attributes:
        tokens, seed: what it was made from.
        failures: the gates it did not pass.
        num_draws: how many times it was drawn.
        error_rate: letters that a recognizer heard otherwise for each letter to be said; None if none listened.
    """

    tokens: tuple[int, ...]
    seed: int
    failures: tuple[str, ...] = ()
    num_draws: int = 1
    error_rate: float | None = None


@dataclass(frozen=True)
class StoredTake:
    """A take as it is kept: samples (N,) float32, and the facts."""

    samples: NDArray[np.float32]
    sample_rate: int
    facts: TakeFacts

    @classmethod
    def of(cls, take: Take) -> StoredTake:
        facts = TakeFacts(take.tokens, take.seed, take.failures, take.num_draws, take.error_rate)
        return cls(take.samples, take.sample_rate, facts)


def take_key(utterance: Utterance, conditions: Conditions) -> str:
    """32 hexadecimal digits; the seed in them stands for the occurrence among equal segments."""
    parts = (
        utterance.segment.text,
        utterance.segment.language,
        utterance.instruction or "",
        f"{utterance.speed:.4f}",
        str(utterance.seed),
        conditions.model,
        conditions.voices[utterance.voice],
        conditions.mask,
        conditions.dtype,
        *(["verify"] if conditions.verify else []),
        str(conditions.retakes),
        f"{conditions.prompt:.4f}",
    )
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


class TakeStore:
    """The takes in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __contains__(self, key: str) -> bool:
        return self.path(key).is_file()

    def path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.flac"

    def put(self, key: str, take: StoredTake) -> None:
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

    def get(self, key: str) -> StoredTake:
        """The take under `key`.

        Raises:
            InputError: its file is damaged.
        """
        with self._open(key) as file:
            return StoredTake(file.read(dtype="float32"), file.samplerate, _facts_in(file))

    def facts(self, key: str) -> TakeFacts:
        """What is known of the take, without reading its sound; raises as `get` does."""
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
        tuple(facts["tokens"]), facts["seed"], tuple(facts["failures"]), facts["num_draws"], facts.get("error_rate")
    )


def _encode(take: StoredTake) -> bytes:
    """Made in memory first: libsndfile does not say why a write to a full disk failed."""
    memory = io.BytesIO()
    with soundfile.SoundFile(memory, "w", take.sample_rate, channels=1, format="FLAC", subtype="PCM_16") as file:
        file.comment = json.dumps(asdict(take.facts))
        file.write(take.samples)
    return memory.getvalue()
