"""A text rendered into an audio file, for the commands that speak."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from cosycli.cli.progress import Progress
from cosycli.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cosycli.audio.encode import AudioSink
    from cosycli.engine.utterance import Take
    from cosycli.joining import Piece
    from cosycli.script import Script
    from cosycli.settings import Settings

__all__ = [
    "Destination",
    "choose_destination",
    "render",
    "tell_what_failed",
    "tell_what_was_found",
    "tell_what_was_made",
    "write_out",
]

UNREMARKABLE = ("white space", "markup", "repeated punctuation")  # reasons to skip that nobody needs to hear about
MAX_SKIPPED_LINES = 10


@dataclass(frozen=True)
class Destination:
    """Where audio goes: to a file or `-` in some format, to the loudspeaker, or both."""

    target: Path | None
    audio_format: str
    play: bool = False

    def check(self) -> None:
        """Find out before the work starts whether it could be written; raises what `check_target` does."""
        from cosycli.audio.encode import check_target

        if self.target is not None:
            check_target(self.target, self.audio_format)


def choose_destination(output: str | None, name: str | None, play: bool, default_format: str | None) -> Destination:
    """Where a command's options want its audio.

    Args:
        name: of the format, where the option says it.

    Raises:
        UsageError: they do not say it, or it would fill the terminal.
        MissingError: there is no program to play it with.
    """
    from cosycli.audio.encode import choose_format
    from cosycli.audio.play import find_player

    if output is None and not play:
        raise UsageError("Where should the audio go?", "Add -o hello.wav for a file, -o - for a pipe, or --play.")
    if output == "-" and sys.stdout.isatty():
        raise UsageError("Audio would fill the terminal.", "Pipe it (cosy speak … -o - | aplay), or add --play.")
    target = None if output is None else Path(output)
    audio_format = choose_format(name, target or Path("-"), default_format)
    if play:
        find_player()
    return Destination(target, audio_format, play)


def render(text: str, settings: Settings, destination: Destination, report: Progress) -> bool:
    """Speak `text` into its destination, and say whether every segment passed its gates.

    What can be known to fail is found out before the model loads.
    """
    started = time.monotonic()
    import cosycli
    from cosycli.engine.capabilities import languages_of, read_for
    from cosycli.engine.utterance import utterances_of
    from cosycli.engine.verification import check_listener
    from cosycli.jobs.plan import voice_settings_of
    from cosycli.joining import join
    from cosycli.model.profile import read_profile
    from cosycli.model_library import find_model, language_model_weights
    from cosycli.script.languages import foreign_languages
    from cosycli.voices import find_voice

    destination.check()
    folder = find_model(settings.model)
    language_model_weights(folder, settings.variant)
    if settings.verify:
        check_listener(folder)
    profile = read_profile(folder)
    voice_settings = voice_settings_of(settings, profile)
    find_voice(voice_settings.voice, folder)
    script = read_for(profile, text, folder)
    tell_what_was_found(script, report)
    for warning in foreign_languages((segment.language for segment in script.segments), languages_of(profile)):
        report.tell(f"Note: {warning}", warning=warning)
    synthesizer = cosycli.load(**settings.loading)
    failed: list[Take] = []
    with synthesizer.worker_processes():
        takes = synthesizer.render(utterances_of(script.segments, voice_settings), mask=settings.mask)
        blocks = join(_pieces(takes, len(script.segments), failed, report), synthesizer.sample_rate)
        num_samples = write_out(blocks, destination, synthesizer.sample_rate)
    tell_what_was_made(destination, num_samples / synthesizer.sample_rate, time.monotonic() - started, report)
    for take in failed:
        tell_what_failed(take.segment.text, take.failures, report)
    return not failed


def write_out(blocks: Iterable[NDArray[np.float32]], destination: Destination, sample_rate: int) -> int:
    """Write sound, each block (N,), into its destination; the number of samples.

    Nothing is written, not even a header, before there is sound: what fails until then leaves no trace.
    """
    num_samples = 0
    blocks = iter(blocks)
    first = next(blocks, None)
    if first is None:
        return num_samples
    with ExitStack() as stack:
        sinks = _open_sinks(destination, sample_rate, stack)
        for block in chain([first], blocks):
            num_samples += len(block)
            for sink in sinks:
                sink.write(block)
    return num_samples


def tell_what_was_found(script: Script, report: Progress) -> None:
    """Name what is read otherwise than the writer may think, and what is not spoken."""
    for note in script.notes:
        report.tell(f"Line {note.line}: {note.message}", line=note.line)
    skipped = Counter((item.text.strip(), item.reason) for item in script.skipped if item.reason not in UNREMARKABLE)
    for (text, reason), count in skipped.most_common(MAX_SKIPPED_LINES):
        times = f" ({count} times)" if count > 1 else ""
        report.tell(f"Not spoken{times}: {text[:40]!r}, {reason}.", text=text, reason=reason, count=count)


def tell_what_failed(text: str, checks: tuple[str, ...], report: Progress) -> None:
    """Name a stretch of text whose sound did not pass some checks."""
    names = ", ".join(checks)
    report.tell(f"Failed its checks ({names}): {text[:60]!r}.", text=text, checks=names)


def tell_what_was_made(destination: Destination, audio_s: float, elapsed_s: float, report: Progress) -> None:
    """The last word of a command that speaks."""
    report.tell(
        f"{destination.target or 'Played'}: {audio_s:.1f} s of speech, made in {elapsed_s:.1f} s.",
        output=None if destination.target is None else str(destination.target),
        audio_s=round(audio_s, 3),
        elapsed_s=round(elapsed_s, 3),
    )


def _open_sinks(destination: Destination, sample_rate: int, stack: ExitStack) -> list[AudioSink]:
    """A sink for each place that the audio goes to, open until `stack` is closed."""
    from cosycli.audio.encode import open_sink
    from cosycli.audio.play import open_player

    sinks = []
    if destination.target is not None:
        sinks.append(stack.enter_context(open_sink(destination.target, destination.audio_format, sample_rate)))
    if destination.play:
        sinks.append(stack.enter_context(open_player(sample_rate)))
    return sinks


def _pieces(takes: Iterator[Take], num_segments: int, failed: list[Take], report: Progress) -> Iterator[Piece]:
    """The sound of each take; those that failed a gate are added to `failed`."""
    from cosycli.joining import Piece

    for done, take in enumerate(takes, start=1):
        report.update(done, num_segments, "segments")
        if take.failures:
            failed.append(take)
        yield Piece(take.samples, take.segment.pause_after_s, take.segment.pause_before_s)
