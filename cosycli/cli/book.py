"""`cosy book`: a book, a document or a folder of them, into an audiobook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cosycli.cli import book_options as opts
from cosycli.errors import SOME_FAILED, UsageError, did_you_mean

if TYPE_CHECKING:
    from cosycli.audio.publish import Target
    from cosycli.cli.progress import Progress
    from cosycli.jobs.book import BookProgress
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
        Path | None, typer.Option("-o", "--output", metavar="FILE|FOLDER", help="Else SOURCE.m4b in this folder.")
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
    voice: opts.Voice = None,
    model: opts.Model = None,
    style: opts.Style = None,
    speed: opts.Speed = None,
    seed: opts.Seed = None,
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
    mask: Annotated[str | None, typer.Option(help="Flow attention: full, causal, chunk or double-chunk.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda or mps; else the fastest there is.")] = None,
    dtype: Annotated[str | None, typer.Option(help="float32 or bfloat16; else what suits the device.")] = None,
    quiet: opts.Quiet = False,
    progress: opts.Progress = "auto",
) -> None:
    """Make an audiobook.

    Every rendered segment is kept in FILE's folder NAME.cosy: a run that was cut short goes on where it stopped, and
    after an edit only what changed is rendered.
    """
    import cosycli
    from cosycli.audio.loudness import Loudness
    from cosycli.cli.progress import open_progress
    from cosycli.jobs.book import Publication, make_book
    from cosycli.jobs.book_report import summary_of
    from cosycli.jobs.plan import plan_book
    from cosycli.settings import read_settings

    settings = read_settings(Path()).override(
        voice=voice, model=model, style=style, speed=speed, seed=seed, mask=mask, device=device, dtype=dtype
    )
    target = _target(source, output, "acx" if acx else format, layout)
    levels = Loudness() if loudness is None else Loudness(loudness)
    publication = Publication(target, levels, _subtitles(subtitles or []), read_along)
    request = opts.book_request(
        source,
        language=language,
        lexicon=lexicon,
        read=read,
        skip=skip,
        chapters=chapters,
        dialogue_voice=dialogue_voice,
        cast=cast,
        pause=pause,
    )
    with open_progress("none" if quiet else progress) as report:
        planned = plan_book(request, settings)
        _tell_what_was_found(planned, report)
        result = make_book(
            planned,
            publication,
            work or _work_folder(target, source),
            lambda: cosycli.load(settings.model, device=settings.device, dtype=settings.dtype),
            _progress(report),
            redo or [],
        )
        for line in summary_of(planned, result.rendered, list(result.judged), result.assembly):
            report.tell(line)
        for file in result.files:
            report.tell(str(file), output=str(file))
    if not result.all_passed:
        raise typer.Exit(SOME_FAILED)


def _target(source: str, output: Path | None, format: str | None, layout: str | None) -> Target:
    """Where the book goes: a file named after the source, unless told otherwise."""
    from cosycli.audio.formats import ACX, BOOK_FORMATS
    from cosycli.audio.publish import Layout, Target

    layouts = [each.value for each in Layout]
    if layout is not None and layout not in layouts:
        raise UsageError(
            f"There is no layout {layout!r}.", f"{did_you_mean(layout, layouts)}Valid: {', '.join(layouts)}."
        )
    chosen = Layout(layout or ("chapters" if format == ACX else "file"))
    if output is None and source == "-":
        raise UsageError("Where should the book go?", "Name a file: cosy book - -o book.m4b")
    name = Path(source).resolve().stem
    if chosen is not Layout.FILE:
        return Target(output or Path(name), format or "m4b", chosen)
    by_suffix = {suffix: known for known, suffix in BOOK_FORMATS.items() if known != ACX}
    audio_format = format or ("m4b" if output is None else by_suffix.get(output.suffix.lower()))
    if audio_format is None:
        raise UsageError(
            f"{output} does not say which format to write.",
            f"End its name in {', '.join(by_suffix)}, or add --format; for a folder of chapters, --layout chapters.",
        )
    return Target(output or Path(f"{name}{BOOK_FORMATS.get(audio_format, '')}"), audio_format, chosen)


def _work_folder(target: Target, source: str) -> Path:
    """Beside the file or the folder of chapters; a library is not to be filled with takes."""
    from cosycli.audio.publish import Layout

    if target.layout is Layout.AUDIOBOOKSHELF:
        return Path(f"{Path(source).resolve().stem}.cosy")
    stem = target.path.stem if target.layout is Layout.FILE else target.path.name
    return target.path.with_name(f"{stem}.cosy")


def _subtitles(options: list[str]) -> tuple[str, ...]:
    from cosycli.audio.subtitles import FORMATS

    wanted = [name.strip() for option in options for name in option.split(",")]
    for name in wanted:
        if name not in FORMATS:
            hint = f"{did_you_mean(name, FORMATS)}Valid: {', '.join(FORMATS)}."
            raise UsageError(f"There is no format of subtitles {name!r}.", hint)
    return tuple(dict.fromkeys(wanted))


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
