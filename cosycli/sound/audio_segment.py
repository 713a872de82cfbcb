"""Converts between samples and pydub's `AudioSegment`, and finds the silence at the ends of a clip with it.

pydub's own `AudioSegment.from_file` is not used: it calls ffprobe, which imageio-ffmpeg does not contain, and reads any
file that a playlist names. `sound/recording.py` decodes files to WAV instead.

Legend: N samples.
"""

from __future__ import annotations

import warnings
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cosycli.errors import MissingError
from cosycli.sound.ffmpeg import find_ffmpeg
from cosycli.sound.levels import frame_levels
from cosycli.sound.wav import to_16_bits

if TYPE_CHECKING:
    from pydub import AudioSegment

FRAME_MS = 10
SILENCE_DB = -40.0  # relative to the loudest frame; softer frames are silence. The softest fricatives are near -35


def segment_of(samples: NDArray[np.float32], sample_rate: int) -> AudioSegment:
    """Samples (N,), full scale is 1, as a 16-bit mono `AudioSegment`."""
    return _pydub()(to_16_bits(samples), sample_width=2, frame_rate=sample_rate, channels=1)


def segment_of_wav(wav: bytes) -> AudioSegment:
    """The `AudioSegment` of a WAV with integer samples, such as ffmpeg writes to a pipe.

    Raises:
        pydub.exceptions.CouldntDecodeError: it is not such a WAV.
    """
    return _pydub()(wav)


def samples_of(segment: AudioSegment) -> NDArray[np.float32]:
    """The samples (N, channels) of an `AudioSegment`, full scale is 1."""
    samples = np.array(segment.get_array_of_samples()).reshape(-1, segment.channels)
    return (samples / segment.max_possible_amplitude).astype(np.float32)


def silence_at_ends(samples: NDArray[np.float32], sample_rate: int) -> tuple[float, float]:
    """Seconds of silence before the first and after the last sound of samples (N,), to 0.01 s."""
    segment = segment_of(samples, sample_rate)
    from pydub.silence import detect_leading_silence

    threshold = frame_levels(samples, sample_rate * FRAME_MS // 1000).max(initial=-np.inf) + SILENCE_DB
    head, tail = (detect_leading_silence(end, threshold, FRAME_MS) for end in (segment, segment.reverse()))
    return head / 1000, tail / 1000


def _pydub() -> type[AudioSegment]:
    """Import pydub without the warnings it prints on import, and let its `export` use our ffmpeg."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pydub import AudioSegment

    with suppress(MissingError):
        AudioSegment.converter = find_ffmpeg()
    return AudioSegment
