"""Where the sound of a text goes: into a file, a pipe, the loudspeaker, or two of them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from cosycli.audio.encode import AudioSink, check_target, choose_format, open_sink
from cosycli.audio.play import find_player, open_player
from cosycli.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Destination", "choose_destination"]


@dataclass(frozen=True)
class Destination:
    """Where sound goes.

    Attributes:
        target: a file, or `-` for standard output; None where it is only played.
        audio_format: one of `encode.FORMATS`.
        play: play it while it is made.
        makes_folder: the folder of the file is made if need be.
    """

    target: Path | None
    audio_format: str
    play: bool = False
    makes_folder: bool = False

    def check(self) -> None:
        """Find out before the work starts whether it could be written; raises what `check_target` does."""
        if self.target is not None:
            check_target(self.target, self.audio_format)

    def write(self, blocks: Iterable[NDArray[np.float32]], sample_rate: int) -> int:
        """Write blocks (N,) of sound one after another, and return the number of samples.

        Nothing is written, not even a header, before there is sound: what fails until then leaves no trace.

        Raises:
            InputError: the file cannot be written, or the reader of the pipe went away.
            MissingError: it cannot be played.
        """
        blocks = iter(blocks)
        first = next(blocks, None)
        if first is None:
            return 0
        num_samples = 0
        with self._open(sample_rate) as sinks:
            for block in chain([first], blocks):
                num_samples += len(block)
                for sink in sinks:
                    sink.write(block)
        return num_samples

    @contextmanager
    def _open(self, sample_rate: int) -> Iterator[list[AudioSink]]:
        with ExitStack() as stack:
            sinks = []
            if self.target is not None:
                if self.makes_folder:
                    self.target.parent.mkdir(parents=True, exist_ok=True)
                sinks.append(stack.enter_context(open_sink(self.target, self.audio_format, sample_rate)))
            if self.play:
                sinks.append(stack.enter_context(open_player(sample_rate)))
            yield sinks


def choose_destination(output: str | None, name: str | None, play: bool, default_format: str | None) -> Destination:
    """Where the options of a command want its sound.

    Args:
        output: a file, or `-` for standard output.
        name: of the format, where the option says it.

    Raises:
        UsageError: they do not say it, or it would fill the terminal.
        MissingError: there is no program to play it with.
    """
    if output is None and not play:
        raise UsageError("Where should the audio go?", "Add -o hello.wav for a file, -o - for a pipe, or --play.")
    if output == "-" and sys.stdout.isatty():
        raise UsageError("Audio would fill the terminal.", "Pipe it (cosy speak … -o - | aplay), or add --play.")
    target = None if output is None else Path(output)
    audio_format = choose_format(name, target or Path("-"), default_format)
    if play:
        find_player()
    return Destination(target, audio_format, play)
