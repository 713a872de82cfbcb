import json
from pathlib import Path

import numpy as np
import pytest

from cosycli.publish.book_files import Layout, Target, write_book
from tests.publish.synthetic_book import RATE, TAGS, chapter, chapters, tone


@pytest.fixture
def acx(cosy) -> list[Path]:
    """Files that are good in every respect."""
    return list(write_book(chapters("One", "Two"), RATE, Target(Path("acx"), "acx", Layout.CHAPTERS), TAGS).files)


def test_good_files_pass(cosy, acx):
    ended = cosy("check", *acx)
    assert ended.status == 0
    lines = ended.out.decode().splitlines()
    assert lines[0] == "acx/01 - One.mp3"
    assert lines[1] == "  format: mp3, 44100 Hz, mono, constant 192 kb/s: good"
    assert lines[2].endswith("good")
    assert ended.err == ""


def test_a_failing_chapter_is_named_with_the_limit(cosy, acx):
    whisper = chapter(
        "Whisper", np.tile(tone(0.2, 0.001), 10) + tone(0.2, 0.9).max() * (np.arange(24_000 * 6) == 9_000)
    )
    write_book([*chapters("One"), whisper], RATE, Target(Path("book.m4b"), "m4b"), TAGS)
    ended = cosy("check", "book.m4b", acx[0])
    assert ended.status == 5
    lines = ended.out.decode().splitlines()
    assert "ACX accepts only MP3" in lines[1]
    assert lines[2].endswith("good")
    assert "Whisper" in lines[3]
    assert "FAILED: level must be -23 to -18 dB RMS" in lines[3]


def test_json_has_every_number(cosy, acx):
    ended = cosy("check", "--json", acx[0])
    (report,) = json.loads(ended.out)
    assert report["file"] == str(acx[0])
    assert report["is_good"]
    (found,) = report["chapters"]
    assert found["title"] == "One"
    assert -23 < found["levels"]["rms_db"] < -18
    assert {finding["check"] for finding in found["findings"]} == {"level", "peak", "noise", "head", "tail", "length"}


def test_a_file_that_is_no_audio_is_named(cosy):
    Path("notes.mp3").write_text("Chapter one.")
    ended = cosy("check", "notes.mp3")
    assert ended.status == 3
    assert "notes.mp3 is not audio" in ended.err
