"""`cosy check`: measures finished files against what ACX accepts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from cosycli.publish.acceptance import ChapterReport, FileReport

EXAMPLES = """Examples:

\b
  cosy check book.m4b
  cosy check chapters/*.mp3 --json
"""
FAILED = 5
TITLE_WIDTH = 32


def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Audio files; each chapter is checked.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure finished files against the limits of ACX.

    Level -23 to -18 dB RMS, peaks at most -3 dB, noise floor (the quietest half second) at most -60 dB, room tone of
    0.5 to 1 s at the head and 1 to 5 s at the tail, at most 120 minutes, and the format of an MP3. The exit code is 5
    if a chapter fails.
    """
    from cosycli.publish.acceptance import check_file

    reports = []
    for file in files:
        reports.append(check_file(file))
        if not as_json:
            _print(reports[-1])
    if as_json:
        print(json.dumps([_facts(report) for report in reports], indent=1, ensure_ascii=False))
    if not all(report.is_good for report in reports):
        raise typer.Exit(FAILED)


def _print(report: FileReport) -> None:
    print(report.path)
    if report.finding is None:
        print(f"  format: {report.encoding}; ACX accepts only MP3, see `cosy book --acx`")
    else:
        verdict = "good" if report.finding.is_good else f"FAILED, must be {report.finding.limit}"
        print(f"  format: {report.finding.measured}: {verdict}")
    for number, chapter in enumerate(report.chapters, start=1):
        print(f"{number:>4}  {chapter.title[:TITLE_WIDTH]:<{TITLE_WIDTH}}  {_summary(chapter)}")


def _summary(chapter: ChapterReport) -> str:
    levels = chapter.levels
    minutes, seconds = divmod(round(levels.duration_s), 60)
    measured = (
        f"{minutes:>4}:{seconds:02}  {levels.rms_db:6.1f} dB RMS  peak {levels.peak_db:5.1f}"
        f"  noise {levels.noise_db:6.1f}  head {levels.head_s:.2f} s  tail {levels.tail_s:.2f} s"
    )
    bad = [f"{finding.check} must be {finding.limit}" for finding in chapter.findings if not finding.is_good]
    return f"{measured}  {'FAILED: ' + ', '.join(bad) if bad else 'good'}"


def _facts(report: FileReport) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "file": str(report.path),
        "format": report.encoding,
        "is_good": report.is_good,
        "finding": None if report.finding is None else asdict(report.finding),
        "chapters": [{**asdict(chapter), "is_good": chapter.is_good} for chapter in report.chapters],
    }
