"""What is in an audio file, and its sound, by ffmpeg alone: pip installs no ffprobe."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from cosycli.errors import InputError
from cosycli.sound.ffmpeg import find_ffmpeg, input_of, parse_ffmetadata

__all__ = ["AudioFile", "Mark", "Stream", "decode", "probe"]

BLOCK_BYTES = 2**20
NUM_CHANNELS = {"mono": 1, "stereo": 2}
CBR_SPREAD = 1  # byte, by which the frames of one bit rate differ: MP3 pads some of them


@dataclass(frozen=True)
class Stream:
    """How the sound of a file is encoded.

    Attributes:
        codec: as ffmpeg calls it.
        layout: of its channels, such as "mono".
        bit_rate: bits per second, on average.
        is_constant_bit_rate: whether all packets are of one size.
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
class Mark:
    """A chapter from sample `start` up to `end`, or to the end of the file."""

    title: str
    start: int
    end: int | None


@dataclass(frozen=True)
class AudioFile:
    """A file, how it is encoded, and its chapters: one where it has none."""

    path: Path
    stream: Stream
    marks: tuple[Mark, ...]


def probe(path: Path) -> AudioFile:
    """Read a file's packets, without decoding them, and its chapters.

    Raises:
        InputError: it cannot be read, or is not audio.
        MissingError: ffmpeg is not there.
    """
    if not path.is_file():
        problem = "is a directory" if path.is_dir() else "does not exist"
        raise InputError(f"{path} {problem}.", "Name audio files: M4B, MP3, FLAC, Opus or WAV.")
    stream = _stream(path)
    return AudioFile(path, stream, _marks(path, stream.sample_rate))


def decode(file: AudioFile) -> Iterator[NDArray[np.float32]]:
    """The sound of a file as blocks (N, channels), full scale is 1.

    Raises:
        InputError: it ends in the middle of a frame, or is damaged.
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
    """From ffmpeg's `framecrc`: facts of the stream, then a line of comma-separated numbers for each packet."""
    facts: dict[str, str] = {}
    num_bytes, smallest, largest, duration = 0, None, 0, 0
    with _ffmpeg(path, ("-c", "copy", "-f", "framecrc")) as output:
        for line in output:
            if line.startswith(b"#"):
                name, _, value = line[1:].decode(errors="replace").partition(":")
                facts[name.removesuffix(" 0")] = value.strip()
                continue
            packet = line.split(b",")
            size = int(packet[4])
            duration += int(packet[3])
            num_bytes += size
            smallest = size if smallest is None else min(size, smallest)
            largest = max(size, largest)
    if smallest is None or "sample_rate" not in facts:
        raise _not_audio(path)
    ticks, per_second = map(int, facts["tb"].split("/"))
    return Stream(
        codec=facts["codec_id"],
        sample_rate=int(facts["sample_rate"]),
        layout=facts["channel_layout_name"],
        bit_rate=8 * num_bytes * per_second / (ticks * max(1, duration)),
        is_constant_bit_rate=largest - smallest <= CBR_SPREAD,
    )


def _marks(path: Path, sample_rate: int) -> tuple[Mark, ...]:
    command = [find_ffmpeg(), "-nostdin", "-v", "error", "-copyts", *input_of(path), "-f", "ffmetadata", "pipe:1"]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        raise _not_audio(path)
    tags, chapters = parse_ffmetadata(done.stdout.decode(errors="replace"))
    if not chapters:
        return (Mark(tags.get("title", path.stem), 0, None),)
    marks = [
        Mark(chapter.title, round(chapter.start_s * sample_rate), round(chapter.end_s * sample_rate))
        for chapter in chapters
    ]
    return (*marks[:-1], Mark(marks[-1].title, marks[-1].start, None))


@contextmanager
def _ffmpeg(path: Path, output: tuple[str, ...]) -> Iterator[IO[bytes]]:
    """What ffmpeg makes of the first sound of a file."""
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
