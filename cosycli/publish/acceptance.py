"""Checks finished files against the requirements of ACX, measured on the decoded sound.

The limits are those of "ACX Audio Submission Requirements". It does not define the noise floor; here it is the level of
the quietest half second, as in Audacity's plug-in "ACX Check", which narrators use. Peaks are sample peaks, not true
peaks. Files are decoded block by block, and measured in frames of 0.05 s.

Legend: N samples.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cosycli.sound.levels import to_db
from cosycli.sound.probe import AudioFile, Stream, decode, probe

FRAME_S = 0.05
QUIETEST_S = 0.5
MIN_RMS_DB, MAX_RMS_DB = -23.0, -18.0
MAX_PEAK_DB = -3.0
MAX_NOISE_DB = -60.0  # also the limit of room tone: a louder frame is sound
MIN_HEAD_S, MAX_HEAD_S = 0.5, 1.0
MIN_TAIL_S, MAX_TAIL_S = 1.0, 5.0
MAX_LENGTH_S = 120 * 60.0
SAMPLE_RATE, MIN_BIT_RATE = 44_100, 192_000


@dataclass(frozen=True)
class Levels:
    """The measurements of a chapter.

    Attributes:
        rms_db: root mean square over all samples, dBFS.
        peak_db: highest absolute sample, dBFS.
        noise_db: level of the quietest half second, dBFS.
        head_s, tail_s: seconds of room tone before the first and after the last sound.
    """

    duration_s: float
    rms_db: float
    peak_db: float
    noise_db: float
    head_s: float
    tail_s: float


@dataclass(frozen=True)
class Finding:
    """The result of one check: the measured value and the accepted values."""

    check: str
    measured: str
    limit: str
    is_good: bool


@dataclass(frozen=True)
class ChapterReport:
    """The findings of a chapter that starts at `start_s` of its file."""

    title: str
    start_s: float
    levels: Levels
    findings: tuple[Finding, ...]

    @property
    def is_good(self) -> bool:
        return all(finding.is_good for finding in self.findings)


@dataclass(frozen=True)
class FileReport:
    """The encoding of a file and the findings of its chapters.

    Attributes:
        encoding: such as "mp3, 44100 Hz, mono".
        finding: on the encoding of an MP3; None for other formats, which ACX does not accept at all.
    """

    path: Path
    encoding: str
    finding: Finding | None
    chapters: tuple[ChapterReport, ...]

    @property
    def is_good(self) -> bool:
        return (self.finding is None or self.finding.is_good) and all(chapter.is_good for chapter in self.chapters)


def check_file(path: Path) -> FileReport:
    """Decode a file and check each of its chapters; a file without chapters counts as one chapter.

    Raises:
        InputError: the file cannot be read, or is not audio.
        MissingError: ffmpeg is not installed.
    """
    file = probe(path)
    chapters = tuple(
        ChapterReport(chapter.title, chapter.start_s, levels, _findings(levels))
        for chapter, levels in zip(file.chapters, _measure_chapters(file), strict=True)
    )
    return FileReport(path, file.stream.encoding, _format_finding(file.stream), chapters)


def _findings(levels: Levels) -> tuple[Finding, ...]:
    def within(check: str, value: float, least: float | None, most: float, unit: str) -> Finding:
        limit = f"at most {most:g} {unit}" if least is None else f"{least:g} to {most:g} {unit}"
        is_good = value <= most and (least is None or least <= value)
        return Finding(check, f"{value:.2f} {unit}", limit, is_good)

    return (
        within("level", levels.rms_db, MIN_RMS_DB, MAX_RMS_DB, "dB RMS"),
        within("peak", levels.peak_db, None, MAX_PEAK_DB, "dB"),
        within("noise", levels.noise_db, None, MAX_NOISE_DB, "dB RMS"),
        within("head", levels.head_s, MIN_HEAD_S, MAX_HEAD_S, "s"),
        within("tail", levels.tail_s, MIN_TAIL_S, MAX_TAIL_S, "s"),
        within("length", levels.duration_s / 60, None, MAX_LENGTH_S / 60, "min"),
    )


def _format_finding(stream: Stream) -> Finding | None:
    if stream.codec != "mp3":
        return None
    kind = "constant" if stream.is_constant_bit_rate else "variable"
    measured = f"{stream.encoding}, {kind} {stream.bit_rate / 1000:.0f} kb/s"
    is_good = stream.is_constant_bit_rate and round(stream.bit_rate, -3) >= MIN_BIT_RATE
    is_good = is_good and stream.sample_rate == SAMPLE_RATE and stream.num_channels <= 2
    return Finding("format", measured, "mp3, 44100 Hz, mono or stereo, constant 192 kb/s or more", is_good)


def _measure_chapters(file: AudioFile) -> Iterator[Levels]:
    """Yield the levels of each chapter, in the order of the file."""
    blocks = _Blocks(decode(file))
    rate = file.stream.sample_rate
    for chapter in file.chapters:
        meter = _Meter(rate)
        blocks.skip_to(round(chapter.start_s * rate))
        for block in blocks.up_to(None if chapter.end_s is None else round(chapter.end_s * rate)):
            meter.add(block)
        yield meter.levels()


class _Blocks:
    """Splits a stream of blocks (N, channels) at given samples."""

    def __init__(self, blocks: Iterator[NDArray[np.float32]]) -> None:
        self.blocks = blocks
        self.position = 0
        self.held = next(blocks, None)

    def up_to(self, end: int | None) -> Iterator[NDArray[np.float32]]:
        """Yield the blocks before sample `end`, or all that remain."""
        while self.held is not None and (end is None or self.position < end):
            length = len(self.held) if end is None else min(len(self.held), end - self.position)
            block, rest = self.held[:length], self.held[length:]
            self.position += length
            self.held = rest if len(rest) else next(self.blocks, None)
            yield block

    def skip_to(self, start: int) -> None:
        for _ in self.up_to(start):
            pass


class _Meter:
    """Measures sound that arrives in blocks; keeps the levels of half a second."""

    def __init__(self, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self.frame = round(FRAME_S * sample_rate)
        self.window = round(QUIETEST_S / FRAME_S)
        self.pending = np.zeros((0, 1), np.float32)
        self.powers = np.zeros(0)  # of the last frames, one fewer than a window has
        self.num_samples = 0
        self.num_frames = 0
        self.energy = 0.0
        self.peak = 0.0
        self.quietest = np.inf
        self.first_sound: int | None = None  # frame
        self.last_sound = -1

    def add(self, block: NDArray[np.float32]) -> None:
        """Measure a block (N, channels)."""
        self.num_samples += len(block)
        self.peak = max(self.peak, float(np.abs(block).max(initial=0.0)))
        samples = np.concatenate([self.pending, block]) if len(self.pending) else block
        whole = len(samples) // self.frame * self.frame
        self.pending = samples[whole:]
        if whole:
            frames = samples[:whole].astype(np.float64).reshape(whole // self.frame, -1)
            self._add_frames(np.square(frames).mean(axis=1))

    def _add_frames(self, powers: NDArray[np.float64]) -> None:
        self.energy += float(powers.sum()) * self.frame
        sounding = np.flatnonzero(powers > 10 ** (MAX_NOISE_DB / 10)) + self.num_frames
        if len(sounding):
            self.first_sound = int(sounding[0]) if self.first_sound is None else self.first_sound
            self.last_sound = int(sounding[-1])
        self.num_frames += len(powers)
        recent = np.concatenate([self.powers, powers])
        if len(recent) >= self.window:
            windows = np.convolve(recent, np.full(self.window, 1 / self.window), mode="valid")
            self.quietest = min(self.quietest, float(windows.min()))
        self.powers = recent[-(self.window - 1) :]

    def levels(self) -> Levels:
        rest = float(np.square(self.pending, dtype=np.float64).mean(axis=1).sum()) if len(self.pending) else 0.0
        power = (self.energy + rest) / max(1, self.num_samples)
        quietest = self.quietest if np.isfinite(self.quietest) else power
        duration_s = self.num_samples / self.sample_rate
        first = self.num_frames if self.first_sound is None else self.first_sound
        return Levels(
            duration_s=duration_s,
            rms_db=to_db(power**0.5),
            peak_db=to_db(self.peak),
            noise_db=to_db(max(0.0, quietest) ** 0.5),
            head_s=first * self.frame / self.sample_rate,
            tail_s=duration_s - (self.last_sound + 1) * self.frame / self.sample_rate,
        )
