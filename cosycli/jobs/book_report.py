"""What became of a book: a report for programs, and a summary for people."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import cosycli
from cosycli.jobs.plan import Order, Plan
from cosycli.jobs.plan_report import plan_report
from cosycli.jobs.rendering import Rendered
from cosycli.jobs.run_folder import RunFolder
from cosycli.whole_files import write_whole

if TYPE_CHECKING:
    from cosycli.audio.assembly import Assembly

__all__ = ["JudgedSegment", "judged_segments", "summary_of", "write_report"]


@dataclass(frozen=True)
class JudgedSegment:
    """A segment that was drawn more than once, or whose best take still fails a gate."""

    id: str
    text: str
    failures: tuple[str, ...]
    num_draws: int
    error_rate: float | None


def judged_segments(orders: list[Order], folder: RunFolder) -> list[JudgedSegment]:
    """In the order of the book."""
    judged = []
    for order in orders:
        facts = folder.takes.facts(order.key)
        if facts.failures or facts.num_draws > 1:
            text = order.utterance.segment.text
            judged.append(JudgedSegment(order.id, text, facts.failures, facts.num_draws, facts.error_rate))
    return judged


def write_report(
    plan: Plan, folder: RunFolder, rendered: Rendered, judged: list[JudgedSegment], assembly: Assembly
) -> None:
    """`report.json` in the run's folder.

    Raises:
        InputError: it cannot be written.
    """
    planned = plan_report(plan)
    report: dict[str, Any] = {
        "version": cosycli.__version__,
        **{name: planned[name] for name in ("title", "authors", "language", "coverage", "skipped", "notes_count")},
        "warnings": [*planned["warnings"], *assembly.warnings],
        "settings": asdict(plan.settings),
        "segments": {"made": rendered.num_made, "kept": rendered.num_kept, "judged": [asdict(item) for item in judged]},
        "chapters": [
            {name: value for name, value in asdict(chapter).items() if name != "segments"} | {"file": str(chapter.file)}
            for chapter in assembly.chapters
        ],
        "files": [str(file) for file in assembly.files],
        "duration_s": round(assembly.duration_s, 3),
        "rendering_s": round(rendered.elapsed_s, 3),
        "times_real_time": round(rendered.times_real_time, 2),
    }
    write_whole(folder.report_path, json.dumps(report, ensure_ascii=False, indent=1) + "\n")


def summary_of(plan: Plan, rendered: Rendered, judged: list[JudgedSegment], assembly: Assembly) -> list[str]:
    """A few lines."""
    counts = plan.script.coverage
    levels = [chapter.rms_db for chapter in assembly.chapters]
    lines = [
        f"{len(levels)} {'chapter' if len(levels) == 1 else 'chapters'}, {assembly.duration_s / 60:.1f} min, "
        f"{min(levels):.1f} to {max(levels):.1f} dB RMS.",
        f"{rendered.num_made} segments rendered, {rendered.num_kept} kept from before"
        + (f", {rendered.times_real_time:.1f} times real time." if rendered.num_made else "."),
        f"{counts.spoken + counts.rewritten} of {counts.source} characters spoken, {counts.skipped} skipped, "
        f"{counts.unaccounted} unaccounted for.",
    ]
    lines += [
        f"Segment {item.id} failed its checks ({', '.join(item.failures)}): {item.text[:60]!r}. "
        f"Re-render it with --redo {item.id}"
        for item in judged
        if item.failures
    ]
    return [*lines, *assembly.warnings]
