import io
import subprocess

import pytest

from cosycli.publish.m4b import write_m4b
from cosycli.publish.tags import ChapterMark
from cosycli.sound.ffmpeg import find_ffmpeg
from cosycli.sound.probe import probe
from tests.publish.synthetic_book import ffprobe


def adts(seconds: float, sample_rate: int) -> bytes:
    """Silence as AAC."""
    source = f"anullsrc=r={sample_rate}:cl=mono:d={seconds}"
    command = [find_ffmpeg(), "-v", "error", "-f", "lavfi", "-i", source, "-c:a", "aac", "-f", "adts", "pipe:1"]
    return subprocess.run(command, capture_output=True, check=True).stdout


def write(path, frames: bytes, sample_rate: int, num_samples: int, marks=(), tags=None) -> None:
    with path.open("wb") as file:
        write_m4b(io.BytesIO(frames), file, sample_rate, num_samples, tags or {}, marks, None)


def test_a_book_longer_than_a_day(tmp_path):
    """26 hours, in chapters of one; at 8 kHz, and every frame the same silence, to be quick."""
    hour, hours = 3600 * 8_000, 26
    frame = adts(1, 8_000)[-20:]
    start = frame.rindex(b"\xff\xf1")
    frames = frame[start:] * (hours * hour // 1024 + 2)
    marks = [ChapterMark(f"Hour {number + 1}", number * hour, (number + 1) * hour) for number in range(hours)]
    write(tmp_path / "long.m4b", frames, 8_000, hours * hour, marks)
    facts = ffprobe(tmp_path / "long.m4b")
    assert float(facts["format"]["duration"]) == hours * 3600
    assert [float(mark["end_time"]) for mark in facts["chapters"]] == [3600 * (number + 1) for number in range(hours)]


def test_more_samples_than_32_bits_count(tmp_path):
    """50 hours at 24 kHz and more; only the chapters are that long here."""
    day = 24 * 3600 * 24_000
    marks = [ChapterMark(title, number * day, (number + 1) * day) for number, title in enumerate(["Mon", "Tue", "Wed"])]
    write(tmp_path / "days.m4b", adts(1, 24_000), 24_000, 3 * day, marks)
    assert [float(mark["start_time"]) for mark in ffprobe(tmp_path / "days.m4b")["chapters"]] == [0, 86_400, 172_800]


@pytest.mark.parametrize("num_chapters", [1, 255, 256, 300])
def test_any_number_of_chapters(tmp_path, num_chapters):
    marks = [ChapterMark(f"第{n}回 🎉", n * 100, (n + 1) * 100) for n in range(num_chapters)]
    write(path := tmp_path / "book.m4b", adts(2, 24_000), 24_000, 100 * num_chapters, marks)
    assert [chapter.title for chapter in probe(path).chapters] == [mark.title for mark in marks]
    assert (b"chpl" in path.read_bytes()) == (num_chapters <= 255)


def test_titles_of_any_length_are_kept(tmp_path):
    """Nero's list holds 255 bytes of a title; the chapter track holds all of it."""
    title = "长" * 300
    marks = [ChapterMark(title, 0, 100), ChapterMark("", 100, 200)]
    write(tmp_path / "book.m4b", adts(1, 24_000), 24_000, 200, marks)
    assert [mark["tags"].get("title", "") for mark in ffprobe(tmp_path / "book.m4b")["chapters"]] == [title, ""]


def test_it_says_that_it_is_an_audiobook_and_starts_at_once(tmp_path):
    write(path := tmp_path / "book.m4b", adts(1, 24_000), 24_000, 24_000, tags={"title": "A", "track": "3/12"})
    facts = ffprobe(path)
    assert facts["tags"]["major_brand"] == "M4B "
    assert facts["tags"]["media_type"] == "2"
    assert facts["tags"]["track"] == "3/12"
    assert facts["chapters"] == []
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_the_sound_is_what_was_encoded(tmp_path):
    frames = adts(1, 24_000)
    write(path := tmp_path / "book.m4b", frames, 24_000, 24_000, [ChapterMark("A", 0, 24_000)])
    again = [find_ffmpeg(), "-v", "error", "-i", path, "-map", "0:a", "-c", "copy", "-f", "adts", "pipe:1"]
    assert subprocess.run(again, capture_output=True, check=True).stdout == frames
