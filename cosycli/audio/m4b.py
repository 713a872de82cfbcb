"""AAC frames made into an M4B: the chapters, tags and tables at its beginning, so that it plays while it loads."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import IO

from cosycli.audio.cover import Picture
from cosycli.audio.mp4 import AudioTrack, TextTrack, box, chapter_list, movie, tag_list, title_sample
from cosycli.audio.tags import ChapterMark

__all__ = ["write_m4b"]

ADTS_HEADER_BYTES = 7


def write_m4b(
    frames: IO[bytes],
    target: IO[bytes],
    sample_rate: int,
    num_samples: int,
    tags: dict[str, str],
    marks: Sequence[ChapterMark],
    cover: Picture | None,
) -> None:
    """Make an M4B of AAC frames in ADTS (ISO/IEC 14496-3, annex 1.A.3), as ffmpeg's `-f adts` writes them.

    Args:
        frames: a file that can be rewound.
        num_samples: length of the sound that was encoded.
        marks: that cover the sound without a gap, or none.
    """
    sizes = array("I", (len(frame) for frame in _frames(frames)))
    config = _audio_config(frames)
    titles = [title_sample(mark.title) for mark in marks]
    user_data = tag_list(tags, None if cover is None else (cover.data, cover.is_png))
    user_data += chapter_list([mark.start / sample_rate for mark in marks], [mark.title for mark in marks])

    def described(start: int) -> bytes:
        """All that comes before the titles and frames, which begin at `start`."""
        first_frame = start + sum(map(len, titles))
        audio = AudioTrack(sample_rate, num_samples, config, sizes, first_frame)
        durations = [mark.end - mark.start for mark in marks]
        text = TextTrack(durations, array("I", map(len, titles)), start) if marks else None
        brands = box(b"ftyp", b"M4B ", bytes(4), b"M4B ", b"M4A ", b"mp42", b"isom")
        media_header = (1).to_bytes(4, "big") + b"mdat" + (16 + first_frame - start + sum(sizes)).to_bytes(8, "big")
        return brands + movie(audio, text, user_data) + media_header

    size = len(described(0))
    beginning = described(size)
    if len(beginning) != size:  # the offsets have become longer than 32 bits
        beginning = described(len(beginning))
    target.write(beginning)
    target.writelines(titles)
    target.writelines(_frames(frames))


def _frames(file: IO[bytes]) -> Iterator[bytes]:
    """Each frame without its header."""
    file.seek(0)
    while header := file.read(ADTS_HEADER_BYTES):
        size = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
        yield file.read(size - ADTS_HEADER_BYTES)


def _audio_config(file: IO[bytes]) -> bytes:
    """The AudioSpecificConfig that says what the first header says: profile, sampling frequency, channels."""
    file.seek(0)
    header = file.read(ADTS_HEADER_BYTES)
    profile, frequency = header[2] >> 6, header[2] >> 2 & 0xF
    channels = (header[2] & 1) << 2 | header[3] >> 6
    return ((profile + 1) << 11 | frequency << 7 | channels << 3).to_bytes(2, "big")
