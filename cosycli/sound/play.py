"""Plays sound while it is generated, with a player program of the machine."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

import numpy as np
from numpy.typing import NDArray

from cosycli.errors import MissingError
from cosycli.sound.encode import AudioSink
from cosycli.sound.wav import to_16_bits, wav_header

# Each reads a WAV stream from its standard input.
PLAYERS = (
    ("ffplay", "-nodisp", "-autoexit", "-loglevel", "error", "-i", "-"),
    ("aplay", "-q", "-"),
    ("pw-cat", "-p", "-"),
    ("play", "-q", "-t", "wav", "-"),
)


def find_player() -> tuple[str, ...]:
    """The command of the first player that is installed.

    Raises:
        MissingError: no player is installed.
    """
    for command in PLAYERS:
        if shutil.which(command[0]):
            return command
    raise MissingError(
        "No audio player was found.",
        f"Install one of {', '.join(command[0] for command in PLAYERS)}, or write a file: -o speech.wav",
    )


@contextmanager
def open_player(sample_rate: int) -> Iterator[AudioSink]:
    """A sink that plays what is written to it. If the player fails, further sound is dropped, and the exit raises.

    Raises:
        MissingError: no player is installed, or it failed.
    """
    command = find_player()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin is not None
    try:
        yield _PlayerSink(process.stdin, sample_rate)
    except BaseException:
        process.kill()
        raise
    finally:
        _, complaint = process.communicate()
    if process.returncode != 0:
        reason = complaint.decode(errors="replace").strip() or f"it ended with status {process.returncode}"
        raise MissingError(
            f"{command[0]} could not play: {reason}", "Check the sound device, or write a file: -o speech.wav"
        )


class _PlayerSink:
    def __init__(self, pipe: IO[bytes], sample_rate: int) -> None:
        self.pipe = pipe
        self._send(wav_header(sample_rate))

    def write(self, samples: NDArray[np.float32]) -> None:
        self._send(to_16_bits(samples))

    def _send(self, data: bytes) -> None:
        with suppress(BrokenPipeError):
            self.pipe.write(data)
            self.pipe.flush()
