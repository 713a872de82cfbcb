"""`cosy book`: makes an audiobook of a book, a document or a folder of documents."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cosycli.cli import options
from cosycli.cli.options import RENDERING, Flags, Group, takes_groups
from cosycli.cli.speech_report import tell_notes
from cosycli.errors import SOME_FAILED
from cosycli.jobs.book_options import FileOptions, ReadingOptions
from cosycli.option import options_of

if TYPE_CHECKING:
    from cosycli.cli.progress import Progress
    from cosycli.jobs.book import BookProgress

EXAMPLES = """Examples:

\b
  cosy book novel.epub
  cosy book novel.epub -o novel.mp3 --voice michael --subtitles srt
  cosy book novel.epub -o chapters --acx
  cosy book novel.epub --redo 1.2
"""
FILES = Group(FileOptions, tuple(options_of(FileOptions)))
READING = Group(ReadingOptions, tuple(options_of(ReadingOptions)))


@takes_groups
def book(
    source: options.Source,
    *,
    files: Annotated[Flags, FILES],
    acx: Annotated[
        bool, typer.Option("--acx", help="Write what ACX accepts: MP3 at 192 kbit/s, one file for each chapter.")
    ] = False,
    reading: Annotated[Flags, READING],
    redo: Annotated[list[str] | None, typer.Option(metavar="ID", help="Re-render a segment by id, e.g. 3.12")] = None,
    work: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder where takes are kept; beside FILE by default.")
    ] = None,
    rendering: Annotated[Flags, RENDERING],
    executor: options.Executor = "local",
    workers: options.Workers = None,
    ray_address: options.RayAddress = None,
    quiet: options.Quiet = False,
    progress: options.ProgressStyle = "auto",
) -> None:
    """Make an audiobook.

    Every rendered segment is kept in the folder NAME.cosy beside FILE: an interrupted run is resumed where it stopped,
    and after an edit only what changed is rendered.
    """
    from cosycli.cli.progress import open_progress
    from cosycli.jobs.book import make_book
    from cosycli.jobs.book_report import summary_of
    from cosycli.jobs.book_values import book_job
    from cosycli.jobs.executors import Workplace
    from cosycli.publish.formats import ACX
    from cosycli.settings import read_settings

    settings = read_settings(Path()).override(**rendering)
    file_options = FileOptions(**files | ({"format": ACX} if acx else {}))
    path, stdin = read_source_argument(source)
    job = book_job(path, file_options, ReadingOptions(**reading), settings, stdin=stdin, work=work, redo=redo or ())
    workplace = Workplace(executor, workers, ray_address)
    with open_progress("none" if quiet else progress) as report:
        result = make_book(job, partial(workplace.open, settings), _shown_on(report))
        for line in summary_of(result):
            report.tell(line)
        for file in result.files:
            report.tell(str(file), output=str(file))
    if result.failed:
        raise typer.Exit(SOME_FAILED)


def read_source_argument(source: str) -> tuple[Path | None, bytes | None]:
    """Path of a source; for `-`, None and the content of standard input."""
    from cosycli.documents.plain_text import MAX_BYTES

    return (None, sys.stdin.buffer.read(MAX_BYTES + 1)) if source == "-" else (Path(source), None)


def _shown_on(report: Progress) -> BookProgress:
    from cosycli.jobs.book import BookProgress
    from cosycli.jobs.plan_report import plan_notes

    class Shown(BookProgress):
        def planned(self, plan: Any) -> None:
            tell_notes(plan_notes(plan), report)

        def rendered(self, done: int, total: int, chapter: int, so_far: Any) -> None:
            report.update(done, total, "segments", chapter=chapter, times_real_time=round(so_far.times_real_time, 1))

        def written(self, done: int, total: int) -> None:
            report.update(done, total, "chapters written")

    return Shown()
