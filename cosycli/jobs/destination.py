"""Writes the sound of a text to its destination: a file or pipe, the loudspeaker, or both."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from cosycli.errors import UsageError
from cosycli.sound.encode import AudioSink, check_target, choose_format, open_sink
from cosycli.sound.play import find_player, open_player

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Destination:
    """Where sound is written.

    Attributes:
        target: file, or `-` for standard output; None to play only.
        audio_format: one of `settings.FORMATS`.
        play: also play the sound while it is made.
        makes_folder: make the folder of the file if it does not exist.
    """

    target: Path | None
    audio_format: str
    play: bool = False
    makes_folder: bool = False

    def check(self) -> None:
        """Check that the target can be written, before the work starts; raises what `check_target` does."""
        if self.target is not None:
            check_target(self.target, self.audio_format)

    def write(self, blocks: Iterable[NDArray[np.float32]], sample_rate: int) -> int:
        """Write blocks (N,) of sound, and return the number of samples.

        Nothing is written, not even a header, before the first block: what fails until then leaves no file.

        Raises:
            InputError: the file cannot be written, or the reader of the pipe went away.
            MissingError: the player failed.
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
    """Returns the destination that the options of a command name.

    Args:
        output: file, or `-` for standard output.
        name: name of the format, if given.

    Raises:
        UsageError: no destination or format is named, or the sound would go to the terminal.
        MissingError: there is no player.
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
