"""Sound played while it is made, by a player program that is already on the machine."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from cosycli.audio.encode import AudioSink, stream_sink
from cosycli.errors import MissingError

__all__ = ["find_player", "open_player"]

# Each reads a WAV stream from its standard input.
PLAYERS = (
    ("ffplay", "-nodisp", "-autoexit", "-loglevel", "error", "-i", "-"),
    ("aplay", "-q", "-"),
    ("pw-cat", "-p", "-"),
    ("play", "-q", "-t", "wav", "-"),
)


def find_player() -> tuple[str, ...]:
    """The command of a player.

    Raises:
        MissingError: there is none.
    """
    for command in PLAYERS:
        if shutil.which(command[0]):
            return command
    raise MissingError(
        "No program to play sound with was found.",
        f"Install one of {', '.join(command[0] for command in PLAYERS)}, or write a file: -o speech.wav",
    )


@contextmanager
def open_player(sample_rate: int) -> Iterator[AudioSink]:
    """A sink that sounds.

    Raises:
        MissingError: the player failed.
    """
    command = find_player()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin is not None
    try:
        with stream_sink(process.stdin, "wav", sample_rate) as sink:
            yield sink
        _, complaint = process.communicate()
    except BrokenPipeError:
        _, complaint = process.communicate()
    except BaseException:
        process.kill()
        process.communicate()
        raise
    if process.returncode != 0:
        reason = complaint.decode(errors="replace").strip() or f"it ended with status {process.returncode}"
        raise MissingError(
            f"{command[0]} could not play: {reason}", "Check the sound device, or write a file: -o speech.wav"
        )
