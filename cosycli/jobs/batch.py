"""Many jobs, each finished as soon as it can be; one that goes wrong is reported, and the rest go on.

Short texts that want the same model are rendered together, for a batch of many segments takes little longer than one
segment alone. Each file is written as soon as its last segment is rendered.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from dataclasses import dataclass
from enum import Enum
from itertools import chain, islice
from pathlib import Path

from cosycli.audio.encode import open_sink
from cosycli.engine.capabilities import read_for
from cosycli.engine.utterance import Utterance, utterances_of
from cosycli.errors import CosyError
from cosycli.jobs.batch_file import BookJob, Job, TextJob
from cosycli.jobs.batch_state import BatchState
from cosycli.jobs.book import BookProgress, make_book
from cosycli.jobs.executors import Executor
from cosycli.jobs.job_fingerprints import JobFingerprints
from cosycli.jobs.plan import plan_book, voice_settings_of
from cosycli.jobs.take_store import StoredTake
from cosycli.joining import Piece, join
from cosycli.model.profile import read_profile
from cosycli.model_library import find_model
from cosycli.settings import Settings

__all__ = ["JobResult", "Made", "Status", "run_batch"]

# Texts for so many batches are made ready and rendered at once: with a segment each, all batches but the last are full.
BATCHES_AT_ONCE = 16


class Status(str, Enum):
    """How a job ended."""

    DONE = "done"
    KEPT = "kept"
    FAILED = "failed"


@dataclass(frozen=True)
class Made:
    """An output that is complete: its files, seconds of audio, and what of it did not pass the checks."""

    files: tuple[Path, ...]
    audio_s: float
    flaws: tuple[str, ...] = ()


@dataclass(frozen=True)
class JobResult:
    """What became of a job; the message says why it failed, or what is not as it should be."""

    id: str
    out: Path
    status: Status
    message: str = ""
    audio_s: float = 0.0

    @property
    def is_good(self) -> bool:
        return self.status is not Status.FAILED and not self.message


@dataclass(frozen=True)
class _Ready:
    """A text job and what is to be rendered for it."""

    job: TextJob
    utterances: Sequence[Utterance]


class _RenderingError(Exception):
    """The executor failed, at this job or at another one beside it."""


Open = Callable[[Settings], AbstractContextManager[Executor]]
Report = Callable[[BookJob, int, int], None]
_Outcome = tuple[Job, Made | Exception]
_Model = tuple[object, ...]


def run_batch(jobs: Sequence[Job], state: BatchState, open_executor: Open, report: Report) -> Iterator[JobResult]:
    """Do the jobs that are not done yet: first the texts, by model, then the books.

    Args:
        open_executor: gives the executor for a job's settings; called only if something is missing.
        report: told how many segments of a book are rendered, and how many there are.

    Yields:
        a result for each job, as soon as there is one.

    Raises:
        InputError: the state cannot be written.
    """
    fingerprints = JobFingerprints()
    missing: list[Job] = []
    keys: dict[str, str] = {}
    for job in jobs:
        keys[job.id] = fingerprints.of(job)
        done = state.kept(job.id, keys[job.id])
        if done is None:
            missing.append(job)
        else:
            yield JobResult(job.id, job.out, Status.KEPT, _said(done.flaws), done.audio_s)
    with closing(_ExecutorCache(open_executor)) as executors:
        for job, outcome in _outcomes(missing, executors, report):
            if isinstance(outcome, Made):
                state.add(job.id, keys[job.id], outcome.files, outcome.audio_s, outcome.flaws)
                yield JobResult(job.id, job.out, Status.DONE, _said(outcome.flaws), outcome.audio_s)
            else:
                yield JobResult(job.id, job.out, Status.FAILED, _reason(outcome))


class _ExecutorCache:
    """The executor that was opened last stays, for the next job mostly wants the same model."""

    def __init__(self, open_executor: Open) -> None:
        self._open = open_executor
        self._stack = ExitStack()
        self._model: _Model | None = None

    def executor_for(self, settings: Settings) -> Executor:
        if self._model != _model(settings):
            self.close()
            self._executor = self._stack.enter_context(self._open(settings))
            self._model = _model(settings)
        return self._executor

    def close(self) -> None:
        self._model = None
        self._stack.close()


def _outcomes(jobs: Sequence[Job], executors: _ExecutorCache, report: Report) -> Iterator[_Outcome]:
    texts = [job for job in jobs if isinstance(job, TextJob)]
    for way in dict.fromkeys(map(_way, texts)):
        alike = [job for job in texts if _way(job) == way]
        try:
            executor = executors.executor_for(alike[0].settings)
        except Exception as error:
            yield from ((job, error) for job in alike)
            continue
        at_once = BATCHES_AT_ONCE * executor.max_batch_size
        for start in range(0, len(alike), at_once):
            yield from _speak(alike[start : start + at_once], executor)
    for job in jobs:
        if isinstance(job, BookJob):
            yield job, _make_book_or_error(job, executors, report)


def _model(settings: Settings) -> _Model:
    """What an executor is opened with."""
    return tuple(settings.loading.values())


def _way(job: Job) -> tuple[_Model, str]:
    """What the texts that are rendered together have in common."""
    return _model(job.settings), job.settings.mask


def _make_book_or_error(job: BookJob, executors: _ExecutorCache, report: Report) -> Made | Exception:
    try:
        return _make_book(job, executors, report)
    except Exception as error:  # whatever it is, the other jobs go on
        return error


def _make_book(job: BookJob, executors: _ExecutorCache, report: Report) -> Made:
    job.out.parent.mkdir(parents=True, exist_ok=True)
    progress = BookProgress(
        rendered=lambda done, total, chapter, so_far: report(job, done, total), written=lambda done, total: None
    )
    work = job.out.with_name(f"{job.id}.cosy")
    plan = plan_book(job.request, job.settings)
    result = make_book(plan, job.publication, work, lambda: nullcontext(executors.executor_for(job.settings)), progress)
    flaws = tuple(f"{item.id} ({', '.join(item.failures)})" for item in result.judged if item.failures)
    return Made(result.files, round(result.assembly.duration_s, 3), flaws)


def _speak(jobs: Sequence[TextJob], executor: Executor) -> Iterator[_Outcome]:
    ready = []
    for job in jobs:
        try:
            ready.append(_Ready(job, _utterances(job)))
        except CosyError as error:
            yield job, error
    yield from _render(ready, executor)


def _utterances(job: TextJob) -> list[Utterance]:
    """Raises: UsageError, InputError: the text has marks that do not exist, or nothing to say."""
    folder = find_model(job.settings.model)
    profile = read_profile(folder)
    return utterances_of(read_for(profile, job.text, folder).segments, voice_settings_of(job.settings, profile))


def _render(ready: Sequence[_Ready], executor: Executor) -> Iterator[_Outcome]:
    """Render and write the jobs. Where the executor fails, each half is tried alone, down to the job at fault."""
    takes = _takes(ready, executor)
    for index, item in enumerate(ready):
        own = islice(takes, len(item.utterances))
        try:
            outcome = _write_or_error(item, own)
        except _RenderingError as error:
            rest = ready[index:]
            if len(rest) > 1:
                yield from _render(rest[: len(rest) // 2], executor)
                yield from _render(rest[len(rest) // 2 :], executor)
                return
            outcome = error.args[0]
        yield item.job, outcome


def _takes(ready: Sequence[_Ready], executor: Executor) -> Iterator[StoredTake]:
    """The takes of all jobs, in order.

    Raises:
        _RenderingError: with the error of the executor.
    """
    numbered = [(str(number), said) for number, said in enumerate(said for item in ready for said in item.utterances)]
    size = executor.batch_size(len(numbered))
    batches = [dict(numbered[start : start + size]) for start in range(0, len(numbered), size)]
    try:
        yield from _in_order(executor.render(batches, ready[0].job.settings.mask))
    except Exception as error:
        raise _RenderingError(error) from error


def _in_order(takes: Iterable[tuple[str, StoredTake]]) -> Iterator[StoredTake]:
    """The takes "0", "1", ... one after the other; a batch that overtook another one waits for it."""
    early: dict[str, StoredTake] = {}
    num_given = 0
    for number, take in takes:
        early[number] = take
        while str(num_given) in early:
            yield early.pop(str(num_given))
            num_given += 1


def _write_or_error(item: _Ready, takes: Iterator[StoredTake]) -> Made | Exception:
    try:
        return _write(item, takes)
    except (CosyError, OSError) as error:
        deque(takes, maxlen=0)  # those that the file has not had; the next ones are another job's
        return error


def _write(item: _Ready, takes: Iterator[StoredTake]) -> Made:
    num_samples = 0
    flaws: list[str] = []
    first = next(takes)

    def pieces() -> Iterator[Piece]:
        for take, said in zip(chain([first], takes), item.utterances, strict=True):
            flaws.extend(take.facts.failures)
            yield Piece(take.samples, said.segment.pause_after_s, said.segment.pause_before_s)

    job = item.job
    job.out.parent.mkdir(parents=True, exist_ok=True)
    with open_sink(job.out, job.audio_format, first.sample_rate) as sink:
        for block in join(pieces(), first.sample_rate):
            num_samples += len(block)
            sink.write(block)
    return Made((job.out,), round(num_samples / first.sample_rate, 3), tuple(flaws))


def _said(flaws: Sequence[str]) -> str:
    return f"Did not pass its checks: {', '.join(dict.fromkeys(flaws))}." if flaws else ""


def _reason(error: Exception) -> str:
    if isinstance(error, CosyError):
        return " ".join(filter(None, (error.what, error.hint)))
    if isinstance(error, OSError):
        return f"{error.filename or 'A file'} could not be written: {error.strerror or error}."
    return f"cosy has a bug: {type(error).__name__}: {error}"
