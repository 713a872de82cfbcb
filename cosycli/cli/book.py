"""`cosy book`: a book, a document or a folder of them, into an audiobook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cosycli.cli import book_options as opts
from cosycli.cli import options
from cosycli.errors import SOME_FAILED, UsageError

if TYPE_CHECKING:
    from cosycli.audio.publish import Target
    from cosycli.cli.progress import Progress
    from cosycli.jobs.book import BookProgress, Publication
    from cosycli.jobs.plan import Plan
    from cosycli.jobs.rendering import Rendered

__all__ = ["EXAMPLES", "book"]

EXAMPLES = """Examples:

\b
  cosy book novel.epub
  cosy book novel.epub -o novel.mp3 --voice slt --subtitles srt
  cosy book novel.epub -o chapters --acx
  cosy book novel.epub --redo 1.2
"""


def book(
    source: opts.Source,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE|FOLDER", help="Else SOURCE.m4b in this folder.")
    ] = None,
    format: Annotated[
        str | None, typer.Option(metavar="FORMAT", help="m4b, mp3, flac, opus, wav; else by FILE.")
    ] = None,
    layout: Annotated[str | None, typer.Option(help="file, chapters (one file each) or audiobookshelf.")] = None,
    acx: Annotated[
        bool, typer.Option("--acx", help="Files as ACX takes them: MP3 192k, one for each chapter.")
    ] = False,
    loudness: Annotated[float | None, typer.Option(metavar="DB", help="RMS level of each chapter; else -20.")] = None,
    subtitles: Annotated[
        list[str] | None, typer.Option(metavar="FORMAT", help="srt, vtt or lrc; may be repeated.")
    ] = None,
    read_along: Annotated[bool, typer.Option("--read-along", help="Also write an EPUB to read along with.")] = False,
    voice: options.Voice = None,
    model: options.Model = None,
    variant: options.Variant = None,
    style: options.Style = None,
    speed: options.Speed = None,
    seed: options.Seed = None,
    language: opts.Language = None,
    lexicon: opts.Lexicon = None,
    read: opts.Read = None,
    skip: opts.Skip = None,
    chapters: opts.Chapters = None,
    dialogue_voice: opts.DialogueVoice = None,
    cast: opts.Cast = None,
    pause: opts.Pause = None,
    redo: Annotated[list[str] | None, typer.Option(metavar="ID", help="Draw a segment anew: 3.12")] = None,
    work: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Where takes are kept; else beside FILE.")] = None,
    mask: options.Mask = None,
    verify: options.Verify = None,
    device: options.Device = None,
    dtype: options.Dtype = None,
    executor: options.Executor = "local",
    workers: options.Workers = None,
    ray_address: options.RayAddress = None,
    quiet: options.Quiet = False,
    progress: options.ProgressStyle = "auto",
) -> None:
    """Make an audiobook.

    Every rendered segment is kept in FILE's folder NAME.cosy: a run that was cut short goes on where it stopped, and
    after an edit only what changed is rendered.
    """
    from functools import partial

    import cosycli
    from cosycli.cli.progress import open_progress
    from cosycli.jobs.book import make_book
    from cosycli.jobs.book_report import summary_of
    from cosycli.jobs.executors import starter_of
    from cosycli.jobs.plan import plan_book
    from cosycli.settings import read_settings

    settings = read_settings(Path()).override(
        voice=voice,
        model=model,
        variant=variant,
        style=style,
        speed=speed,
        seed=seed,
        mask=mask,
        verify=verify,
        device=device,
        dtype=dtype,
    )
    chosen = opts.given(
        out=output,
        format="acx" if acx else format,
        layout=layout,
        loudness=loudness,
        subtitles=subtitles,
        read_along=read_along,
        language=language,
        lexicon=lexicon,
        read=read,
        skip=skip,
        chapters=chapters,
        dialogue_voice=dialogue_voice,
        cast=cast,
        pause=pause,
    )
    publication = _publication(source, chosen)
    request = opts.book_request(source, chosen)
    load = partial(cosycli.load, settings.model, settings.device, settings.dtype, settings.variant, settings.verify)
    start = starter_of(executor, load, workers=workers, address=ray_address, device=settings.device)
    with open_progress("none" if quiet else progress) as report:
        planned = plan_book(request, settings)
        _tell_what_was_found(planned, report)
        result = make_book(
            planned,
            publication,
            work or _work_folder(publication.target, source),
            start,
            _progress(report),
            redo or [],
        )
        for line in summary_of(planned, result.rendered, list(result.judged), result.assembly):
            report.tell(line)
        for file in result.files:
            report.tell(str(file), output=str(file))
    if not result.all_passed:
        raise typer.Exit(SOME_FAILED)


def _publication(source: str, chosen: dict[str, Any]) -> Publication:
    """What the book is made into; a file named after the source, unless told otherwise."""
    from cosycli.jobs.book_values import publication_of

    if source == "-" and "out" not in chosen:
        raise UsageError("Where should the book go?", "Name a file: cosy book - -o book.m4b")
    name = Path(source).resolve().stem
    out = chosen.get("out")
    return publication_of(chosen, name, lambda default: Path(out or default), Path(out or name))


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

    def written(done_s: float, total_s: float) -> None:
        report.update(done_s, total_s, "seconds written")

    return BookProgress(rendered, written)
