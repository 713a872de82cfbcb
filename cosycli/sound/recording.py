"""Reads recordings of any common format as mono float32: clips as a whole, long recordings block by block.

soundfile reads WAV, FLAC, MP3 and Ogg. ffmpeg decodes all other formats: clips and short sources as a whole, through
pydub, and longer sources as a stream.

Legend: N samples.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from cosycli.errors import InputError
from cosycli.sound.audio_segment import samples_of, segment_of_wav, silence_at_ends
from cosycli.sound.ffmpeg import find_ffmpeg, input_of
from cosycli.sound.levels import measure

MIN_REFERENCE_S = 3.0  # the published models accept 3 to 30 s
MAX_REFERENCE_S = 30.0
MAX_RECORDING_S = 600.0  # the maximum of `read_recording`, in memory: 10 minutes at 192 kHz take 460 MB
MIN_RATE, MAX_RATE = 8_000, 192_000  # Hz
SILENCE_DB = -50.0  # dBFS; a clip with a lower speech level is silent. Quiet speech is near -35
MAX_CLIPPED = 0.001  # fraction of samples at full scale; 0 in clean recordings
END_SILENCE_S = 0.2  # silence kept at the ends of a clip
FFMPEG_RATE = 48_000  # Hz, of what ffmpeg decodes; compressed formats contain no higher frequencies
MAX_WHOLE_S = 120.0  # a source of at most this length is decoded at once, so that its duration is known
SAMPLE_BYTES = 4  # float32
BLOCK_S = 4.0  # length of the blocks of a long recording


@dataclass(frozen=True)
class Recording:
    """A mono recording.

    Attributes:
        samples: float32 (N,), full scale is 1.
        sample_rate: Hz.
    """

    samples: NDArray[np.float32]
    sample_rate: int

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.sample_rate

    def resample(self, sample_rate: int) -> Recording:
        """Resample with soxr's best filter."""
        if sample_rate == self.sample_rate:
            return self
        return Recording(soxr.resample(self.samples, self.sample_rate, sample_rate, quality="VHQ"), sample_rate)


@dataclass(frozen=True)
class LongRecording:
    """A mono recording that is read block by block.

    Attributes:
        blocks: float32, each (N,); can be iterated once.
        duration_s: None if it is unknown before the end.
    """

    blocks: Iterator[NDArray[np.float32]]
    duration_s: float | None


def read_reference(path: Path) -> Recording:
    """Read a clip that can be the reference of a voice: 3 to 30 s, neither silent nor clipped.

    Raises:
        InputError: it is not such a clip, or not audio.
    """
    recording = read_recording(path, max_s=MAX_REFERENCE_S)
    if recording.duration_s < MIN_REFERENCE_S:
        raise _too_short(path, recording.duration_s)
    measured = measure(recording.samples, recording.sample_rate)
    if measured.level_db < SILENCE_DB:
        raise InputError(
            f"{path} is silent: its level is {measured.level_db:.0f} dB.",
            "Check that the right channel or file was recorded, and give a clip with speech in it.",
        )
    if measured.clipped > MAX_CLIPPED:
        raise InputError(
            f"{path} is clipped: {measured.clipped:.1%} of its samples are at full scale.",
            "Record it again at a lower level; turning a clipped clip down does not repair it.",
        )
    return recording


def read_voice_clip(path: Path) -> Recording:
    """Read a clip as `read_reference` does, and cut the silence at both ends to at most `END_SILENCE_S`.

    Raises:
        InputError: as `read_reference`, or less than 3 s remain.
    """
    recording = read_reference(path)
    rate = recording.sample_rate
    head, tail = (round((s - END_SILENCE_S) * rate) for s in silence_at_ends(recording.samples, rate))
    cut = Recording(recording.samples[max(0, head) : len(recording.samples) - max(0, tail)], rate)
    if cut.duration_s < MIN_REFERENCE_S:
        raise _too_short(path, cut.duration_s, " without the silence at its ends")
    return cut


def read_recording(path: Path, max_s: float = MAX_RECORDING_S) -> Recording:
    """Read any audio file as one channel; several channels are averaged.

    Raises:
        InputError: the file cannot be read, is not audio, is empty, or is longer than `max_s`.
    """
    _check_exists(path)
    channels, sample_rate = _decode(path, max_s)
    _check_rate(sample_rate, path)
    if len(channels) > max_s * sample_rate:
        raise InputError(
            f"{path} is longer than {max_s:.0f} s.", f"Cut it: `ffmpeg -i {path.name} -t {max_s:.0f} shorter.wav`."
        )
    if not len(channels):
        raise _no_sound(path)
    return Recording(_one_channel(channels, path), sample_rate)


def open_recording(path: Path, sample_rate: int) -> LongRecording:
    """Open any audio file of any length as one channel, resampled to `sample_rate`.

    Raises:
        InputError: the file cannot be read, is not audio, or is empty. Its blocks raise it where the file is damaged.
    """
    _check_exists(path)
    try:
        file = _SequentialFile(path)
    except (soundfile.LibsndfileError, TypeError):
        own_rate = FFMPEG_RATE
        duration_s, channels = _open_by_ffmpeg(path)
    except OSError as error:
        raise _unreadable(path, error) from None
    else:
        own_rate, duration_s = file.samplerate, file.frames / file.samplerate
        channels = _blocks_of(file, path)
    _check_rate(own_rate, path)
    blocks = _resampled_blocks((_one_channel(block, path) for block in channels), own_rate, sample_rate)
    first = next(blocks, None)
    if first is None:
        raise _no_sound(path)
    return LongRecording(chain([first], blocks), duration_s)


def _check_exists(path: Path) -> None:
    if not path.is_file():
        problem = "is a directory" if path.is_dir() else "does not exist"
        raise InputError(f"{path} {problem}.", "Name an audio file: WAV, FLAC, MP3, Ogg, Opus, M4A or WebM.")


def _check_rate(sample_rate: int, path: Path) -> None:
    if not MIN_RATE <= sample_rate <= MAX_RATE:
        raise InputError(f"{path} has {sample_rate} samples per second.", f"Give {MIN_RATE} to {MAX_RATE} Hz.")


def _too_short(path: Path, duration_s: float, condition: str = "") -> InputError:
    return InputError(
        f"{path} is {duration_s:.1f} s long{condition}, too short to know a voice by.",
        f"Give {MIN_REFERENCE_S:.0f} to {MAX_REFERENCE_S:.0f} s of one person speaking.",
    )


def _no_sound(path: Path) -> InputError:
    return InputError(f"{path} holds no sound.", "Give a recording of speech.")


def _unreadable(path: Path, error: OSError) -> InputError:
    return InputError(f"{path} cannot be read: {error.strerror or error}.", "Check its permissions.")


def _not_audio(path: Path) -> InputError:
    return InputError(
        f"{path} is not audio that can be read.",
        "Give WAV, FLAC, MP3, Ogg, Opus, M4A or WebM, or convert it with ffmpeg first.",
    )


def _one_channel(channels: NDArray[np.float32], path: Path) -> NDArray[np.float32]:
    """(N, channels) -> their mean (N,)."""
    if not np.isfinite(channels).all():
        raise InputError(f"{path} holds values that are not numbers.", "Export it again as 16-bit WAV or FLAC.")
    return np.ascontiguousarray(channels.mean(axis=1, dtype=np.float32))


class _SequentialFile(soundfile.SoundFile):  # type: ignore[misc]
    """A file that is read from start to end: soundfile seeks after every block otherwise, which breaks MP3 decoding."""

    def seekable(self) -> bool:
        return False


def _blocks_of(file: _SequentialFile, path: Path) -> Iterator[NDArray[np.float32]]:
    """Yield the blocks (N, channels) of an open file, and close it."""
    num_read = 0
    with file:
        try:
            while len(block := file.read(round(BLOCK_S * file.samplerate), dtype="float32", always_2d=True)):
                yield block
                num_read += len(block)
        except soundfile.LibsndfileError:
            where_s = num_read / file.samplerate
            raise InputError(f"{path} is damaged after {where_s:.0f} s.", "Export or copy it again.") from None


def _resampled_blocks(
    blocks: Iterator[NDArray[np.float32]], own_rate: int, sample_rate: int
) -> Iterator[NDArray[np.float32]]:
    """Resample a stream of blocks; empty blocks are omitted."""
    stream = soxr.ResampleStream(own_rate, sample_rate, 1, quality="VHQ")
    for block in blocks:
        if len(resampled := stream.resample_chunk(block)):
            yield resampled
    if len(rest := stream.resample_chunk(np.zeros(0, np.float32), last=True)):
        yield rest


def _decode(path: Path, max_s: float) -> tuple[NDArray[np.float32], int]:
    """Read at most `max_s` + 1 seconds: samples (N, channels) and sample rate."""
    try:
        with soundfile.SoundFile(path) as file:
            num_frames = int((max_s + 1) * file.samplerate)
            return file.read(num_frames, dtype="float32", always_2d=True), file.samplerate
    except (soundfile.LibsndfileError, TypeError):  # TypeError: soundfile reads the suffix .raw as a format
        return _decode_by_ffmpeg(path, max_s), FFMPEG_RATE
    except OSError as error:
        raise _unreadable(path, error) from None


def _decode_by_ffmpeg(path: Path, max_s: float) -> NDArray[np.float32]:
    """Samples (N, 1) at `FFMPEG_RATE`, at most `max_s` + 1 seconds."""
    command = _ffmpeg_command(path, "-t", str(max_s + 1), "-c:a", "pcm_s32le", "-f", "wav")
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0 or not done.stdout:
        raise _not_audio(path)
    return samples_of(segment_of_wav(done.stdout))


def _open_by_ffmpeg(path: Path) -> tuple[float | None, Iterator[NDArray[np.float32]]]:
    """The duration, if the file is short, and the blocks (N, 1) at `FFMPEG_RATE`."""
    samples = _decode_by_ffmpeg(path, MAX_WHOLE_S)
    if len(samples) > MAX_WHOLE_S * FFMPEG_RATE:
        return None, _blocks_by_ffmpeg(path)
    block = round(BLOCK_S * FFMPEG_RATE)
    return len(samples) / FFMPEG_RATE, (samples[start : start + block] for start in range(0, len(samples), block))


def _blocks_by_ffmpeg(path: Path) -> Iterator[NDArray[np.float32]]:
    """Yield the blocks (N, 1) at `FFMPEG_RATE` of a file of any length, in bounded memory."""
    process = subprocess.Popen(_ffmpeg_command(path, "-f", "f32le"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    try:
        while data := process.stdout.read(round(BLOCK_S * FFMPEG_RATE) * SAMPLE_BYTES):
            yield np.frombuffer(data, dtype="<f4").astype(np.float32).reshape(-1, 1)
        if process.wait() != 0:
            raise _not_audio(path)
    finally:
        process.kill()
        process.communicate()


def _ffmpeg_command(path: Path, *output: str) -> list[str]:
    source = [*input_of(path), "-map", "0:a:0", "-ac", "1", "-ar", str(FFMPEG_RATE)]
    return [find_ffmpeg(), "-nostdin", "-v", "error", *source, *output, "pipe:1"]
