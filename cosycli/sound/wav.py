"""Writes 16-bit mono WAV: its header, its tags, and RF64 beyond 4 GB.

RF64 is EBU Tech 3306: a `JUNK` chunk reserves space for the `ds64` chunk, which holds sizes of more than 32 bits.
Tags are the INFO list of "Multimedia Programming Interface and Data Specifications 1.0" (IBM and Microsoft, 1991).

Legend: N samples.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import IO

import numpy as np
from numpy.typing import NDArray

STREAMED_BYTES = 0x7FFFF000  # the length by which sox and others mean "until the stream ends"
UNKNOWN = 0xFFFFFFFF  # a 32-bit size of RF64 whose value stands in ds64
SAMPLE_BYTES = 2
DS64 = struct.Struct("<QQQI")  # sizes of file and data, number of samples, length of an empty table
INFO_IDS = {
    "title": b"INAM",
    "artist": b"IART",
    "album": b"IPRD",
    "genre": b"IGNR",
    "date": b"ICRD",
    "track": b"ITRK",
    "comment": b"ICMT",
}


def to_16_bits(samples: NDArray[np.float32]) -> bytes:
    """Convert samples (N,) to signed 16-bit little-endian; values beyond full scale are clipped."""
    return np.round(np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes()


def wav_header(sample_rate: int, num_bytes: int = STREAMED_BYTES) -> bytes:
    """The header before `num_bytes` of samples; by default before a stream of unknown length."""
    layout = _chunk(b"fmt ", _pcm_layout(sample_rate))
    return _opening(b"RIFF", len(layout) + 8 + num_bytes + 4) + layout + struct.pack("<4sI", b"data", num_bytes)


class WavFile:
    """Writes a WAV to a seekable file, and completes its header at the end.

    Args:
        tags: by ffmpeg's names; those that `INFO_IDS` lacks are omitted.
    """

    def __init__(self, file: IO[bytes], sample_rate: int, tags: Mapping[str, str] | None = None) -> None:
        self.file = file
        self.sample_rate = sample_rate
        self.info = _info_list(tags or {})
        self.file.write(self._header(0))
        self.start = self.file.tell()

    def write(self, samples: NDArray[np.float32]) -> None:
        """Append float32 (N,)."""
        self.file.write(to_16_bits(samples))

    def finish(self) -> None:
        """Write the length into the header."""
        num_bytes = self.file.tell() - self.start
        self.file.seek(0)
        self.file.write(self._header(num_bytes))
        self.file.flush()

    def _header(self, num_bytes: int) -> bytes:
        chunks = _chunk(b"fmt ", _pcm_layout(self.sample_rate)) + self.info
        size = 4 + 8 + DS64.size + len(chunks) + 8 + num_bytes  # bytes after the size field itself
        if size < UNKNOWN:
            reserved = _chunk(b"JUNK", bytes(DS64.size))
            return _opening(b"RIFF", size) + reserved + chunks + struct.pack("<4sI", b"data", num_bytes)
        sizes = _chunk(b"ds64", DS64.pack(size, num_bytes, num_bytes // SAMPLE_BYTES, 0))
        return _opening(b"RF64", UNKNOWN) + sizes + chunks + struct.pack("<4sI", b"data", UNKNOWN)


def _opening(name: bytes, size: int) -> bytes:
    return struct.pack("<4sI4s", name, size, b"WAVE")


def _pcm_layout(sample_rate: int) -> bytes:
    pcm, channels = 1, 1
    return struct.pack(
        "<HHIIHH", pcm, channels, sample_rate, sample_rate * SAMPLE_BYTES, SAMPLE_BYTES, 8 * SAMPLE_BYTES
    )


def _info_list(tags: Mapping[str, str]) -> bytes:
    items = [_chunk(name, tags[key].encode() + b"\0") for key, name in INFO_IDS.items() if tags.get(key)]
    return _chunk(b"LIST", b"INFO" + b"".join(items)) if items else b""


def _chunk(name: bytes, content: bytes) -> bytes:
    """A chunk, padded to an even length; its size field does not count the padding."""
    return struct.pack("<4sI", name, len(content)) + content + bytes(len(content) % 2)
