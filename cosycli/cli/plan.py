"""`cosy plan`: shows what a book will become before anything is rendered."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cosycli.cli import options
from cosycli.cli.book import READING, read_source_argument
from cosycli.cli.options import Flags, Group, takes_groups
from cosycli.errors import counted
from cosycli.jobs.book_options import ReadingOptions
from cosycli.settings import RenderOptions

if TYPE_CHECKING:
    from rich.table import Table

EXAMPLES = """Examples:

\b
  cosy plan novel.epub
  cosy plan novel.epub --json
  cosy plan notes.md --skip tables --chapters 1
"""
SPEAKING = Group(RenderOptions, ("voice", "model", "variant", "style", "speed"))


@takes_groups
def plan(
    source: options.Source,
    *,
    speaking: Annotated[Flags, SPEAKING],
    reading: Annotated[Flags, READING],
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    segments: Annotated[bool, typer.Option("--segments", help="List every segment.")] = False,
) -> None:
    """Show what a book will become: chapters, what is skipped and why, hours of audio, time and disk.

    No model is loaded and nothing is written.
    """
    from cosycli.jobs.book_plan import plan_book
    from cosycli.jobs.book_values import request_of
    from cosycli.jobs.plan_report import plan_report
    from cosycli.settings import read_settings

    settings = read_settings(Path()).override(**speaking)
    path, stdin = read_source_argument(source)
    request = request_of(path, ReadingOptions(**reading), Path, stdin)
    report = plan_report(plan_book(request, settings), with_segments=segments)
    if as_json:
        print(json.dumps(report, ensure_ascii=False, indent=1))
    else:
        _print(report)


def _print(report: dict[str, Any]) -> None:
    from rich.console import Console

    from cosycli.jobs.plan_report import MAX_WARNINGS

    authors = ", ".join(report["authors"])
    print(f"{report['title'] or 'Untitled'}{f' by {authors}' if authors else ''}")
    console = Console(width=None if sys.stdout.isatty() else 110, markup=False, highlight=False)
    console.print(_chapter_table(report["chapters"]))
    for chapter in report["chapters"]:
        for segment in chapter["segments"] if isinstance(chapter["segments"], list) else ():
            print(f"{segment['id']:>7}  {segment['text']}  [{segment['voice']}, {segment['pause_s']:g} s]")
    if report["skipped"]:
        console.print(_skipped_table(report["skipped"]))
    print(_summary(report))
    for warning in report["warnings"][:MAX_WARNINGS]:
        print(f"Note: {warning}", file=sys.stderr)
    if len(report["warnings"]) > MAX_WARNINGS:
        print(f"And {counted(len(report['warnings']) - MAX_WARNINGS, 'more note')}: see --json.", file=sys.stderr)


def _chapter_table(chapters: list[dict[str, Any]]) -> Table:
    from rich.table import Table

    table = Table("#", "chapter", "words", "characters", "segments", "duration", box=None, pad_edge=False)
    for column in (0, 2, 3, 4, 5):
        table.columns[column].justify = "right"
    for chapter in chapters:
        count = chapter["segments"] if isinstance(chapter["segments"], int) else len(chapter["segments"])
        title = "  " * (chapter["level"] - 1) + (chapter["title"] or "(untitled)")
        numbers = (chapter["words"], chapter["characters"], count, _clock(chapter["duration_s"]))
        table.add_row(str(chapter["number"]), title, *(map(str, numbers) if count else ()))
    return table


def _skipped_table(skipped: list[dict[str, Any]]) -> Table:
    from rich.table import Table

    table = Table("skipped", "what", "why", "times", "characters", box=None, pad_edge=False, title_justify="left")
    for item in skipped:
        table.add_row(item["kind"], item["title"], item["reason"], str(item["count"]), str(item["characters"]))
    return table


def _summary(report: dict[str, Any]) -> str:
    counts, takes = report["coverage"], report["estimate"]
    basis = "as measured on this machine" if takes["is_measured"] else "typical; this machine has not spoken yet"
    return "\n".join(
        (
            f"{counted(counts['source'], 'character')}: {counts['spoken']} spoken ({counts['rewritten']} in other "
            f"words), {counts['skipped']} skipped, {counts['unaccounted']} unaccounted for.",
            f"About {_clock(takes['audio_s'])} of audio, {_clock(takes['compute_s'])} of work ({basis}), "
            f"{takes['disk_bytes'] / 1e6:.0f} MB of disk.",
        )
    )


def _clock(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{seconds // 60:.0f}:{seconds % 60:02.0f}"
