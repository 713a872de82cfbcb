"""Reports on a finished book: `report.json` for programs, and a summary for people."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cosycli
from cosycli.errors import counted
from cosycli.folders import write_whole
from cosycli.jobs.book_plan import Order, Plan
from cosycli.jobs.plan_report import plan_report
from cosycli.jobs.run_folder import Rendered, RunFolder
from cosycli.publish.assembly import Assembly


@dataclass(frozen=True)
class JudgedSegment:
    """A segment that needed retakes, or whose best take still fails a check."""

    id: str
    text: str
    failures: tuple[str, ...]
    num_draws: int
    error_rate: float | None


def judged_segments(orders: list[Order], folder: RunFolder) -> list[JudgedSegment]:
    """Returns the segments that needed retakes or fail a check, in the order of the book."""
    judged = []
    for order in orders:
        facts = folder.takes.facts(order.key)
        if facts.failures or facts.num_draws > 1:
            text = order.utterance.segment.words
            judged.append(JudgedSegment(order.id, text, facts.failures, facts.num_draws, facts.error_rate))
    return judged


@dataclass(frozen=True)
class BookResult:
    """A finished book.

    Attributes:
        assembly: chapters and segments with their times.
        rendered: statistics of this run.
        judged: segments that needed retakes or fail a check.
        files: all written files except the report.
    """

    plan: Plan
    assembly: Assembly
    rendered: Rendered
    judged: tuple[JudgedSegment, ...]
    files: tuple[Path, ...]
    report: Path

    @property
    def failed(self) -> tuple[JudgedSegment, ...]:
        return tuple(segment for segment in self.judged if segment.failures)


def write_report(result: BookResult) -> None:
    """Write `report.json`.

    Raises:
        InputError: the file cannot be written.
    """
    assembly, rendered, planned = result.assembly, result.rendered, plan_report(result.plan)
    report: dict[str, Any] = {
        "version": cosycli.__version__,
        **{name: planned[name] for name in ("title", "authors", "language", "coverage", "skipped", "notes_count")},
        "warnings": [*planned["warnings"], *assembly.warnings],
        "settings": asdict(result.plan.settings),
        "segments": {
            "made": rendered.num_made,
            "kept": rendered.num_kept,
            "judged": [asdict(segment) for segment in result.judged],
        },
        "chapters": [
            {name: value for name, value in asdict(chapter).items() if name != "segments"} | {"file": str(chapter.file)}
            for chapter in assembly.chapters
        ],
        "files": [str(file) for file in assembly.files],
        "duration_s": round(assembly.duration_s, 3),
        "rendering_s": round(rendered.elapsed_s, 3),
        "times_real_time": round(rendered.times_real_time, 2),
    }
    write_whole(result.report, json.dumps(report, ensure_ascii=False, indent=1) + "\n")


def summary_of(result: BookResult) -> list[str]:
    """Returns a few lines for people."""
    assembly, rendered, counts = result.assembly, result.rendered, result.plan.script.coverage
    levels = [chapter.rms_db for chapter in assembly.chapters]
    lines = [
        f"{counted(len(levels), 'chapter')}, {assembly.duration_s / 60:.1f} min, "
        f"{min(levels):.1f} to {max(levels):.1f} dB RMS.",
        f"{counted(rendered.num_made, 'segment')} rendered, {rendered.num_kept} kept from before"
        + (f", {rendered.times_real_time:.1f} times real time." if rendered.num_made else "."),
        f"{counts.spoken + counts.rewritten} of {counted(counts.source, 'character')} spoken, "
        f"{counts.skipped} skipped, {counts.unaccounted} unaccounted for.",
    ]
    lines += [
        f"Segment {segment.id} failed its checks ({', '.join(segment.failures)}): {segment.text[:60]!r}. "
        f"Re-render it with --redo {segment.id}"
        for segment in result.failed
    ]
    return [*lines, *assembly.warnings]
