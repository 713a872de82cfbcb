"""The ffmpeg program: where it is, and how sound is given to it.

It is the one that pip installed with us, else the one on the PATH.
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

__all__ = ["EXACT", "FfmpegSink", "Section", "find_ffmpeg", "input_of", "parse_ffmetadata", "to_ffmetadata"]

EXACT = ("-fflags", "+bitexact", "-flags:a", "+bitexact")  # no random stream number, no version string
# Containers and streams of audio. Playlists and image lists, which name further files, are left out.
FORMATS = "mov,mp4,m4a,3gp,matroska,webm,aac,ac3,eac3,amr,asf,caf,mp3,ogg,flac,wav,aiff,w64,ape,wv,tta,mpegts"
# A process that may not write ends by these signals instead of an error.
FATAL_SIGNALS = {errno.EPIPE: 13, errno.EFBIG: 25}  # SIGPIPE, SIGXFSZ
ENTRY = re.compile(r"(?:[^\\\n]|\\[\s\S])+")  # a line; an escaped newline does not end it
NAME_END = re.compile(r"(?<!\\)=")


def find_ffmpeg() -> str:
    """The path of an ffmpeg program.

    Raises:
        MissingError: there is none.
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
    """The arguments by which ffmpeg reads an audio file that came from anywhere, and nothing else."""
    return ("-protocol_whitelist", "file", "-format_whitelist", FORMATS, "-i", f"file:{path}")


class FfmpegSink:
    """An ffmpeg process that takes mono sound as its first input and does the writing.

    Args:
        arguments: further inputs, options and the output, as the ffmpeg command line has them.
        stdout: where it writes when its output is `pipe:1`.

    Raises:
        OSError: on writing or at the end, with what kept ffmpeg from doing its work.
    """

    def __init__(
        self, sample_rate: int, arguments: Sequence[str], stdout: IO[bytes] | int = subprocess.DEVNULL
    ) -> None:
        source = ("-f", "s16le", "-ar", str(sample_rate), "-ac", "1", "-i", "pipe:0")
        # A session of its own, so that Ctrl-C reaches us alone and we end ffmpeg in order.
        self.process = subprocess.Popen(
            [find_ffmpeg(), "-y", "-v", "error", *source, *arguments],
            stdin=subprocess.PIPE,
            stdout=stdout or subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def write(self, samples: NDArray[np.float32]) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(to_16_bits(samples))
        except BrokenPipeError:  # ffmpeg has stopped: say what stopped it
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


@dataclass(frozen=True)
class Section:
    """A chapter as a file has it, in seconds."""

    title: str
    start_s: float
    end_s: float


def to_ffmetadata(tags: Mapping[str, str]) -> str:
    """The file that tells ffmpeg these tags."""
    return "\n".join([";FFMETADATA1", *_assignments(tags)]) + "\n"


def _assignments(tags: Mapping[str, str]) -> Iterator[str]:
    for name, value in tags.items():
        escaped = "".join(f"\\{sign}" if sign in "=;#\\\n" else sign for sign in value)
        # ffmpeg takes any backslash before the end of a line for one that escapes it.
        yield f"{name}={escaped} " if escaped.endswith("\\") else f"{name}={escaped}"


def parse_ffmetadata(text: str) -> tuple[dict[str, str], list[Section]]:
    """The tags and chapters in a file of ffmpeg's own writing."""
    tags: dict[str, str] = {}
    sections: list[dict[str, str]] = []
    for line in ENTRY.findall(text):
        if line.startswith("["):
            sections.append({"kind": line})
        elif not line.startswith(";"):
            name, value = NAME_END.split(line, maxsplit=1)
            (sections[-1] if sections else tags)[_unescape(name)] = _unescape(value)
    return tags, [_section(found) for found in sections if found["kind"] == "[CHAPTER]"]


def _section(found: Mapping[str, str]) -> Section:
    tick = Fraction(found["TIMEBASE"])
    return Section(found.get("title", ""), float(int(found["START"]) * tick), float(int(found["END"]) * tick))


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
