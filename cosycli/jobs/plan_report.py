"""A plan as plain data, for programs and for the report of a run."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from cosycli.jobs.estimate import estimate
from cosycli.jobs.plan import Plan, seconds_of_segment
from cosycli.script.book_script import ChapterScript, num_characters

__all__ = ["plan_report", "warnings_of"]


def plan_report(plan: Plan, *, with_segments: bool = False) -> dict[str, Any]:
    """Everything that `cosy plan --json` prints."""
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
        "skipped": _skipped_report(plan),
        "coverage": _coverage_report(plan),
        "notes_count": book.notes_count,
        "warnings": warnings_of(plan),
        "metadata": asdict(book.metadata),
        "cover": None if book.cover is None else {"path": book.cover.path, "type": book.cover.media_type},
        "estimate": asdict(estimate(plan)),
    }


def _coverage_report(plan: Plan) -> dict[str, int]:
    """Non-space characters of the source; `rewritten` is the part of `spoken` that is said in other words."""
    counts = plan.script.coverage
    return {
        "source": counts.source,
        "spoken": counts.spoken + counts.rewritten,
        "rewritten": counts.rewritten,
        "skipped": counts.skipped,
        "unaccounted": counts.unaccounted,
    }


def _skipped_report(plan: Plan) -> list[dict[str, Any]]:
    return [asdict(item) for item in plan.script.skipped]


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
    """What is wrong with the source, and what the writer of the text should know, each with its chapter."""
    notes = [
        f"Chapter {number}, line {note.line}: {note.message}"
        for number, chapter in enumerate(plan.script.chapters, 1)
        for note in chapter.script.notes
    ]
    return [*plan.script.warnings, *notes]
