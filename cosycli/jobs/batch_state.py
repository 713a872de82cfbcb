"""Records which jobs of a batch are done, so that the next run does only what is missing.

A file beside the jobs holds a line of JSON for each finished job. The line is appended when the output is complete: a
run that is killed loses only the job it was working on.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cosycli.documents.sources import FORMATS
from cosycli.errors import InputError
from cosycli.folders import locked, write_whole
from cosycli.jobs.batch_file import Job, TextJob
from cosycli.jobs.book import BookJob
from cosycli.jobs.take_store import model_fingerprint, voice_fingerprint
from cosycli.model.library import find_model
from cosycli.settings import OPTIONS, RenderOptions
from cosycli.voices import DEFAULT_VOICE, voice_folders

BLOCK_BYTES = 1 << 20
_VOICE_MARK = re.compile(r"\[voice:\s*([^\]]+?)\s*\]")


@dataclass(frozen=True)
class Made:
    """A complete output: its files, seconds of audio, checks that it failed, and notes."""

    files: tuple[Path, ...]
    audio_s: float
    flaws: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Done:
    """A finished job.

    Attributes:
        key: see `JobKeys`.
        files: the output.
        size: total size of the files in bytes.
        audio_s: seconds of audio.
        flaws: checks that the sound failed.
        notes: what is not spoken, and what is read differently than it may seem.
    """

    id: str
    key: str
    files: tuple[str, ...]
    size: int
    audio_s: float
    flaws: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class BatchState:
    """The finished jobs, by id."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.done = {done.id: done for done in _read(path)}

    def kept(self, id: str, key: str) -> Done | None:
        """Returns the job if it was done with the same key and its output is unchanged, else None."""
        done = self.done.get(id)
        return done if done is not None and done.key == key and done.size == _size_of(done.files) else None

    def add(self, id: str, key: str, made: Made) -> None:
        """Record a finished job.

        Raises:
            InputError: the file cannot be written.
        """
        names = tuple(str(file.absolute()) for file in made.files)
        done = Done(id, key, names, _size_of(names), made.audio_s, made.flaws, made.notes)
        self.done[id] = done
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(_line(done))
        except OSError as error:
            raise InputError(f"{self.path} could not be written: {error.strerror}.", "Free some space.") from None

    def tidy(self) -> None:
        """Rewrite the file with one line for each job; raises as `add` does."""
        if self.done:
            write_whole(self.path, "".join(map(_line, self.done.values())))


@contextmanager
def open_state(path: Path) -> Iterator[BatchState]:
    """Opens the state in a file, locked for this run.

    Raises:
        InputError: another run works on the same jobs, or the file cannot be written.
    """
    with locked(path, path.with_name(f"{path.name}.lock")):
        state = BatchState(path)
        state.tidy()
        yield state


def _size_of(files: Sequence[str]) -> int:
    """Total size in bytes; -1 if a file is missing."""
    try:
        return sum(Path(file).stat().st_size for file in files)
    except OSError:
        return -1


def _line(done: Done) -> str:
    return json.dumps(asdict(done), ensure_ascii=False) + "\n"


def _read(path: Path) -> list[Done]:
    """Returns the jobs of all complete lines; a truncated line is ignored."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return [done for line in lines if (done := _parse(line)) is not None]


def _parse(line: str) -> Done | None:
    try:
        values = json.loads(line)
        lists = {name: tuple(values[name]) for name in ("files", "flaws", "notes") if name in values}
        return Done(**{**values, **lists})
    except (ValueError, TypeError, KeyError):
        return None


class JobKeys:
    """Computes the key of each job, which changes with everything that its output is made from.

    Each model and voice is read once.
    """

    def __init__(self) -> None:
        self._voice_names = frozenset(voice_folders())
        self._of_voice = cache(lambda voice, model: voice_fingerprint(voice, find_model(model)))
        self._of_model = cache(lambda model, variant: model_fingerprint(find_model(model), variant))

    def of(self, job: Job) -> str:
        """Raises: MissingError, UsageError: the model, its variant or a voice does not exist."""
        facts = asdict(job)
        for name in ("id", "settings", "work", "redo"):
            facts.pop(name, None)
        facts["settings"] = _shaping(job.settings)
        facts["model"] = self._of_model(job.settings.model, job.settings.variant)
        facts["voices"] = [self._of_voice(voice, job.settings.model) for voice in self._voices(job)]
        digest = hashlib.blake2b(json.dumps(facts, default=_plain).encode(), digest_size=16)
        if isinstance(job, BookJob):
            for path in filter(None, (job.request.source, *job.request.lexicons)):
                _add_content(path, digest)
        return digest.hexdigest()

    def _voices(self, job: Job) -> list[str]:
        """Returns the voices that the settings and the marks of the job name."""
        default = job.settings.voice or DEFAULT_VOICE
        if isinstance(job, TextJob):
            return [default, *sorted({*_VOICE_MARK.findall(job.text)} & self._voice_names)]
        return [default, *job.request.voices]


def _shaping(settings: RenderOptions) -> dict[str, Any]:
    """Returns the options that can change the output."""
    return {
        name: getattr(settings, name)
        for name, declared in OPTIONS.items()
        if declared.in_key or not declared.of_machine
    }


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else str(value)


def _add_content(path: Path, digest: hashlib.blake2b) -> None:
    """Add names and contents of a file, or of all documents in a folder, to the digest."""
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix.lower() in FORMATS and file.is_file())
    else:
        files = [path]
    for file in files:
        digest.update(f"{file.name}\0{file.stat().st_size}\0".encode())
        with file.open("rb") as content:
            while block := content.read(BLOCK_BYTES):
                digest.update(block)
