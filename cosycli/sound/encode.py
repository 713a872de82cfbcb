"""Encodes sound block by block as WAV, FLAC, MP3, Opus or raw samples, into a file or a pipe.

A file appears under its name only when it is complete.

Legend: N samples.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

import numpy as np
from numpy.typing import NDArray

from cosycli.errors import InputError, UsageError
from cosycli.folders import replacing
from cosycli.option import check_choice
from cosycli.settings import FORMATS
from cosycli.sound.ffmpeg import EXACT, FfmpegSink, find_ffmpeg
from cosycli.sound.wav import WavFile, to_16_bits, wav_header

SUFFIXES = {
    ".wav": "wav",
    ".flac": "flac",
    ".mp3": "mp3",
    ".opus": "opus",
    ".ogg": "opus",
    ".raw": "raw",
    ".pcm": "raw",
}
# ffmpeg's codec, quality for a mono voice, and container. MP3 gets a constant bit rate and no Xing header, which would
# state a wrong length on a pipe; so the length follows from the size, in a file and on a pipe.
FFMPEG_OPTIONS = {
    "flac": ("-c:a", "flac", "-f", "flac"),
    "mp3": ("-c:a", "libmp3lame", "-b:a", "96k", "-write_xing", "0", "-f", "mp3"),
    "opus": ("-c:a", "libopus", "-b:a", "48k", "-f", "ogg"),
}
STDOUT = Path("-")


@dataclass(frozen=True)
class _Destination:
    """An open file, and its path if it is a regular file that we created."""

    file: IO[bytes]
    path: Path | None


class AudioSink(Protocol):
    """Accepts sound block by block."""

    def write(self, samples: NDArray[np.float32]) -> None:
        """Append float32 (N,), full scale is 1; louder samples are clipped."""


def choose_format(name: str | None, target: Path, default: str | None = None) -> str:
    """The format called `name`, else that of the suffix of `target`, else `default`, else WAV on stdout.

    Raises:
        UsageError: the format does not exist, or none is given.
        InputError: the target is a folder.
    """
    if name is None and default is None and target.is_dir() and target != STDOUT:
        raise _is_a_folder(target)
    if name is None:
        name = SUFFIXES.get(target.suffix.lower(), default or ("wav" if target == STDOUT else None))
    if name is None:
        raise UsageError(
            f"The name {target} does not determine a format.",
            f"End its name in {', '.join(SUFFIXES)}, or add --format {'|'.join(FORMATS)}.",
        )
    check_choice("format", name, FORMATS)
    return name


def check_target(target: Path, audio_format: str) -> None:
    """Check before the work starts that `target` can be written.

    Raises:
        InputError: its folder is missing or read-only, or it is a folder itself.
        MissingError: the format needs ffmpeg, which is not installed.
    """
    check_encoder(audio_format)
    if target == STDOUT:
        return
    if target.is_dir():
        raise _is_a_folder(target)
    if not target.parent.is_dir():
        raise InputError(f"The folder {target.parent} does not exist.", f"Make it first: mkdir -p {target.parent}")
    check_writable(target if _is_special(target) else target.parent)


def _is_a_folder(target: Path) -> InputError:
    return InputError(f"{target} is a directory.", f"Name a file in it: -o {target / 'speech.wav'}")


def check_encoder(audio_format: str) -> None:
    """Raises MissingError if the format needs ffmpeg, which is not installed."""
    if audio_format not in ("wav", "raw"):
        find_ffmpeg()


def check_writable(path: Path) -> None:
    """Raises InputError if a device or folder is not writable."""
    if not os.access(path, os.W_OK):
        raise InputError(f"{path} cannot be written: permission denied.", "Choose another place with -o.")


@contextmanager
def open_sink(target: Path, audio_format: str, sample_rate: int) -> Iterator[AudioSink]:
    """A sink that writes to `target`, or to stdout if that is `-`.

    Raises:
        InputError: the target cannot be written, its disk is full, or the reader of the pipe has closed it.
    """
    with (
        _explaining(target),
        _open_file(target) as destination,
        _open_format(destination, audio_format, sample_rate) as sink,
    ):
        yield sink


@contextmanager
def _explaining(target: Path) -> Iterator[None]:
    """Turns errors of a pipe or device into messages that its user can act on."""
    try:
        yield
    except BrokenPipeError:
        raise InputError(
            "The audio was not read to its end: the program that was reading it has closed the pipe.",
            "To keep the audio, write it to a file: -o speech.wav",
        ) from None
    except OSError as error:
        raise InputError(
            f"{target} could not be written: {error.strerror or error}.", "Choose another place with -o."
        ) from None


@contextmanager
def _open_file(target: Path) -> Iterator[_Destination]:
    if target == STDOUT:
        yield _Destination(sys.stdout.buffer, None)
    elif _is_special(target):
        with target.open("wb") as file:
            yield _Destination(file, None)
    else:
        with replacing(target.resolve()) as part, part.open("wb") as file:
            yield _Destination(file, part)


def _is_special(target: Path) -> bool:
    """Whether `target` is a device or a named pipe, which is written to instead of replaced."""
    return target.exists() and not target.is_file()


@contextmanager
def _open_format(destination: _Destination, audio_format: str, sample_rate: int) -> Iterator[AudioSink]:
    if audio_format == "wav" and destination.path is not None:
        yield (wav := WavFile(destination.file, sample_rate))
        wav.finish()
    elif audio_format in ("wav", "raw"):
        if audio_format == "wav":
            destination.file.write(wav_header(sample_rate))
        yield _StreamSink(destination.file)
    else:
        # With a path, ffmpeg can seek back and write the length into the header.
        output = "pipe:1" if destination.path is None else f"file:{destination.path}"
        with FfmpegSink(sample_rate, (*FFMPEG_OPTIONS[audio_format], *EXACT, output), destination.file) as sink:
            yield sink


class _StreamSink:
    """Writes signed 16-bit little-endian samples, and flushes so that a player at the other end starts at once."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def write(self, samples: NDArray[np.float32]) -> None:
        self.file.write(to_16_bits(samples))
        self.file.flush()
