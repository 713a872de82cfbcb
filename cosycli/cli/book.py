"""`cosy book`: a book, a document or a folder of them, into an audiobook."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cosycli.cli import book_options as opts
from cosycli.cli import options
from cosycli.cli.option_groups import takes_groups
from cosycli.errors import SOME_FAILED, UsageError

if TYPE_CHECKING:
    from cosycli.audio.publish import Target
    from cosycli.cli.progress import Progress
    from cosycli.jobs.book import BookProgress
    from cosycli.jobs.plan import Plan
    from cosycli.jobs.publishing import Publication
    from cosycli.jobs.rendering import Rendered

__all__ = ["EXAMPLES", "book"]

EXAMPLES = """Examples:

\b
  cosy book novel.epub
  cosy book novel.epub -o novel.mp3 --voice slt --subtitles srt
  cosy book novel.epub -o chapters --acx
  cosy book novel.epub --redo 1.2
"""


@dataclass(frozen=True)
class Files:
    """What the book is made into; values of a job by these names."""

    out: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE|FOLDER", help="Else SOURCE.m4b in this folder.")
    ] = None
    format: Annotated[str | None, typer.Option(metavar="FORMAT", help="m4b, mp3, flac, opus, wav; else by FILE.")] = (
        None
    )
    layout: Annotated[str | None, typer.Option(help="file, chapters (one file each) or audiobookshelf.")] = None
    acx: Annotated[bool, typer.Option("--acx", help="Files as ACX takes them: MP3 192k, one for each chapter.")] = False
    loudness: Annotated[float | None, typer.Option(metavar="DB", help="RMS level of each chapter; else -20.")] = None
    subtitles: Annotated[list[str] | None, typer.Option(metavar="FORMAT", help="srt, vtt or lrc; may be repeated.")] = (
        None
    )
    read_along: Annotated[bool, typer.Option("--read-along", help="Also write an EPUB to read along with.")] = False


@takes_groups
def book(
    source: opts.Source,
    *,
    files: Files,
    voice_options: options.VoiceOptions,
    reading: opts.Reading,
    redo: Annotated[list[str] | None, typer.Option(metavar="ID", help="Re-render a segment by id, e.g. 3.12")] = None,
    work: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Where takes are kept; else beside FILE.")] = None,
    rendering: options.Rendering,
    executor_options: options.ExecutorOptions,
    quiet: options.Quiet = False,
    progress: options.ProgressStyle = "auto",
) -> None:
    """Make an audiobook.

    Every rendered segment is kept in FILE's folder NAME.cosy: a run that was cut short goes on where it stopped, and
    after an edit only what changed is rendered.
    """
    from cosycli.cli.progress import open_progress
    from cosycli.jobs.book import make_book
    from cosycli.jobs.book_report import summary_of
    from cosycli.jobs.executors import Workplace
    from cosycli.jobs.plan import plan_book
    from cosycli.settings import read_settings

    settings = read_settings(Path()).override(**asdict(voice_options), **asdict(rendering))
    publication = _publication(source, files)
    request = opts.book_request(source, opts.given(**asdict(reading)))
    workplace = Workplace(executor_options.executor, executor_options.workers, executor_options.ray_address)
    work = work or _work_folder(publication.target, source)
    with open_progress("none" if quiet else progress) as report:
        planned = plan_book(request, settings)
        _tell_what_was_found(planned, report)
        start = partial(workplace.open, settings)
        result = make_book(planned, publication, work, start, _progress(report), redo or [])
        for line in summary_of(planned, result.rendered, list(result.judged), result.assembly):
            report.tell(line)
        for file in result.files:
            report.tell(str(file), output=str(file))
    if not result.all_passed:
        raise typer.Exit(SOME_FAILED)


def _publication(source: str, files: Files) -> Publication:
    """What the book is made into; a file named after the source, unless told otherwise."""
    from cosycli.audio.formats import ACX
    from cosycli.jobs.book_values import publication_of

    if source == "-" and files.out is None:
        raise UsageError("Where should the book go?", "Name a file: cosy book - -o book.m4b")
    name = Path(source).resolve().stem
    values = opts.given(**asdict(replace(files, format=ACX) if files.acx else files))
    return publication_of(values, name, lambda default: Path(files.out or default), Path(files.out or name))


def _work_folder(target: Target, source: str) -> Path:
    """Beside the file or the folder of chapters; a library is not to be filled with takes."""
    from cosycli.audio.publish import Layout

    if target.layout is Layout.AUDIOBOOKSHELF:
        return Path(f"{Path(source).resolve().stem}.cosy")
    stem = target.path.stem if target.layout is Layout.FILE else target.path.name
    return target.path.with_name(f"{stem}.cosy")


def _tell_what_was_found(plan: Plan, report: Progress) -> None:
    from cosycli.jobs.plan_report import warnings_of

    for warning in warnings_of(plan)[: opts.MAX_WARNINGS]:
        report.tell(f"Note: {warning}", warning=warning)
    for item in plan.script.book.left_out:
        title = f" “{item.title}”" if item.title else ""
        report.tell(f"Not read: {item.kind}{title}, {item.reason} ({item.characters} characters).", kind=item.kind)


def _progress(report: Progress) -> BookProgress:
    from cosycli.jobs.book import BookProgress

    def rendered(done: int, total: int, chapter: int, so_far: Rendered) -> None:
        report.update(done, total, "segments", chapter=chapter, times_real_time=round(so_far.times_real_time, 1))

    def written(done: int, total: int) -> None:
        report.update(done, total, "chapters written")

    return BookProgress(rendered, written)
