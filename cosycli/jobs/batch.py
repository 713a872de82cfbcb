"""Many jobs, each finished as soon as it can be; one that goes wrong is reported, and the rest go on.

Short texts that want the same model are rendered together, for a batch of many segments takes little longer than one
segment alone. Each file is written as soon as its last segment is rendered.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from cosycli.audio.encode import open_sink
from cosycli.engine.abilities import read_for
from cosycli.engine.utterance import WAVE, Utterance, utterances_of
from cosycli.errors import CosyError
from cosycli.jobs.batch_file import BookJob, Job, TextJob
from cosycli.jobs.batch_state import BatchState
from cosycli.jobs.book import BookProgress, make_book
from cosycli.jobs.job_fingerprints import JobFingerprints
from cosycli.jobs.local_executor import local_executor
from cosycli.jobs.plan import manner_of, plan_book
from cosycli.joining import Piece, join
from cosycli.model.profile import read_profile
from cosycli.model_library import find_model
from cosycli.settings import Settings

if TYPE_CHECKING:
    from cosycli.engine.synthesizer import Synthesizer, Take

__all__ = ["JobResult", "Made", "Status", "run_batch"]

# So many texts are made ready and rendered at once: with a segment each, all waves but the last of 16 are full.
TEXTS_AT_ONCE = 16 * WAVE


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
    """The synthesizer failed, at this job or at another one beside it."""


Load = Callable[[Settings], "Synthesizer"]
Report = Callable[[BookJob, int, int], None]
_Outcome = tuple[Job, Made | Exception]


def run_batch(jobs: Sequence[Job], state: BatchState, load: Load, report: Report) -> Iterator[JobResult]:
    """Do the jobs that are not done yet: first the texts, by model, then the books.

    Args:
        load: gives the synthesizer for a job's settings; called only if something is missing.
        report: told how many segments of a book are rendered, and how many there are.

    Yields:
        a result for each job, as soon as there is one.

    Raises:
        InputError: the state cannot be written.
    """
    state.tidy()
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
    for job, outcome in _outcomes(missing, load, report):
        if isinstance(outcome, Made):
            state.add(job.id, keys[job.id], outcome.files, outcome.audio_s, outcome.flaws)
            yield JobResult(job.id, job.out, Status.DONE, _said(outcome.flaws), outcome.audio_s)
        else:
            yield JobResult(job.id, job.out, Status.FAILED, _reason(outcome))


def _outcomes(jobs: Sequence[Job], load: Load, report: Report) -> Iterator[_Outcome]:
    texts = [job for job in jobs if isinstance(job, TextJob)]
    for way in dict.fromkeys(map(_way, texts)):
        alike = [job for job in texts if _way(job) == way]
        try:
            synthesizer = load(alike[0].settings)
        except Exception as error:
            yield from ((job, error) for job in alike)
            continue
        for start in range(0, len(alike), TEXTS_AT_ONCE):
            yield from _speak(alike[start : start + TEXTS_AT_ONCE], synthesizer)
    for job in jobs:
        if isinstance(job, BookJob):
            yield job, _make_book_or_error(job, load, report)


def _way(job: Job) -> tuple[str, str | None, str, bool]:
    """What the texts that are rendered together have in common."""
    return job.settings.model, job.settings.variant, job.settings.mask, job.settings.verify


def _make_book_or_error(job: BookJob, load: Load, report: Report) -> Made | Exception:
    try:
        return _make_book(job, load, report)
    except Exception as error:  # whatever it is, the other jobs go on
        return error


def _make_book(job: BookJob, load: Load, report: Report) -> Made:
    job.out.parent.mkdir(parents=True, exist_ok=True)
    progress = BookProgress(
        rendered=lambda done, total, chapter, so_far: report(job, done, total), written=lambda done_s, total_s: None
    )
    work = job.out.with_name(f"{job.id}.cosy")
    plan = plan_book(job.request, job.settings)
    result = make_book(plan, job.publication, work, lambda: local_executor(lambda: load(job.settings)), progress)
    flaws = tuple(f"{item.id} ({', '.join(item.failures)})" for item in result.judged if item.failures)
    return Made(result.files, round(result.assembly.duration_s, 3), flaws)


def _speak(jobs: Sequence[TextJob], synthesizer: Synthesizer) -> Iterator[_Outcome]:
    ready = []
    for job in jobs:
        try:
            ready.append(_Ready(job, _utterances(job)))
        except CosyError as error:
            yield job, error
    yield from _render(ready, synthesizer)


def _utterances(job: TextJob) -> list[Utterance]:
    """Raises: UsageError, InputError: the text has marks that do not exist, or nothing to say."""
    profile = read_profile(find_model(job.settings.model))
    return utterances_of(read_for(profile, job.text).segments, manner_of(job.settings, profile))


def _render(ready: Sequence[_Ready], synthesizer: Synthesizer) -> Iterator[_Outcome]:
    """Render and write the jobs. Where the synthesizer fails, each half is tried alone, down to the job at fault."""
    takes = _takes(ready, synthesizer)
    for index, item in enumerate(ready):
        own = islice(takes, len(item.utterances))
        try:
            outcome = _write_or_error(item.job, own, synthesizer.sample_rate)
        except _RenderingError as error:
            rest = ready[index:]
            if len(rest) > 1:
                yield from _render(rest[: len(rest) // 2], synthesizer)
                yield from _render(rest[len(rest) // 2 :], synthesizer)
                return
            outcome = error.args[0]
        yield item.job, outcome


def _takes(ready: Iterable[_Ready], synthesizer: Synthesizer) -> Iterator[Take]:
    """The takes of all jobs, in order.

    Raises:
        _RenderingError: with the error of the synthesizer.
    """
    utterances = [utterance for item in ready for utterance in item.utterances]
    mask = next((item.job.settings.mask for item in ready), "full")
    try:
        yield from synthesizer.render(utterances, mask=mask)
    except Exception as error:
        raise _RenderingError(error) from error


def _write_or_error(job: TextJob, takes: Iterator[Take], sample_rate: int) -> Made | Exception:
    try:
        return _write(job, takes, sample_rate)
    except (CosyError, OSError) as error:
        deque(takes, maxlen=0)  # those that the file has not had; the next ones are another job's
        return error


def _write(job: TextJob, takes: Iterable[Take], sample_rate: int) -> Made:
    num_samples = 0
    flaws: list[str] = []

    def pieces() -> Iterator[Piece]:
        for take in takes:
            flaws.extend(take.failures)
            yield Piece(take.samples, take.segment.pause_after_s, take.segment.pause_before_s)

    job.out.parent.mkdir(parents=True, exist_ok=True)
    with open_sink(job.out, job.audio_format, sample_rate) as sink:
        for block in join(pieces(), sample_rate):
            num_samples += len(block)
            sink.write(block)
    return Made((job.out,), round(num_samples / sample_rate, 3), tuple(flaws))


def _said(flaws: Sequence[str]) -> str:
    return f"Did not pass its checks: {', '.join(dict.fromkeys(flaws))}." if flaws else ""


def _reason(error: Exception) -> str:
    if isinstance(error, CosyError):
        return " ".join(filter(None, (error.what, error.hint)))
    if isinstance(error, OSError):
        return f"{error.filename or 'A file'} could not be written: {error.strerror or error}."
    return f"cosy has a bug: {type(error).__name__}: {error}"
