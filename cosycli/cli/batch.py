"""`cosy batch`: renders many books, or many short texts, in one run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cosycli.cli import options
from cosycli.cli.options import RENDERING, Flags, takes_groups
from cosycli.cli.progress import Progress, open_progress
from cosycli.errors import SOME_FAILED, counted

if TYPE_CHECKING:
    from cosycli.jobs.batch import JobResult
    from cosycli.jobs.book import BookJob

EXAMPLES = """Examples:

\b
  cosy batch jobs.yaml
  cosy batch jobs.jsonl --voice michael --json
  cosy batch novels -o audiobooks
"""
STATE = "cosy-batch.jsonl"


@takes_groups
def batch(
    jobs: Annotated[
        Path, typer.Argument(metavar="JOBS.yaml|JOBS.jsonl|FOLDER", help="Jobs file, or folder of documents.")
    ],
    *,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FOLDER", help="Output folder of jobs without `out`.")
    ] = None,
    format: Annotated[str | None, typer.Option(metavar="FORMAT", help="Format of jobs without `format`.")] = None,
    rendering: Annotated[Flags, RENDERING],
    executor: options.Executor = "local",
    workers: options.Workers = None,
    ray_address: options.RayAddress = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
    quiet: options.Quiet = False,
    progress: options.ProgressStyle = "auto",
) -> None:
    """Run many jobs: books, or texts of a sentence or more, each into a file of its own.

    All jobs are checked before the first one runs, and a mistake in any of them stops all. A job that fails while it
    runs is named, and the others are finished; a second run does only what is missing. The options of a job override
    these.
    """
    from cosycli.jobs.batch import run_batch
    from cosycli.jobs.batch_file import read_batch
    from cosycli.jobs.batch_state import open_state
    from cosycli.jobs.executors import Workplace
    from cosycli.settings import read_settings

    workplace = Workplace(executor, workers, ray_address)
    work = read_batch(jobs, read_settings(Path()), {"format": format, **rendering}, output)
    with open_progress("none" if quiet else progress) as report, open_state(_state_path(jobs, output)) as state:
        made = run_batch(work, state, workplace.open, partial(_report_book, report))
        results = _reported(made, [job.id for job in work], report)
        _report_totals(results, report)
    if as_json:
        facts = [asdict(result) | {"out": str(result.out), "status": result.status.value} for result in results]
        print(json.dumps(facts, indent=1, ensure_ascii=False))
    if not all(result.is_good for result in results):
        raise typer.Exit(SOME_FAILED)


def _state_path(jobs: Path, output: Path | None) -> Path:
    """Path of the state file: beside the jobs file, or in the output folder of a folder of documents."""
    return (output or jobs) / STATE if jobs.is_dir() else jobs.with_name(f"{jobs.name}.{STATE}")


def _report_book(report: Progress, job: BookJob, done: int, total: int) -> None:
    report.update(done, total, "segments", book=job.id)


def _reported(made: Iterator[JobResult], ids: list[str], report: Progress) -> list[JobResult]:
    """Returns the results in the order of the ids, after reporting each as soon as it is there."""
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


def _report_totals(results: list[JobResult], report: Progress) -> None:
    counts = Counter(result.status.value for result in results)
    audio_s = sum(result.audio_s for result in results)
    said = ", ".join(f"{count} {status}" for status, count in counts.items())
    report.tell(
        f"{counted(len(results), 'job')}: {said}; {audio_s:.1f} s of speech.", **counts, audio_s=round(audio_s, 3)
    )
    failed = [result.id for result in results if result.status.value == "failed"]
    if failed:
        report.tell(f"Failed: {', '.join(failed)}. Run the same command again to retry only these.", jobs=failed)
    flawed = [result.id for result in results if result.message and result.id not in failed]
    if flawed:
        report.tell(
            f"Did not pass their checks: {', '.join(flawed)}. Render them again with another seed.", jobs=flawed
        )
