"""What a batch has done, so that the next run does only what is missing.

A file beside the jobs holds a line of JSON for each job that was done. A line is added when a job's output is complete,
so a run that is killed loses no more than the job it was at.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from cosycli.errors import InputError
from cosycli.jobs.lock import locked
from cosycli.whole_files import write_whole

__all__ = ["BatchState", "Done", "Made", "open_state"]


@dataclass(frozen=True)
class Made:
    """An output that is complete: its files, seconds of audio, what of it did not pass the checks, and notes on it."""

    files: tuple[Path, ...]
    audio_s: float
    flaws: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Done:
    """A job that was done.

    Attributes:
        key: changes with everything that shapes the output.
        files: the output.
        size: of all files, in bytes.
        audio_s: seconds of audio.
        flaws: what did not pass the checks.
        notes: what is not spoken, and what is read otherwise than it may seem.
    """

    id: str
    key: str
    files: tuple[str, ...]
    size: int
    audio_s: float
    flaws: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class BatchState:
    """The jobs that were done, by id."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.done = {done.id: done for done in _read(path)}

    def kept(self, id: str, key: str) -> Done | None:
        """The job, if it was done as it is now asked for, and its output is as it was left."""
        done = self.done.get(id)
        return done if done is not None and done.key == key and done.size == _size_of(done.files) else None

    def add(self, id: str, key: str, made: Made) -> None:
        """Note that a job is done.

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
        """Write each job once, in place of a file that has grown by every run; raises as `add` does."""
        if self.done:
            write_whole(self.path, "".join(map(_line, self.done.values())))


@contextmanager
def open_state(path: Path) -> Iterator[BatchState]:
    """The state that a file holds, tidied, for this run alone.

    Raises:
        InputError: another run is at work on the same jobs, or the file cannot be written.
    """
    with locked(path, path.with_name(f"{path.name}.lock")):
        state = BatchState(path)
        state.tidy()
        yield state


def _size_of(files: Sequence[str]) -> int:
    """Bytes of all files; -1 where one is missing."""
    try:
        return sum(Path(file).stat().st_size for file in files)
    except OSError:
        return -1


def _line(done: Done) -> str:
    return json.dumps(asdict(done), ensure_ascii=False) + "\n"


def _read(path: Path) -> list[Done]:
    """The lines that can be read; one that was cut short is as if it were not there."""
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
