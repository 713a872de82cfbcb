"""The ffmpeg program: where it is, and how sound is given to it.

It is the one that pip installed with us, else the one on the PATH.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from cosycli.audio.riff import to_16_bits
from cosycli.errors import MissingError

__all__ = ["EXACT", "FfmpegSink", "find_ffmpeg", "input_of"]

EXACT = ("-fflags", "+bitexact", "-flags:a", "+bitexact")  # no random stream number, no version string
# Containers and streams of audio. Playlists and image lists, which name further files, are left out.
FORMATS = "mov,mp4,m4a,3gp,matroska,webm,aac,ac3,eac3,amr,asf,caf,mp3,ogg,flac,wav,aiff,w64,ape,wv,tta,mpegts"
# A process that may not write ends by these signals instead of an error.
FATAL_SIGNALS = {errno.EPIPE: 13, errno.EFBIG: 25}  # SIGPIPE, SIGXFSZ


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
