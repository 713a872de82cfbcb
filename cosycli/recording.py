"""Reference audio in any common format, as mono float32.

Legend: N samples.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from cosycli.audio.ffmpeg import find_ffmpeg, input_of
from cosycli.audio.measure import measure
from cosycli.errors import InputError

__all__ = ["MAX_REFERENCE_S", "MIN_REFERENCE_S", "Recording", "read_recording", "read_reference"]

MIN_REFERENCE_S = 3.0  # the published models take 3 to 30 s
MAX_REFERENCE_S = 30.0
MAX_RECORDING_S = 600.0  # what `read_recording` will hold in memory: 10 minutes at 192 kHz is 460 MB
MIN_RATE, MAX_RATE = 8_000, 192_000  # Hz
SILENCE_DB = -50.0  # speech level below which a clip is called silent; quiet speech is near -35
MAX_CLIPPED = 0.001  # fraction of samples at full scale; clean recordings measure 0
FFMPEG_RATE = 48_000  # Hz: what compressed formats are decoded to; they carry no more


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
        """The same sound at another rate, by soxr's highest quality filter."""
        if sample_rate == self.sample_rate:
            return self
        return Recording(soxr.resample(self.samples, self.sample_rate, sample_rate, quality="VHQ"), sample_rate)


def read_reference(path: Path) -> Recording:
    """A clip of one voice, fit to be imitated: 3 to 30 s, neither silent nor clipped.

    Raises:
        InputError: it is not, or it is not audio.
    """
    recording = read_recording(path, max_s=MAX_REFERENCE_S)
    if recording.duration_s < MIN_REFERENCE_S:
        raise InputError(
            f"{path} is {recording.duration_s:.1f} s long, too short to know a voice by.",
            f"Give {MIN_REFERENCE_S:.0f} to {MAX_REFERENCE_S:.0f} s of one person speaking.",
        )
    measured = measure(recording.samples, recording.sample_rate)
    if measured.level_db < SILENCE_DB:
        raise InputError(
            f"{path} is silent: its level is {measured.level_db:.0f} dB.",
            "Check that the right channel or file was recorded, and give a clip with speech in it.",
        )
    if measured.clipped > MAX_CLIPPED:
        raise InputError(
            f"{path} is clipped: {measured.clipped:.1%} of its samples are at full scale.",
            "Record it again at a lower level; turning a clipped clip down does not mend it.",
        )
    return recording


def read_recording(path: Path, max_s: float = MAX_RECORDING_S) -> Recording:
    """Any audio file as one channel; several channels are averaged.

    Raises:
        InputError: the file cannot be read, is not audio, is empty or longer than `max_s`.
    """
    if not path.is_file():
        problem = "is a directory" if path.is_dir() else "does not exist"
        raise InputError(f"{path} {problem}.", "Name an audio file: WAV, FLAC, MP3, Ogg, Opus, M4A or WebM.")
    channels, sample_rate = _decode(path, max_s)
    if not MIN_RATE <= sample_rate <= MAX_RATE:
        raise InputError(f"{path} has {sample_rate} samples per second.", f"Give {MIN_RATE} to {MAX_RATE} Hz.")
    if len(channels) > max_s * sample_rate:
        raise InputError(
            f"{path} is longer than {max_s:.0f} s.",
            f"Cut it: `ffmpeg -i {path.name} -t {max_s:.0f} shorter.wav`.",
        )
    if not len(channels):
        raise InputError(f"{path} holds no sound.", "Give a recording of speech.")
    if not np.isfinite(channels).all():
        raise InputError(f"{path} holds values that are not numbers.", "Export it again as 16-bit WAV or FLAC.")
    return Recording(np.ascontiguousarray(channels.mean(axis=1, dtype=np.float32)), sample_rate)


def _decode(path: Path, max_s: float) -> tuple[NDArray[np.float32], int]:
    """Channels (N, channels) and rate; never more than a second beyond `max_s`."""
    try:
        with soundfile.SoundFile(path) as file:
            num_frames = int((max_s + 1) * file.samplerate)
            return file.read(num_frames, dtype="float32", always_2d=True), file.samplerate
    except (soundfile.LibsndfileError, TypeError):  # TypeError: soundfile takes the suffix .raw as a format
        return _decode_by_ffmpeg(path, max_s), FFMPEG_RATE
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.", "Check its permissions.") from None


def _decode_by_ffmpeg(path: Path, max_s: float) -> NDArray[np.float32]:
    """Samples (N, 1) at `FFMPEG_RATE`, for the formats libsndfile does not know."""
    target = ["-t", str(max_s + 1), "-ac", "1", "-ar", str(FFMPEG_RATE), "-f", "f32le", "pipe:1"]
    command = [find_ffmpeg(), "-nostdin", "-v", "error", *input_of(path), "-map", "0:a:0", *target]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0 or not done.stdout:
        raise InputError(
            f"{path} is not audio that can be read.",
            "Give WAV, FLAC, MP3, Ogg, Opus, M4A or WebM, or convert it with ffmpeg first.",
        )
    return np.frombuffer(done.stdout, dtype="<f4").astype(np.float32).reshape(-1, 1)
