"""Reads the encoding, the chapters and the sound of an audio file with ffmpeg alone: imageio-ffmpeg has no ffprobe.

Legend: N samples.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from cosycli.errors import InputError
from cosycli.sound.ffmpeg import FileChapter, find_ffmpeg, input_of, parse_ffmetadata

BLOCK_BYTES = 2**20
NUM_CHANNELS = {"mono": 1, "stereo": 2}
CBR_SPREAD = 1  # bytes; frames of one bit rate differ by no more: MP3 pads some of them


@dataclass(frozen=True)
class Stream:
    """The encoding of the sound of a file.

    Attributes:
        codec: ffmpeg's name of the codec.
        sample_rate: Hz.
        layout: ffmpeg's name of the channel layout, such as "mono".
        bit_rate: bits per second, on average.
        is_constant_bit_rate: whether all packets have the same size.
    """

    codec: str
    sample_rate: int
    layout: str
    bit_rate: float
    is_constant_bit_rate: bool

    @property
    def num_channels(self) -> int:
        return NUM_CHANNELS.get(self.layout, 3)

    @property
    def encoding(self) -> str:
        return f"{self.codec}, {self.sample_rate} Hz, {self.layout}"


@dataclass(frozen=True)
class AudioFile:
    """A file, its encoding and its chapters; a file without chapters counts as one chapter."""

    path: Path
    stream: Stream
    chapters: tuple[FileChapter, ...]


def probe(path: Path) -> AudioFile:
    """Read the packets of a file, without decoding them, and its chapters.

    Raises:
        InputError: the file cannot be read, or is not audio.
        MissingError: ffmpeg is not installed.
    """
    if not path.is_file():
        problem = "is a directory" if path.is_dir() else "does not exist"
        raise InputError(f"{path} {problem}.", "Name audio files: M4B, MP3, FLAC, Opus or WAV.")
    return AudioFile(path, _stream(path), _chapters(path))


def decode(file: AudioFile) -> Iterator[NDArray[np.float32]]:
    """Yield the sound of a file as blocks (N, channels), full scale is 1; more than two channels are mixed to two.

    Raises:
        InputError: the file is truncated or damaged.
    """
    channels = ("-ac", "2") if file.stream.num_channels > 2 else ()
    frame_bytes = 4 * min(2, file.stream.num_channels)
    with _ffmpeg(file.path, (*channels, "-c:a", "pcm_f32le", "-f", "f32le")) as output:
        rest = b""
        while data := output.read(BLOCK_BYTES):
            data = rest + data
            whole = len(data) // frame_bytes * frame_bytes
            rest = data[whole:]
            yield np.frombuffer(data[:whole], "<f4").astype(np.float32).reshape(-1, frame_bytes // 4)


def _stream(path: Path) -> Stream:
    """Parse ffmpeg's `framecrc` output: properties of the stream, then a line of comma-separated numbers per packet."""
    properties: dict[str, str] = {}
    num_bytes, smallest, largest, duration = 0, None, 0, 0
    with _ffmpeg(path, ("-c", "copy", "-f", "framecrc")) as output:
        for line in output:
            if line.startswith(b"#"):
                name, _, value = line[1:].decode(errors="replace").partition(":")
                properties[name.removesuffix(" 0")] = value.strip()
                continue
            packet = line.split(b",")
            size = int(packet[4])
            duration += int(packet[3])
            num_bytes += size
            smallest = size if smallest is None else min(size, smallest)
            largest = max(size, largest)
    if smallest is None or "sample_rate" not in properties:
        raise _not_audio(path)
    ticks, per_second = map(int, properties["tb"].split("/"))
    return Stream(
        codec=properties["codec_id"],
        sample_rate=int(properties["sample_rate"]),
        layout=properties["channel_layout_name"],
        bit_rate=8 * num_bytes * per_second / (ticks * max(1, duration)),
        is_constant_bit_rate=largest - smallest <= CBR_SPREAD,
    )


def _chapters(path: Path) -> tuple[FileChapter, ...]:
    command = [find_ffmpeg(), "-nostdin", "-v", "error", "-copyts", *input_of(path), "-f", "ffmetadata", "pipe:1"]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        raise _not_audio(path)
    tags, chapters = parse_ffmetadata(done.stdout.decode(errors="replace"))
    if not chapters:
        return (FileChapter(tags.get("title", path.stem), 0.0, None),)
    return (*chapters[:-1], replace(chapters[-1], end_s=None))


@contextmanager
def _ffmpeg(path: Path, output: tuple[str, ...]) -> Iterator[IO[bytes]]:
    """Run ffmpeg on the first audio stream of a file; yields its standard output."""
    command = [find_ffmpeg(), "-nostdin", "-v", "error", *input_of(path), "-map", "0:a:0", *output, "pipe:1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
    assert process.stdout is not None
    try:
        yield process.stdout
    except BaseException:
        process.kill()
        raise
    finally:
        process.stdout.close()
        status = process.wait()
    if status != 0:
        raise _not_audio(path)


def _not_audio(path: Path) -> InputError:
    return InputError(f"{path} is not audio that can be read to its end.", "Write it again, or check its name.")
