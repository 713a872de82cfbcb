"""Messages of the commands that speak."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cosycli.cli.progress import Progress

if TYPE_CHECKING:
    from cosycli.engine.speech import FailedPassage, TextNote
    from cosycli.jobs.destination import Destination


def tell_notes(notes: Iterable[TextNote], report: Progress) -> None:
    """Report what is read differently than the writer may expect, and what is not spoken."""
    for note in notes:
        report.tell(note.message, **note.facts)


def tell_failures(failed: Iterable[FailedPassage], report: Progress) -> None:
    """Report the passages that failed checks."""
    for passage in failed:
        names = ", ".join(passage.failures)
        report.tell(f"Failed its checks ({names}): {passage.text[:60]!r}.", text=passage.text, checks=names)


def tell_what_was_made(destination: Destination, audio_s: float, elapsed_s: float, report: Progress) -> None:
    """Report the output, its length and the time it took."""
    report.tell(
        f"{destination.target or 'Played'}: {audio_s:.1f} s of speech, made in {elapsed_s:.1f} s.",
        output=None if destination.target is None else str(destination.target),
        audio_s=round(audio_s, 3),
        elapsed_s=round(elapsed_s, 3),
    )
