"""`cosy batch`: many books, or many short texts, in one go."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cosycli.cli import options
from cosycli.cli.options import RENDERING, Flags, takes_groups
from cosycli.cli.progress import Progress, open_progress
from cosycli.errors import SOME_FAILED

if TYPE_CHECKING:
    from cosycli.jobs.batch import JobResult
    from cosycli.jobs.book import BookJob

__all__ = ["EXAMPLES", "batch"]

EXAMPLES = """Examples:

\b
  cosy batch jobs.yaml
  cosy batch jobs.jsonl --voice slt --json
  cosy batch novels -o audiobooks
"""
STATE = "cosy-batch.jsonl"


@takes_groups
def batch(
    jobs: Annotated[
        Path, typer.Argument(metavar="JOBS.yaml|JOBS.jsonl|FOLDER", help="A file of jobs, or a folder of documents.")
    ],
    *,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FOLDER", help="Where jobs go that do not say `out`.")
    ] = None,
    format: Annotated[str | None, typer.Option(metavar="FORMAT", help="Of jobs that do not say theirs.")] = None,
    rendering: Annotated[Flags, RENDERING],
    executor: options.Executor = "local",
    workers: options.Workers = None,
    ray_address: options.RayAddress = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
    quiet: options.Quiet = False,
    progress: options.ProgressStyle = "auto",
) -> None:
    """Do many jobs: books, or texts of a sentence or more, each into a file of its own.

    All jobs are checked before the first is run. One that fails is named, and the others are finished; a second run
    does only what is missing. What a job says of itself goes over these options.
    """
    from cosycli.jobs.batch import run_batch
    from cosycli.jobs.batch_file import read_batch
    from cosycli.jobs.batch_state import open_state
    from cosycli.jobs.executors import Workplace
    from cosycli.settings import read_settings

    workplace = Workplace(executor, workers, ray_address)
    work = read_batch(jobs, read_settings(Path()), {"format": format, **rendering}, output)
    with open_progress("none" if quiet else progress) as report, open_state(_state_path(jobs, output)) as state:
        made = run_batch(work, state, workplace.open, partial(_tell_of_a_book, report))
        results = _told(made, [job.id for job in work], report)
        _tell_the_sum(results, report)
    if as_json:
        print(json.dumps([_facts(result) for result in results], indent=1, ensure_ascii=False))
    if not all(result.is_good for result in results):
        raise typer.Exit(SOME_FAILED)


def _state_path(jobs: Path, output: Path | None) -> Path:
    """Beside the jobs: where their file is, or among the output of a folder."""
    return (output or jobs) / STATE if jobs.is_dir() else jobs.with_name(f"{jobs.name}.{STATE}")


def _tell_of_a_book(report: Progress, job: BookJob, done: int, total: int) -> None:
    report.update(done, total, "segments", book=job.id)


def _told(made: Iterator[JobResult], ids: list[str], report: Progress) -> list[JobResult]:
    """The results in the order of the ids, each told as soon as it is there."""
    width = max(map(len, ids))
    results: dict[str, JobResult] = {}
    for result in made:
        results[result.id] = result
        report.tell(_line(result, width), id=result.id, status=result.status.value, audio_s=result.audio_s)
        for note in result.notes:
            report.tell(f"{result.id}: {note}", id=result.id, note=note)
        report.update(len(results), len(ids), "jobs")
    return [results[id] for id in ids]


def _line(result: JobResult, width: int) -> str:
    length = f"{result.audio_s:8.1f} s" if result.audio_s else " " * 10
    return f"{result.id:<{width}}  {result.status.value:<6} {length}  {result.message or result.out}"


def _facts(result: JobResult) -> dict[str, Any]:
    return {
        "id": result.id,
        "out": str(result.out),
        "status": result.status.value,
        "message": result.message,
        "notes": list(result.notes),
        "audio_s": result.audio_s,
    }


def _tell_the_sum(results: list[JobResult], report: Progress) -> None:
    counts = Counter(result.status.value for result in results)
    audio_s = sum(result.audio_s for result in results)
    said = ", ".join(f"{count} {status}" for status, count in counts.items())
    report.tell(f"{len(results)} jobs: {said}; {audio_s:.1f} s of speech.", **counts, audio_s=round(audio_s, 3))
    failed = [result.id for result in results if result.status.value == "failed"]
    if failed:
        report.tell(f"Failed: {', '.join(failed)}. Run the same command to try only them again.", jobs=failed)
    flawed = [result.id for result in results if result.message and result.id not in failed]
    if flawed:
        report.tell(f"Did not pass their checks: {', '.join(flawed)}. Give them another seed.", jobs=flawed)
