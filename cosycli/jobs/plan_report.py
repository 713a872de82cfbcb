"""Reports on a plan before anything is rendered: plain data, notes, and an estimate of time and disk."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from cosycli.engine.speech import TextNote
from cosycli.errors import InputError, counted
from cosycli.folders import data_folder, write_whole
from cosycli.jobs.book_plan import Plan, seconds_of_segment
from cosycli.model.library import BUILTIN
from cosycli.script.book_script import ChapterScript, num_characters

MAX_WARNINGS = 10  # shown on the screen; the report has all of them
# Seconds of speech for a second of work where this machine has not spoken yet: the built-in model as
# docs/performance.md measures it, the published ones as their stock modules run on two cores.
TYPICAL_SPEED = {BUILTIN: 32.0}
TYPICAL_PUBLISHED_SPEED = 1 / 1.5
# Takes of the built-in voice are 20 kB a second (16-bit FLAC, 24 kHz), the M4B is 8 kB, and while it is written it is
# there twice.
BYTES_PER_SECOND = 36_000
MIN_RECORDED_S = 30.0  # of speech; less says more about starting than about speaking


def plan_report(plan: Plan, *, with_segments: bool = False) -> dict[str, Any]:
    """Returns everything that `cosy plan --json` prints."""
    book = plan.script.book
    return {
        "title": book.metadata.title,
        "authors": list(book.metadata.authors),
        "language": book.metadata.language,
        "chapters": [
            _chapter_report(plan, number, chapter, with_segments)
            for number, chapter in enumerate(plan.script.chapters, 1)
            if number in plan.request.chapters
        ],
        "skipped": [asdict(item) for item in plan.script.skipped],
        "coverage": _coverage_report(plan),
        "notes_count": book.notes_count,
        "warnings": warnings_of(plan),
        "metadata": asdict(book.metadata),
        "cover": None if book.cover is None else {"path": book.cover.path, "type": book.cover.media_type},
        "estimate": asdict(estimate(plan)),
    }


def _coverage_report(plan: Plan) -> dict[str, int]:
    """Counts of non-space characters; `rewritten` is the part of `spoken` that is said in other words."""
    counts = plan.script.coverage
    return {
        "source": counts.source,
        "spoken": counts.spoken + counts.rewritten,
        "rewritten": counts.rewritten,
        "skipped": counts.skipped,
        "unaccounted": counts.unaccounted,
    }


def _chapter_report(plan: Plan, number: int, chapter: ChapterScript, with_segments: bool) -> dict[str, Any]:
    texts = [block.text for block in chapter.chapter.blocks]
    segments = chapter.script.segments
    return {
        "number": number,
        "title": chapter.chapter.title,
        "level": chapter.chapter.level,
        "words": sum(len(text.split()) for text in texts),
        "characters": sum(map(num_characters, texts)),
        "segments": _segments_report(plan, number, chapter) if with_segments else len(segments),
        "duration_s": round(sum(seconds_of_segment(segment, plan.voice_settings) for segment in segments), 1),
    }


def _segments_report(plan: Plan, chapter_number: int, chapter: ChapterScript) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{chapter_number}.{number}",
            "text": segment.text,
            "voice": segment.voice or plan.voice_settings.voice,
            "style": segment.style or plan.voice_settings.instruction,
            "pause_s": segment.pause_after_s,
            "source": list(segment.source),
        }
        for number, segment in enumerate(chapter.script.segments, 1)
    ]


def warnings_of(plan: Plan) -> list[str]:
    """Returns the warnings on the source, and the notes on its text with their chapters."""
    notes = [
        f"Chapter {number}, line {note.line}: {note.message}"
        for number, chapter in enumerate(plan.script.chapters, 1)
        for note in chapter.script.notes
    ]
    return [*plan.script.warnings, *notes]


def plan_notes(plan: Plan) -> list[TextNote]:
    """Returns the notes shown before a book is rendered: the first warnings, and what is not read."""
    notes = [TextNote(f"Note: {warning}", {"warning": warning}) for warning in warnings_of(plan)[:MAX_WARNINGS]]
    for item in plan.script.book.left_out:
        title = f" “{item.title}”" if item.title else ""
        message = f"Not read: {item.kind}{title}, {item.reason} ({counted(item.characters, 'character')})."
        notes.append(TextNote(message, {"kind": item.kind}))
    return notes


@dataclass(frozen=True)
class Estimate:
    """Estimate for a book.

    Attributes:
        audio_s: seconds of audio.
        compute_s: seconds of rendering on this machine.
        is_measured: whether `compute_s` is based on earlier runs on this machine; a typical speed is used otherwise.
        disk_bytes: size of takes and audio file together.
    """

    audio_s: float
    compute_s: float
    is_measured: bool
    disk_bytes: int


def estimate(plan: Plan) -> Estimate:
    """Estimates the chosen chapters, as if none of their takes were kept."""
    audio_s = sum(seconds_of_segment(segment, plan.voice_settings) for _, _, segment in plan.chosen_segments())
    model = plan.settings.model
    measured = _recorded().get(model)
    speed = measured or TYPICAL_SPEED.get(model, TYPICAL_PUBLISHED_SPEED)
    return Estimate(audio_s, audio_s / speed, measured is not None, round(audio_s * BYTES_PER_SECOND))


def record_speed(model: str, audio_s: float, elapsed_s: float) -> None:
    """Record the speed of this machine for the next estimate."""
    if audio_s < MIN_RECORDED_S or elapsed_s <= 0:
        return
    speeds = _recorded() | {model: round(audio_s / elapsed_s, 3)}
    with suppress(InputError, OSError):  # a home that cannot be written is no reason to fail
        data_folder().mkdir(parents=True, exist_ok=True)
        write_whole(data_folder() / "speeds.json", json.dumps(speeds, indent=1) + "\n")


def _recorded() -> dict[str, float]:
    try:
        speeds = json.loads((data_folder() / "speeds.json").read_text(encoding="utf-8"))
        return {str(model): float(speed) for model, speed in speeds.items() if float(speed) > 0}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
