"""Where the ffmpeg program is: the one that pip installed with us, else the one on the PATH."""

from __future__ import annotations

import shutil

from cosycli.errors import MissingError

__all__ = ["find_ffmpeg"]


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
