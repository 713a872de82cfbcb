"""Sound written as WAV, FLAC, MP3, Opus or raw samples, to a file or a pipe, block by block.

A file appears under its name only when it is complete. Legend: N samples.
"""

from __future__ import annotations

import errno
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

import numpy as np
from numpy.typing import NDArray

from cosycli.audio.ffmpeg import find_ffmpeg
from cosycli.errors import InputError, UsageError, did_you_mean

__all__ = ["FORMATS", "AudioSink", "check_target", "choose_format", "open_sink", "to_16_bits", "wav_header"]

FORMATS = ("wav", "flac", "mp3", "opus", "raw")
SUFFIXES = {
    ".wav": "wav",
    ".flac": "flac",
    ".mp3": "mp3",
    ".opus": "opus",
    ".ogg": "opus",
    ".raw": "raw",
    ".pcm": "raw",
}
# What ffmpeg calls each: codec and quality for a mono voice, then container. MP3 has a constant bit rate and no Xing
# header, which on a pipe would state a wrong length: so its length follows from its size in a file and on a pipe alike.
FFMPEG_OPTIONS = {
    "flac": ("-c:a", "flac", "-f", "flac"),
    "mp3": ("-c:a", "libmp3lame", "-b:a", "96k", "-write_xing", "0", "-f", "mp3"),
    "opus": ("-c:a", "libopus", "-b:a", "48k", "-f", "ogg"),
}
# A process that may not write ends by these signals instead of an error.
FATAL_SIGNALS = {errno.EPIPE: 13, errno.EFBIG: 25}  # SIGPIPE, SIGXFSZ
WAV_HEADER = struct.Struct("<4sI4s 4sIHHIIHH 4sI")
STREAMED_BYTES = 0x7FFFF000  # the length sox and others write, and read, for "until the stream ends"
STDOUT = Path("-")


@dataclass(frozen=True)
class _Destination:
    """An open file, and its path when it is a plain file that is ours from the first byte."""

    file: IO[bytes]
    path: Path | None


class AudioSink(Protocol):
    """Takes sound block by block."""

    def write(self, samples: NDArray[np.float32]) -> None:
        """Append float32 (N,), full scale is 1; anything louder is clipped."""


def choose_format(name: str | None, target: Path, default: str | None = None) -> str:
    """The format called `name`, else the one the name of `target` says, else `default`; WAV on stdout.

    Raises:
        UsageError: there is no such format, or nothing says which.
    """
    if name is None:
        name = SUFFIXES.get(target.suffix.lower(), default or ("wav" if target == STDOUT else None))
    if name is None:
        raise UsageError(
            f"{target} does not say which format to write.",
            f"End its name in {', '.join(SUFFIXES)}, or add --format {'|'.join(FORMATS)}.",
        )
    if name not in FORMATS:
        raise UsageError(
            f"There is no format {name!r}.", f"{did_you_mean(name, FORMATS)}Formats: {', '.join(FORMATS)}."
        )
    return name


def check_target(target: Path, audio_format: str) -> None:
    """Find out before the work starts whether `target` could be written.

    Raises:
        InputError: its folder is missing or read-only, or it is a folder itself.
        MissingError: the format needs ffmpeg, which is not there.
    """
    if audio_format in FFMPEG_OPTIONS:
        find_ffmpeg()
    if target == STDOUT:
        return
    if target.is_dir():
        raise InputError(f"{target} is a directory.", f"Name a file in it: -o {target / 'speech.wav'}")
    if not target.parent.is_dir():
        raise InputError(f"The folder {target.parent} does not exist.", f"Make it first: mkdir -p {target.parent}")
    if not os.access(target if _is_special(target) else target.parent, os.W_OK):
        raise InputError(f"{target} cannot be written: permission denied.", "Choose another place with -o.")


@contextmanager
def open_sink(target: Path, audio_format: str, sample_rate: int) -> Iterator[AudioSink]:
    """A sink that ends in `target`, or on stdout when that is `-`.

    Raises:
        InputError: the target cannot be written, its disk is full, or the reader of the pipe went away.
    """
    try:
        with _open_file(target) as file, _open_format(file, audio_format, sample_rate) as sink:
            yield sink
    except BrokenPipeError:
        raise InputError(
            "The audio was not taken to its end: the program that was reading it has closed.",
            "To keep the audio, write it to a file: -o speech.wav",
        ) from None
    except OSError as error:
        raise InputError(
            f"{target} could not be written: {error.strerror or error}.",
            "No partial file was left. Free some space, or choose another place with -o.",
        ) from None


@contextmanager
def _open_file(target: Path) -> Iterator[_Destination]:
    if target == STDOUT:
        yield _Destination(sys.stdout.buffer, None)
    elif _is_special(target):
        with target.open("wb") as file:
            yield _Destination(file, None)
    else:
        with _replacing(target.resolve()) as destination:
            yield destination


@contextmanager
def _replacing(target: Path) -> Iterator[_Destination]:
    """A new file beside `target` that takes its name at the end, or disappears on any failure."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            yield _Destination(file, part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _is_special(target: Path) -> bool:
    """A device or a named pipe, which is written to rather than replaced."""
    return target.exists() and not target.is_file()


@contextmanager
def _open_format(destination: _Destination, audio_format: str, sample_rate: int) -> Iterator[AudioSink]:
    if audio_format == "raw":
        yield _RawSink(destination.file)
    elif audio_format == "wav":
        yield (wav := _WavSink(destination, sample_rate))
        wav.finish()
    else:
        with _FfmpegSink(destination, audio_format, sample_rate) as sink:
            yield sink


class _RawSink:
    """Signed 16-bit little-endian samples and nothing else."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def write(self, samples: NDArray[np.float32]) -> None:
        self.file.write(to_16_bits(samples))
        self.file.flush()  # so that a player at the other end starts at once


class _WavSink(_RawSink):
    """16-bit WAV. On a pipe its header says "until the stream ends"; in a file the length is put in at the end."""

    def __init__(self, destination: _Destination, sample_rate: int) -> None:
        super().__init__(destination.file)
        self.is_file = destination.path is not None
        self.sample_rate = sample_rate
        self.file.write(wav_header(sample_rate))

    def finish(self) -> None:
        num_bytes = self.file.tell() - WAV_HEADER.size if self.is_file else STREAMED_BYTES
        if num_bytes < STREAMED_BYTES:  # 12 hours; beyond, "until the stream ends" stays the best a WAV can say
            self.file.seek(0)
            self.file.write(wav_header(self.sample_rate, num_bytes))
        self.file.flush()


class _FfmpegSink:
    """A compressed format, by an ffmpeg process that does the writing."""

    def __init__(self, destination: _Destination, audio_format: str, sample_rate: int) -> None:
        source = ("-f", "s16le", "-ar", str(sample_rate), "-ac", "1", "-i", "pipe:0")
        # Given the path, ffmpeg can go back and put the length into the header.
        target = "pipe:1" if destination.path is None else f"file:{destination.path}"
        exact = ("-fflags", "+bitexact", "-flags:a", "+bitexact")  # no random stream number, no version string
        # A session of its own, so that Ctrl-C reaches us alone and we end ffmpeg in order.
        self.process = subprocess.Popen(
            [find_ffmpeg(), "-y", "-v", "error", *source, *FFMPEG_OPTIONS[audio_format], *exact, target],
            stdin=subprocess.PIPE,
            stdout=destination.file,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def write(self, samples: NDArray[np.float32]) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(to_16_bits(samples))
        except BrokenPipeError:  # ffmpeg has stopped: say what stopped it
            self._finish()

    def __enter__(self) -> AudioSink:
        return self

    def __exit__(self, error_type: type[BaseException] | None, *_: object) -> None:
        if error_type is None:
            self._finish()
        else:
            self.process.kill()
            self.process.communicate()

    def _finish(self) -> None:
        """Wait until ffmpeg has written everything, and raise what kept it from doing so."""
        _, complaint = self.process.communicate()
        status = self.process.returncode
        if status == 0:
            return
        text = complaint.decode(errors="replace")
        for code in (errno.EPIPE, errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
            if os.strerror(code) in text or status == -FATAL_SIGNALS.get(code, 0):
                raise OSError(code, os.strerror(code))
        raise OSError(errno.EIO, text.strip().splitlines()[-1] if text.strip() else f"ffmpeg ended with {status}")


def to_16_bits(samples: NDArray[np.float32]) -> bytes:
    """Samples (N,) as signed 16-bit little-endian."""
    return np.round(np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes()


def wav_header(sample_rate: int, num_bytes: int = STREAMED_BYTES) -> bytes:
    """What comes before `num_bytes` of samples in a 16-bit mono WAV; by default before a stream of unknown length."""
    riff = (b"RIFF", num_bytes + WAV_HEADER.size - 8, b"WAVE")
    pcm, channels, sample_bytes = 1, 1, 2
    layout = (b"fmt ", 16, pcm, channels, sample_rate, sample_rate * sample_bytes, sample_bytes, 8 * sample_bytes)
    return WAV_HEADER.pack(*riff, *layout, b"data", num_bytes)
