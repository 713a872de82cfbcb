"""Runs the jobs of a batch; a job that fails is reported, and the others run on.

Short texts for the same model are rendered together, because a batch of many segments takes little longer than one
segment alone. Each file is written as soon as its last segment is rendered.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from pathlib import Path

from cosycli.engine.prepare import PreparedOnce
from cosycli.engine.speech import ReadyText, SpeechBlocks, read_text
from cosycli.engine.utterance import Take
from cosycli.errors import CosyError
from cosycli.jobs.batch_file import Job, TextJob
from cosycli.jobs.batch_state import BatchState, JobKeys, Made
from cosycli.jobs.book import BookJob, BookProgress, make_book
from cosycli.jobs.destination import Destination
from cosycli.jobs.executors import Executor
from cosycli.jobs.plan_report import plan_notes
from cosycli.jobs.run_folder import Rendered
from cosycli.settings import RenderOptions

# Texts for so many batches are read and rendered at once; if each is one segment, all batches but the last are full.
BATCHES_AT_ONCE = 16


class Status(str, Enum):
    """Outcome of a job; KEPT was done by an earlier run."""

    DONE = "done"
    KEPT = "kept"
    FAILED = "failed"


@dataclass(frozen=True)
class JobResult:
    """Result of a job.

    Attributes:
        message: why the job failed, or which checks its sound failed.
        notes: what is not spoken, and what is read differently than it may seem.
    """

    id: str
    out: Path
    status: Status
    message: str = ""
    audio_s: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        return self.status is not Status.FAILED and not self.message


@dataclass(frozen=True)
class _Ready:
    job: TextJob
    text: ReadyText


class _RenderingError(Exception):
    """The executor failed, at this job or at one rendered together with it."""


Open = Callable[[RenderOptions], AbstractContextManager[Executor]]
Report = Callable[[BookJob, int, int], None]
_Outcome = tuple[Job, Made | Exception]
_Model = tuple[object, ...]


def run_batch(jobs: Sequence[Job], state: BatchState, open_executor: Open, report: Report) -> Iterator[JobResult]:
    """Run the jobs that are not done yet: first the texts, by model, then the books.

    Args:
        open_executor: opens the executor for the settings of a job; called only if a job is to be run.
        report: gets the number of rendered segments of a book, and of how many.

    Yields:
        the result of each job, as soon as it is known.

    Raises:
        InputError: the state cannot be written.
    """
    job_keys = JobKeys()
    missing: list[Job] = []
    keys: dict[str, str] = {}
    for job in jobs:
        keys[job.id] = job_keys.of(job)
        done = state.kept(job.id, keys[job.id])
        if done is None:
            missing.append(job)
        else:
            yield JobResult(job.id, job.out, Status.KEPT, _said(done.flaws), done.audio_s, done.notes)
    with closing(_ExecutorCache(open_executor)) as executors:
        for job, outcome in _outcomes(missing, executors, report):
            if isinstance(outcome, Made):
                state.add(job.id, keys[job.id], outcome)
                yield JobResult(job.id, job.out, Status.DONE, _said(outcome.flaws), outcome.audio_s, outcome.notes)
            else:
                yield JobResult(job.id, job.out, Status.FAILED, _reason(outcome))


class _ExecutorCache:
    """Keeps the last executor open, because the next job usually needs the same model."""

    def __init__(self, open_executor: Open) -> None:
        self._open = open_executor
        self._stack = ExitStack()
        self._model: _Model | None = None

    def executor_for(self, settings: RenderOptions) -> Executor:
        if self._model != _model(settings):
            self.close()
            self._executor = self._stack.enter_context(self._open(settings))
            self._model = _model(settings)
        return self._executor

    def close(self) -> None:
        self._model = None
        self._stack.close()


def _outcomes(jobs: Sequence[Job], executors: _ExecutorCache, report: Report) -> Iterator[_Outcome]:
    prepare = PreparedOnce()
    texts = [job for job in jobs if isinstance(job, TextJob)]
    for group in dict.fromkeys(map(_group_of, texts)):
        alike = [job for job in texts if _group_of(job) == group]
        try:
            executor = executors.executor_for(alike[0].settings)
        except Exception as error:
            yield from ((job, error) for job in alike)
            continue
        at_once = BATCHES_AT_ONCE * executor.max_batch_size
        for start in range(0, len(alike), at_once):
            yield from _speak(alike[start : start + at_once], executor, prepare)
    for job in jobs:
        if isinstance(job, BookJob):
            yield job, _make_book_or_error(job, executors, report)


def _model(settings: RenderOptions) -> _Model:
    """Everything that an executor is opened with."""
    return tuple(settings.loading.values())


def _group_of(job: Job) -> tuple[_Model, str]:
    """What texts must share to be rendered together: the executor and the mask."""
    return _model(job.settings), job.settings.mask


def _make_book_or_error(job: BookJob, executors: _ExecutorCache, report: Report) -> Made | Exception:
    try:
        return _make_book(job, executors, report)
    except Exception as error:  # whatever it is, the other jobs go on
        return error


class _BookReport(BookProgress):
    def __init__(self, job: BookJob, report: Report) -> None:
        self._job = job
        self._report = report

    def rendered(self, done: int, total: int, chapter: int, so_far: Rendered) -> None:
        self._report(self._job, done, total)


def _make_book(job: BookJob, executors: _ExecutorCache, report: Report) -> Made:
    job.out.parent.mkdir(parents=True, exist_ok=True)
    result = make_book(job, lambda: nullcontext(executors.executor_for(job.settings)), _BookReport(job, report))
    flaws = tuple(f"{segment.id} ({', '.join(segment.failures)})" for segment in result.failed)
    notes = tuple(map(str, plan_notes(result.plan)))
    return Made(result.files, round(result.assembly.duration_s, 3), flaws, notes)


def _speak(jobs: Sequence[TextJob], executor: Executor, prepare: PreparedOnce) -> Iterator[_Outcome]:
    ready = []
    for job in jobs:
        try:
            ready.append(_Ready(job, read_text(job.text, prepare(job.settings))))
        except CosyError as error:
            yield job, error
    yield from _render(ready, executor)


def _render(ready: Sequence[_Ready], executor: Executor) -> Iterator[_Outcome]:
    """Render and write the jobs. If the executor fails, each half is tried alone, down to the job at fault."""
    takes = _takes(ready, executor)
    for index, item in enumerate(ready):
        own = islice(takes, len(item.text.utterances))
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


def _takes(ready: Sequence[_Ready], executor: Executor) -> Iterator[Take]:
    """Yields the takes of all jobs in order.

    Raises:
        _RenderingError: the executor failed; it holds the error.
    """
    numbered = [
        (str(number), said) for number, said in enumerate(said for item in ready for said in item.text.utterances)
    ]
    size = executor.batch_size(len(numbered))
    batches = [dict(numbered[start : start + size]) for start in range(0, len(numbered), size)]
    try:
        yield from _in_order(executor.render(batches, ready[0].job.settings.mask))
    except Exception as error:
        raise _RenderingError(error) from error


def _in_order(takes: Iterable[tuple[str, Take]]) -> Iterator[Take]:
    """Yields the takes "0", "1", ... in order; a batch that overtook another one waits."""
    early: dict[str, Take] = {}
    num_given = 0
    for number, take in takes:
        early[number] = take
        while str(num_given) in early:
            yield early.pop(str(num_given))
            num_given += 1


def _write_or_error(item: _Ready, takes: Iterator[Take]) -> Made | Exception:
    try:
        return _write(item, takes)
    except (CosyError, OSError) as error:
        deque(takes, maxlen=0)  # those that the file has not had; the next ones are another job's
        return error


def _write(item: _Ready, takes: Iterator[Take]) -> Made:
    sound = SpeechBlocks(item.text, takes)
    destination = Destination(item.job.out, item.job.audio_format, makes_folder=True)
    destination.write(sound, sound.sample_rate)
    flaws = [name for passage in sound.failed for name in passage.failures]
    return Made((item.job.out,), round(sound.duration_s, 3), tuple(flaws), tuple(map(str, item.text.notes)))


def _said(flaws: Sequence[str]) -> str:
    return f"Did not pass its checks: {', '.join(dict.fromkeys(flaws))}." if flaws else ""


def _reason(error: Exception) -> str:
    if isinstance(error, CosyError):
        return " ".join(filter(None, (error.what, error.hint)))
    if isinstance(error, OSError):
        return f"{error.filename or 'A file'} could not be written: {error.strerror or error}."
    return f"cosy has a bug: {type(error).__name__}: {error}"
