"""Runs the ffmpeg program: finds it, restricts what it reads, pipes sound into it, and exchanges tags with it.

The program is the one of the package imageio-ffmpeg, else the one on the PATH.

Legend: N samples.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from cosycli.errors import MissingError
from cosycli.sound.wav import to_16_bits

EXACT = ("-fflags", "+bitexact", "-flags:a", "+bitexact")  # no random stream number, no version string
# Containers and streams of audio; no playlists and image lists, which refer to other files.
INPUT_FORMATS = "mov,mp4,m4a,3gp,matroska,webm,aac,ac3,eac3,amr,asf,caf,mp3,ogg,flac,wav,aiff,w64,ape,wv,tta,mpegts"
# Signals that end a process instead of these write errors.
FATAL_SIGNALS = {errno.EPIPE: 13, errno.EFBIG: 25}  # SIGPIPE, SIGXFSZ
ENTRY = re.compile(r"(?:[^\\\n]|\\[\s\S])+")  # a line of a metadata file; an escaped newline does not end it
NAME_END = re.compile(r"(?<!\\)=")


def find_ffmpeg() -> str:
    """The path of the ffmpeg program.

    Raises:
        MissingError: it is not installed.
    """
    import imageio_ffmpeg

    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:
        found = shutil.which("ffmpeg")
    if found is None:
        raise MissingError(
            "ffmpeg is not installed: it reads and writes the compressed audio formats.",
            "Run `pip install imageio-ffmpeg`, or write --format wav.",
        )
    return found


def input_of(path: Path) -> tuple[str, ...]:
    """The arguments with which ffmpeg reads a file as audio; nothing in it makes ffmpeg read another file or URL."""
    return ("-protocol_whitelist", "file", "-format_whitelist", INPUT_FORMATS, "-i", f"file:{path}")


class FfmpegSink:
    """An ffmpeg process that reads mono sound from us as its first input, and writes the output.

    Args:
        arguments: further inputs, options and the output, as on ffmpeg's command line.
        stdout: receives the output if that is `pipe:1`.

    Raises:
        OSError: ffmpeg failed; raised by `write` or at the end.
    """

    def __init__(
        self, sample_rate: int, arguments: Sequence[str], stdout: IO[bytes] | int = subprocess.DEVNULL
    ) -> None:
        source = ("-f", "s16le", "-ar", str(sample_rate), "-ac", "1", "-i", "pipe:0")
        # In a session of its own: Ctrl-C reaches only us, and we end ffmpeg in order.
        self.process = subprocess.Popen(
            [find_ffmpeg(), "-y", "-v", "error", *source, *arguments],
            stdin=subprocess.PIPE,
            stdout=stdout or subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def write(self, samples: NDArray[np.float32]) -> None:
        """Append float32 (N,)."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(to_16_bits(samples))
        except BrokenPipeError:  # ffmpeg has stopped: raise its error
            self._finish()

    def __enter__(self) -> FfmpegSink:
        return self

    def __exit__(self, error_type: type[BaseException] | None, *_: object) -> None:
        if error_type is None:
            self._finish()
        else:
            self.process.kill()
            self.process.communicate()

    def _finish(self) -> None:
        """Wait until ffmpeg has written everything; raise its error if it has failed."""
        _, complaint = self.process.communicate()
        status = self.process.returncode
        if status == 0:
            return
        text = complaint.decode(errors="replace")
        for code in (errno.EPIPE, errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
            if os.strerror(code) in text or status == -FATAL_SIGNALS.get(code, 0):
                raise OSError(code, os.strerror(code))
        raise OSError(errno.EIO, text.strip().splitlines()[-1] if text.strip() else f"ffmpeg ended with {status}")


@dataclass(frozen=True)
class FileChapter:
    """A chapter of an audio file, in seconds from its start; `end_s` is None for "to the end of the file"."""

    title: str
    start_s: float
    end_s: float | None


def to_ffmetadata(tags: Mapping[str, str]) -> str:
    """The text of an ffmpeg metadata file with these tags ("FFmpeg Formats", section Metadata)."""
    return "\n".join([";FFMETADATA1", *_assignments(tags)]) + "\n"


def _assignments(tags: Mapping[str, str]) -> Iterator[str]:
    for name, value in tags.items():
        escaped = "".join(f"\\{sign}" if sign in "=;#\\\n" else sign for sign in value)
        # ffmpeg reads any backslash at the end of a line as an escape of the newline.
        yield f"{name}={escaped} " if escaped.endswith("\\") else f"{name}={escaped}"


def parse_ffmetadata(text: str) -> tuple[dict[str, str], list[FileChapter]]:
    """The tags and chapters of a metadata file that ffmpeg has written."""
    tags: dict[str, str] = {}
    sections: list[dict[str, str]] = []
    for line in ENTRY.findall(text):
        if line.startswith("["):
            sections.append({"kind": line})
        elif not line.startswith(";"):
            name, value = NAME_END.split(line, maxsplit=1)
            (sections[-1] if sections else tags)[_unescape(name)] = _unescape(value)
    return tags, [_chapter(section) for section in sections if section["kind"] == "[CHAPTER]"]


def _chapter(section: Mapping[str, str]) -> FileChapter:
    tick = Fraction(section["TIMEBASE"])
    return FileChapter(section.get("title", ""), float(int(section["START"]) * tick), float(int(section["END"]) * tick))


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
