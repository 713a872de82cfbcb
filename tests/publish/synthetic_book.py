"""Chapters of tones, for tests that write books."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cosycli.documents.book import Metadata
from cosycli.publish.assembly import ChapterSound
from cosycli.publish.tags import Tags
from cosycli.sound.ffmpeg import find_ffmpeg
from cosycli.sound.joining import Piece

RATE = 24_000
PAUSE_S = 0.5
BOOK = Metadata(
    title="古文观止 🎉: a = b; #1",
    subtitle="A reader",
    authors=("吴楚材", "吴调侯"),
    language="zh",
    series="Old Texts",
    series_position="2",
    publisher="A House",
    date="1695",
    description="Two lines;\nthe second \\ one.",
    identifiers=("urn:isbn:978-0-306-40615-7",),
)
TAGS = Tags(BOOK, ("michael", "heart"), "builtin")


def tone(seconds: float, level: float = 0.3, silence_s: float = 0.2, pitch_hz: float = 220.0) -> np.ndarray:
    """A tone between silences."""
    t = np.arange(round(seconds * RATE)) / RATE
    return np.pad(level * np.sin(2 * np.pi * pitch_hz * t), round(silence_s * RATE)).astype(np.float32)


def chapter(title: str, *takes: np.ndarray, level: int = 1, pause_s: float = PAUSE_S) -> ChapterSound:
    return ChapterSound(title, level, lambda: iter([Piece(take, pause_s) for take in takes]))


def chapters(*titles: str) -> list[ChapterSound]:
    """Chapters of one, two, … tones."""
    return [chapter(title, *[tone(0.4 + 0.1 * number)] * number) for number, title in enumerate(titles, start=1)]


def decoded(path: Path, sample_rate: int = RATE) -> np.ndarray:
    """The sound as a player gives it."""
    command = [
        find_ffmpeg(),
        "-v",
        "error",
        "-i",
        path,
        "-map",
        "0:a",
        "-ar",
        str(sample_rate),
        "-f",
        "f32le",
        "pipe:1",
    ]
    return np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, "<f4")


def ffprobe(path: Path) -> dict[str, Any]:
    """What ffprobe tells of a file: streams, chapters, and all tags in one, with small letters."""
    if shutil.which("ffprobe") is None:
        pytest.skip("ffprobe is not installed")
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_chapters", "-show_streams", path]
    facts = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    sound = next(stream for stream in facts["streams"] if stream["codec_type"] == "audio")
    tags = facts["format"].get("tags", {}) | sound.get("tags", {})
    return facts | {"tags": {name.lower(): value for name, value in tags.items()}}
