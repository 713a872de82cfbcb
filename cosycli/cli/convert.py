"""`cosy convert`: converts a recording to another voice."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cosycli.cli import options
from cosycli.cli.options import Flags, Group, takes_groups
from cosycli.settings import RenderOptions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cosycli.cli.progress import Progress
    from cosycli.jobs.destination import Destination

EXAMPLES = """Examples:

\b
  cosy convert clip.wav --voice michael -o converted.wav
  cosy convert clip.wav --voice heart -o - | aplay
"""
CONVERTING = Group(RenderOptions, ("voice", "model", "mask", "prompt", "device", "dtype"))


@takes_groups
def convert(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="Recording of speech, of any length.")],
    output: options.Output = None,
    format: options.Format = None,
    *,
    rendering: Annotated[Flags, CONVERTING],
    play: options.Play = False,
    quiet: options.Quiet = False,
    progress: options.ProgressStyle = "auto",
) -> None:
    """Convert a recording to another voice.

    Words, pace and pauses stay as they are, and the result is exactly as long. Long recordings are converted piece by
    piece.
    """
    from cosycli.cli.progress import open_progress
    from cosycli.jobs.destination import choose_destination
    from cosycli.settings import read_settings

    settings = read_settings(Path()).only(*CONVERTING.names, "memory").override(**rendering)  # no text, no style
    destination = choose_destination(output, format, play, settings.format)
    with open_progress("none" if quiet else progress) as report:
        _convert(source, settings, destination, report)


def _convert(source: Path, settings: RenderOptions, destination: Destination, report: Progress) -> None:
    """Convert after checking, before the model loads, what can be checked."""
    started = time.monotonic()
    import cosycli
    from cosycli.cli.speech_report import tell_what_was_made
    from cosycli.engine.prepare import prepare
    from cosycli.sound.recording import open_recording

    destination.check()
    sample_rate = prepare(settings).sample_rate
    recording = open_recording(source, sample_rate)
    synthesizer = cosycli.load(**settings.loading)
    blocks = synthesizer.convert_blocks(recording.blocks, voice=settings.voice, mask=settings.mask)
    num_samples = destination.write(_reported(blocks, sample_rate, recording.duration_s, report), sample_rate)
    tell_what_was_made(destination, num_samples / sample_rate, time.monotonic() - started, report)


def _reported(
    blocks: Iterable[NDArray[np.float32]], sample_rate: int, duration_s: float | None, report: Progress
) -> Iterator[NDArray[np.float32]]:
    """Yields the same blocks (N,), and reports the seconds done."""
    num_samples = 0
    for block in blocks:
        yield block
        num_samples += len(block)
        if duration_s is not None:
            report.update(num_samples / sample_rate, duration_s, "seconds")
