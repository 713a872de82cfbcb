"""`cosy convert`: a recording, said again by another voice."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cosycli.cli import options

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cosycli.cli.progress import Progress
    from cosycli.cli.rendering import Destination
    from cosycli.settings import Settings

__all__ = ["EXAMPLES", "convert"]

EXAMPLES = """Examples:

\b
  cosy convert clip.wav --voice slt -o converted.wav
  cosy convert clip.wav --voice rms -o - | aplay
"""


def convert(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="A recording of speech, of any length.")],
    output: options.Output = None,
    format: options.Format = None,
    voice: options.Voice = None,
    model: options.Model = None,
    mask: options.Mask = None,
    prompt: options.Prompt = None,
    device: options.Device = None,
    dtype: options.Dtype = None,
    play: options.Play = False,
    quiet: options.Quiet = False,
    progress: options.ProgressStyle = "auto",
) -> None:
    """Say a recording again in another voice.

    Words, pace and pauses stay as they are, and the sound is exactly as long. Long recordings are worked through a
    piece at a time.
    """
    from cosycli.cli.progress import open_progress
    from cosycli.cli.rendering import choose_destination
    from cosycli.settings import read_settings

    flags = {"voice": voice, "model": model, "mask": mask, "prompt": prompt, "device": device, "dtype": dtype}
    settings = read_settings(Path()).override(**flags)
    destination = choose_destination(output, format, play, settings.format)
    with open_progress("none" if quiet else progress) as report:
        _convert(source, settings, destination, report)


def _convert(source: Path, settings: Settings, destination: Destination, report: Progress) -> None:
    """What can be known to fail is found out before the model loads."""
    started = time.monotonic()
    import cosycli
    from cosycli.cli.rendering import tell_what_was_made, write_out
    from cosycli.engine.capabilities import check_mask
    from cosycli.model.profile import read_profile
    from cosycli.model_library import find_model
    from cosycli.recording import open_recording
    from cosycli.voices import find_voice

    destination.check()
    folder = find_model(settings.model)
    if settings.voice is not None:
        find_voice(settings.voice, folder)
    profile = read_profile(folder)
    check_mask(settings.mask, profile)
    sample_rate = profile.mel.sample_rate
    recording = open_recording(source, sample_rate)
    synthesizer = cosycli.load(settings.model, settings.device, settings.dtype, prompt=settings.prompt)
    blocks = synthesizer.convert_blocks(recording.blocks, voice=settings.voice, mask=settings.mask)
    num_samples = write_out(_reported(blocks, sample_rate, recording.duration_s, report), destination, sample_rate)
    tell_what_was_made(destination, num_samples / sample_rate, time.monotonic() - started, report)


def _reported(
    blocks: Iterable[NDArray[np.float32]], sample_rate: int, duration_s: float | None, report: Progress
) -> Iterator[NDArray[np.float32]]:
    """The same blocks, each (N,), telling how far they have come."""
    num_samples = 0
    for block in blocks:
        yield block
        num_samples += len(block)
        if duration_s is not None:
            report.update(num_samples / sample_rate, duration_s, "seconds")
