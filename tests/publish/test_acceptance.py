import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cosycli.errors import InputError
from cosycli.publish.acceptance import check_file
from cosycli.sound.ffmpeg import find_ffmpeg

RATE = 44_100


def db(level: float) -> float:
    return 10 ** (level / 20)


def recording(head_s=0.7, tail_s=2.0, rms_db=-20.0, peak_db=-6.0, noise_db=-70.0, seconds=6.0) -> np.ndarray:
    """A tone of that level over the whole length, one sample of that peak, and noise from end to end."""
    length = round((head_s + seconds + tail_s) * RATE)
    samples = np.random.default_rng(0).normal(0, db(noise_db), length)
    sound = slice(round(head_s * RATE), round((head_s + seconds) * RATE))
    t = np.arange(sound.stop - sound.start)
    samples[sound] += db(rms_db) * np.sqrt(2 * length / len(t)) * np.sin(2 * np.pi * 220 * t / RATE)
    samples[sound.start + 1000] = db(peak_db)
    return samples


def mp3(path: Path, samples: np.ndarray, *options: str, rate: int = RATE) -> Path:
    soundfile.write(path.with_suffix(".wav"), samples, rate, subtype="FLOAT")
    options = options or ("-b:a", "192k")
    source = ("-i", path.with_suffix(".wav"))
    subprocess.run([find_ffmpeg(), "-v", "error", *source, "-c:a", "libmp3lame", *options, path], check=True)
    return path


def wav(path: Path, samples: np.ndarray) -> Path:
    soundfile.write(path, samples, RATE, subtype="FLOAT")
    return path


def failures(path: Path) -> list[str]:
    report = check_file(path)
    found = [finding.check for chapter in report.chapters for finding in chapter.findings if not finding.is_good]
    return found + ([] if report.finding is None or report.finding.is_good else ["format"])


def test_what_was_put_in_is_measured(tmp_path):
    (chapter,) = check_file(wav(tmp_path / "a.wav", recording())).chapters
    assert chapter.title == "a"
    assert chapter.levels.duration_s == pytest.approx(8.7)
    assert chapter.levels.rms_db == pytest.approx(-20, abs=0.05)
    assert chapter.levels.peak_db == pytest.approx(-6, abs=0.01)
    assert chapter.levels.noise_db == pytest.approx(-70, abs=0.3)
    assert chapter.levels.head_s == pytest.approx(0.7, abs=0.05)
    assert chapter.levels.tail_s == pytest.approx(2.0, abs=0.05)


def test_a_good_recording_passes(tmp_path):
    assert failures(mp3(tmp_path / "good.mp3", recording())) == []


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"rms_db": -24.0}, "level"),
        ({"rms_db": -17.0, "peak_db": -3.5}, "level"),
        ({"peak_db": -1.0}, "peak"),
        ({"noise_db": -55.0}, "noise"),
        ({"head_s": 0.3}, "head"),
        ({"head_s": 1.3}, "head"),
        ({"tail_s": 0.6}, "tail"),
        ({"tail_s": 6.0}, "tail"),
    ],
)
def test_each_limit_is_watched(tmp_path, change, check):
    assert check in failures(wav(tmp_path / "bad.wav", recording(**change)))


@pytest.mark.parametrize(
    ("options", "rate"), [(("-b:a", "128k"), RATE), (("-q:a", "0"), RATE), (("-b:a", "160k"), 24_000)]
)
def test_an_mp3_must_be_what_acx_takes(tmp_path, options, rate):
    assert "format" in failures(mp3(tmp_path / "bad.mp3", recording(), *options, rate=rate))


def test_a_stereo_file_is_measured_over_both_sides(tmp_path):
    both = np.stack([recording(), recording(peak_db=-2)], axis=1)
    levels = check_file(wav(tmp_path / "a.wav", both)).chapters[0].levels
    assert levels.peak_db == pytest.approx(-2, abs=0.01)
    assert levels.rms_db == pytest.approx(-20, abs=0.05)
    assert levels.duration_s == pytest.approx(8.7)


def test_a_file_longer_than_the_limit_fails(tmp_path, monkeypatch):
    monkeypatch.setattr("cosycli.publish.acceptance.MAX_LENGTH_S", 8.0)
    assert failures(wav(tmp_path / "long.wav", recording())) == ["length"]


def test_chapters_of_a_file_are_judged_one_by_one(tmp_path):
    """Three chapters, of which the second is too quiet."""
    marks = ";FFMETADATA1\n" + "".join(
        f"[CHAPTER]\nTIMEBASE=1/10\nSTART={87 * n}\nEND={87 * (n + 1)}\ntitle=Part {n + 1}\n" for n in range(3)
    )
    (tmp_path / "marks").write_text(marks)
    wav(tmp_path / "a.wav", np.concatenate([recording(), recording(rms_db=-40), recording()]))
    inputs = ("-i", tmp_path / "a.wav", "-i", tmp_path / "marks", "-map_chapters", "1")
    subprocess.run([find_ffmpeg(), "-v", "error", *inputs, "-c:a", "aac", tmp_path / "a.m4b"], check=True)
    report = check_file(tmp_path / "a.m4b")
    assert [chapter.title for chapter in report.chapters] == ["Part 1", "Part 2", "Part 3"]
    assert [chapter.is_good for chapter in report.chapters] == [True, False, True]
    assert report.chapters[1].start_s == pytest.approx(8.7)
    assert report.finding is None
    assert not report.is_good


@pytest.mark.parametrize(
    ("content", "name"), [(b"not audio", "a.mp3"), (b"", "a.wav"), (b"#EXTM3U\n/a.wav\n", "a.m3u8")]
)
def test_what_is_not_audio_is_refused(tmp_path, content, name):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match="not audio"):
        check_file(tmp_path / name)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        check_file(tmp_path / "nowhere.mp3")
