import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import cosycli
from cosycli.documents.book import Cover
from cosycli.errors import InputError, UsageError
from cosycli.publish.acceptance import check_file
from cosycli.publish.assembly import ChapterSound
from cosycli.publish.book_files import Layout, Target, check_book_target, write_book
from cosycli.publish.formats import BOOK_FORMATS
from cosycli.sound.joining import Piece
from cosycli.sound.probe import probe
from tests.publish.synthetic_book import RATE, TAGS, chapter, chapters, decoded, ffprobe, tone

# A JPEG of one grey pixel.
JPEG = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300030202030202030303030403030405080505040405"
    "0a070706080c0a0c0c0b0a0b0b0d0e12100d0e110e0b0b1016101113141515150c0f171816141812141514ffc000"
    "0b080001000101011100ffc40014000100000000000000000000000000000008ffc4001410010000000000000000"
    "0000000000000000ffda0008010100003f0054df ffd9".replace(" ", "")
)
COVER = Cover(JPEG, "image/jpeg", "cover.jpg")
TITLES = ("序 🎉", "Chapter 1: a = b; #2 \\ 3", "三", 'The "last"\nof them')
MARKED = ("m4b", "mp3", "acx", "flac", "opus")


def write(path: Path, audio_format: str, sounds=None, **options):
    return write_book(sounds or chapters(*TITLES), RATE, Target(path, audio_format), TAGS, **options)


@pytest.mark.parametrize("audio_format", MARKED)
def test_chapters_have_their_titles_and_times(tmp_path, audio_format):
    assembly = write(path := tmp_path / f"book{BOOK_FORMATS[audio_format]}", audio_format)
    found = ffprobe(path)["chapters"]
    assert [mark["tags"]["title"] for mark in found] == list(TITLES)
    for mark, times in zip(found, assembly.chapters, strict=True):
        assert float(mark["start_time"]) == pytest.approx(times.start_s, abs=0.01)
        assert float(mark["end_time"]) == pytest.approx(times.end_s, abs=0.05)


@pytest.mark.parametrize("audio_format", BOOK_FORMATS)
def test_segments_are_heard_when_the_assembly_says(tmp_path, audio_format):
    """Seen from a decoder, sound begins and ends within 50 ms of the segments' times, a margin of 0.1 s inside."""
    assembly = write(path := tmp_path / f"book{BOOK_FORMATS[audio_format]}", audio_format)
    samples = decoded(path)
    assert len(samples) / RATE == pytest.approx(assembly.duration_s, abs=0.05)
    for times in assembly.chapters:
        for start_s, end_s in times.segments:
            around = np.abs(samples[round((start_s - 0.1) * RATE) : round((end_s + 0.1) * RATE)])
            heard = np.flatnonzero(around > 0.05) / RATE + start_s - 0.1
            assert heard[0] == pytest.approx(start_s + 0.1, abs=0.05)
            assert heard[-1] == pytest.approx(end_s - 0.1, abs=0.05)


def test_an_m4b_is_in_time_to_the_sample(tmp_path):
    """What the encoder puts before the sound is left out again by players."""
    write(tmp_path / "book.m4b", "m4b")
    write(tmp_path / "book.wav", "wav")
    lossy, exact = decoded(tmp_path / "book.m4b"), decoded(tmp_path / "book.wav")
    assert len(lossy) == len(exact)
    np.testing.assert_allclose(lossy, exact, atol=0.05)


@pytest.mark.parametrize("audio_format", BOOK_FORMATS)
def test_files_say_what_they_are_and_that_the_speech_is_synthetic(tmp_path, audio_format):
    write(path := tmp_path / f"book{BOOK_FORMATS[audio_format]}", audio_format)
    tags = ffprobe(path)["tags"]
    assert tags["title"] == tags["album"] == "古文观止 🎉: a = b; #1"
    assert tags["artist"] == "吴楚材, 吴调侯"
    assert tags["genre"] == "Audiobook"
    assert tags["date"] == "1695"
    made_by = f"model builtin, made by cosy {cosycli.__version__}."
    assert tags["comment"] == f"Synthetic speech: voices michael, heart, {made_by}"
    if audio_format != "wav":
        assert tags["composer"] == "michael, heart (synthetic voice)"
        assert tags["series"] == "Old Texts"
        assert tags["series-part"] == "2"
        assert (tags.get("description") or tags["synopsis"]) == "Two lines;\nthe second \\ one."


@pytest.mark.parametrize("audio_format", MARKED)
def test_the_cover_is_in_the_file(tmp_path, audio_format):
    write(path := tmp_path / f"book{BOOK_FORMATS[audio_format]}", audio_format, cover=COVER)
    pictures = [stream for stream in ffprobe(path)["streams"] if stream["codec_type"] == "video"]
    assert [picture["codec_name"] for picture in pictures] == ["mjpeg"]
    assert JPEG in path.read_bytes() or audio_format == "opus"  # Ogg has it in Base64


def test_a_cover_that_is_no_picture_is_left_out_with_a_warning(tmp_path):
    assembly = write(tmp_path / "book.m4b", "m4b", cover=Cover(b"<html/>", "image/jpeg", "images/front.jpg"))
    assert "images/front.jpg was left out" in assembly.warnings[0]
    assert len(probe(tmp_path / "book.m4b").chapters) == len(TITLES)


@pytest.mark.parametrize("audio_format", ["m4b", "mp3"])
def test_300_chapters_are_all_there(tmp_path, audio_format):
    """Nero's list in an MP4 and the table of contents in ID3 count in one byte; what players read counts further."""
    take = tone(0.1)
    write(path := tmp_path / "book", audio_format, [chapter(f"第{number}回", take) for number in range(300)])
    found = ffprobe(path)["chapters"]
    assert [mark["tags"]["title"] for mark in found] == [f"第{number}回" for number in range(300)]


@pytest.mark.parametrize("audio_format", BOOK_FORMATS)
def test_the_encoded_book_keeps_to_level_and_peak(tmp_path, audio_format):
    spiky = tone(3.0, 0.1)
    spiky[RATE] = 1.0
    sounds = [chapter("One", tone(3.0, 0.1), spiky, tone(4.0, 0.1)), chapter("Two", tone(4.0, 0.5))]
    write(path := tmp_path / "book", audio_format, sounds)
    for found in check_file(path).chapters:
        assert found.levels.rms_db == pytest.approx(-20, abs=0.1)
        assert found.levels.peak_db <= -3


@pytest.mark.parametrize("audio_format", BOOK_FORMATS)
def test_equal_books_are_equal_bytes(tmp_path, audio_format):
    write(tmp_path / "a", audio_format, cover=COVER)
    write(tmp_path / "b", audio_format, cover=COVER)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_one_file_for_each_chapter_with_names_that_sort(tmp_path):
    assembly = write_book(chapters(*TITLES), RATE, Target(tmp_path / "book", "mp3", Layout.CHAPTERS), TAGS)
    names = ["01 - 序 🎉.mp3", "02 - Chapter 1 a = b; #2 3.mp3", "03 - 三.mp3", "04 - The last of them.mp3"]
    assert [file.name for file in assembly.files] == names
    assert sorted(path.name for path in (tmp_path / "book").iterdir()) == names
    assert all(times.start_s == 0 for times in assembly.chapters)
    tags = ffprobe(assembly.files[2])["tags"]
    assert (tags["title"], tags["album"], tags["track"]) == ("三", "古文观止 🎉: a = b; #1", "3/4")


def test_acx_files_pass_the_check(tmp_path):
    assembly = write_book(chapters("One", "Two"), RATE, Target(tmp_path / "acx", "acx", Layout.CHAPTERS), TAGS)
    for file in assembly.files:
        report = check_file(file)
        assert report.is_good, report
        assert report.finding.measured == "mp3, 44100 Hz, mono, constant 192 kb/s"


def test_the_length_in_an_mp3_s_header_is_right(tmp_path):
    """A player trusts the Xing header, and cuts off at both ends what the encoder added."""
    assembly = write(path := tmp_path / "book.mp3", "mp3")
    assert b"Info" in path.read_bytes()
    assert len(decoded(path)) == round(assembly.duration_s * RATE)


def test_a_library_for_audiobookshelf(tmp_path):
    target = Target(tmp_path / "library", "m4b", Layout.AUDIOBOOKSHELF)
    assembly = write_book(chapters(*TITLES), RATE, target, TAGS, COVER)
    folder = tmp_path / "library" / "吴楚材, 吴调侯" / "Old Texts" / "古文观止 🎉 a = b; #1"
    assert {path.name for path in folder.iterdir()} == {"古文观止 🎉 a = b; #1.m4b", "cover.jpg", "metadata.json"}
    assert (folder / "cover.jpg").read_bytes() == JPEG
    facts = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
    assert facts["authors"] == ["吴楚材", "吴调侯"]
    assert facts["series"] == ["Old Texts #2"]
    assert facts["isbn"] == "9780306406157"
    assert "Synthetic speech" in facts["description"]
    assert [mark["title"] for mark in facts["chapters"]] == list(TITLES)
    assert facts["chapters"][-1]["end"] == pytest.approx(assembly.duration_s, abs=0.001)


def test_a_library_has_a_file_for_each_chapter_of_other_formats(tmp_path):
    assembly = write_book(chapters("A", "B"), RATE, Target(tmp_path, "mp3", Layout.AUDIOBOOKSHELF), TAGS)
    assert [file.name for file in assembly.files] == ["01 - A.mp3", "02 - B.mp3"]


@pytest.mark.parametrize("audio_format", BOOK_FORMATS)
def test_a_failure_leaves_the_old_book_and_nothing_else(tmp_path, audio_format):
    def breaks_when_written():
        yield Piece(tone(0.5), 0.5)
        if len(asked) == 2:
            raise ZeroDivisionError

    asked = []

    def pieces():
        asked.append(1)
        return breaks_when_written()

    path = tmp_path / "book"
    path.write_text("the older book")
    with pytest.raises(ZeroDivisionError):
        write(path, audio_format, [ChapterSound("One", 1, pieces)])
    assert path.read_text() == "the older book"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("audio_format", ["m4b", "mp3"])
def test_an_ffmpeg_that_breaks_is_named(tmp_path, monkeypatch, audio_format):
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\necho it is broken >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr("cosycli.sound.ffmpeg.find_ffmpeg", lambda: str(program))
    with pytest.raises(InputError, match="it is broken"):
        write(tmp_path / "book", audio_format)
    assert list(tmp_path.iterdir()) == [program]


def test_progress_is_told_in_chapters(tmp_path):
    told = []
    write(tmp_path / "book.wav", "wav", on_chapter=lambda done, total: told.append((done, total)))
    assert told == [(number, len(TITLES)) for number in range(1, len(TITLES) + 1)]


def test_a_chapter_with_a_file_of_its_own_is_told_when_that_file_is_there(tmp_path):
    told = []
    target = Target(folder := tmp_path / "book", "wav", Layout.CHAPTERS)

    def names(done: int, total: int) -> None:
        told.append(sorted(path.name for path in folder.iterdir()))

    write_book(chapters("One", "Two"), RATE, target, TAGS, on_chapter=names)
    assert told == [["01 - One.wav"], ["01 - One.wav", "02 - Two.wav"]]


@pytest.mark.parametrize("audio_format", ["m4b", "mp3", "wav"])
def test_a_chapter_is_written_before_the_next_is_asked_for(tmp_path, audio_format):
    events = []

    def pieces(name: str) -> Callable[[], Iterator[Piece]]:
        def asked():
            events.append(f"{name} asked for")
            yield Piece(tone(0.5), 0.5)

        return asked

    sounds = [ChapterSound(name, 1, pieces(name)) for name in ("One", "Two")]
    write(tmp_path / "book", audio_format, sounds, on_chapter=lambda done, _: events.append(f"{done} written"))
    assert events == [*["One asked for"] * 2, "1 written", *["Two asked for"] * 2, "2 written"]


def test_a_target_is_checked_before_the_work(tmp_path):
    check_book_target(Target(tmp_path / "book.m4b", "m4b"))
    check_book_target(Target(tmp_path / "new" / "folders", "m4b", Layout.AUDIOBOOKSHELF))
    with pytest.raises(InputError, match="mkdir -p"):
        check_book_target(Target(tmp_path / "missing" / "book.m4b", "m4b"))
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is a file"):
        check_book_target(Target(tmp_path / "file" / "book", "m4b", Layout.CHAPTERS))
    with pytest.raises(UsageError, match="Did you mean 'm4b'"):
        Target(tmp_path / "book.m4a", "m4a")


def test_a_book_without_chapters_is_refused(tmp_path):
    with pytest.raises(InputError, match="no chapters"):
        write_book([], RATE, Target(tmp_path / "book.m4b", "m4b"), TAGS)


@pytest.mark.skipif(os.name == "nt", reason="folders are locked otherwise there")
def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be created"):
        write_book(chapters("A"), RATE, Target(tmp_path / "file" / "book", "mp3", Layout.CHAPTERS), TAGS)
