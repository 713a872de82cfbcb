import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cosycli.errors import InputError, UsageError
from cosycli.settings import FORMATS
from cosycli.sound.encode import check_target, choose_format, open_sink
from cosycli.sound.recording import read_recording

RATE = 24_000
SOUND = (0.5 * np.sin(2 * np.pi * 440 * np.arange(3 * RATE) / RATE)).astype(np.float32)
SOURCE = Path(__file__).parents[2]

WRITE_TO_STDOUT = """
import sys
from pathlib import Path
import numpy as np
from cosycli.sound.encode import open_sink
from cosycli.errors import InputError
sound = (0.5 * np.sin(2 * np.pi * 440 * np.arange(72_000) / 24_000)).astype(np.float32)
try:
    with open_sink(Path("-"), sys.argv[1], 24_000) as sink:
        for _ in range(int(sys.argv[2])):
            sink.write(sound)
except InputError as error:
    sys.exit(error.what)
"""


def write(path: Path, audio_format: str) -> None:
    with open_sink(path, audio_format, RATE) as sink:
        for block in np.array_split(SOUND, 7):
            sink.write(block)


def write_and_fail(path: Path, audio_format: str) -> None:
    with open_sink(path, audio_format, RATE) as sink:
        sink.write(SOUND)
        raise ZeroDivisionError


@pytest.mark.parametrize("audio_format", ["wav", "flac", "mp3", "opus"])
def test_what_is_written_is_read_back(tmp_path, audio_format):
    path = tmp_path / "tone"
    write(path, audio_format)
    samples, rate = soundfile.read(path, dtype="float32")
    assert samples.ndim == 1
    assert len(samples) / rate == pytest.approx(3, abs=0.08)
    tolerance = 1 / 32768 if audio_format in ("wav", "flac") else 0.05
    assert np.abs(samples).max() == pytest.approx(0.5, abs=tolerance)
    if rate == RATE and audio_format != "mp3":
        np.testing.assert_allclose(samples, SOUND, atol=tolerance)


def test_raw_is_16_bit_little_endian_and_nothing_else(tmp_path):
    write(tmp_path / "tone", "raw")
    samples = np.frombuffer((tmp_path / "tone").read_bytes(), "<i2")
    np.testing.assert_allclose(samples / 32767, SOUND, atol=1e-4)


@pytest.mark.parametrize("audio_format", FORMATS)
def test_equal_sound_gives_equal_bytes(tmp_path, audio_format):
    write(tmp_path / "a", audio_format)
    write(tmp_path / "b", audio_format)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("audio_format", ["wav", "flac", "mp3", "opus"])
def test_a_pipe_holds_a_whole_valid_stream(tmp_path, audio_format):
    command = [sys.executable, "-c", WRITE_TO_STDOUT, audio_format, "1"]
    done = subprocess.run(command, capture_output=True, cwd=SOURCE, check=True)
    (tmp_path / "streamed").write_bytes(done.stdout)
    recording = read_recording(tmp_path / "streamed")
    assert recording.duration_s == pytest.approx(3, abs=0.08)
    assert np.abs(recording.samples).max() == pytest.approx(0.5, abs=0.05)
    assert done.stderr == b""


@pytest.mark.parametrize("audio_format", FORMATS)
def test_a_reader_that_leaves_early_is_named(audio_format):
    command = [sys.executable, "-c", WRITE_TO_STDOUT, audio_format, "200"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=SOURCE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(100)
        process.stdout.close()
        message = process.stderr.read().decode()
    assert "has closed" in message
    assert "Traceback" not in message


@pytest.mark.parametrize("audio_format", FORMATS)
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, audio_format):
    path = tmp_path / "tone"
    path.write_text("the older file")
    with pytest.raises(ZeroDivisionError):
        write_and_fail(path, audio_format)
    assert path.read_text() == "the older file"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("audio_format", FORMATS)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
def test_a_full_disk_is_named(audio_format):
    with pytest.raises(InputError, match="No space left") as error:
        write(Path("/dev/full"), audio_format)
    assert "-o" in error.value.hint


def test_a_link_is_followed_rather_than_replaced(tmp_path):
    (tmp_path / "link.wav").symlink_to(tmp_path / "real.wav")
    write(tmp_path / "link.wav", "wav")
    assert (tmp_path / "link.wav").is_symlink()
    assert soundfile.info(tmp_path / "real.wav").frames == len(SOUND)


@pytest.mark.parametrize(
    ("name", "target", "expected"),
    [
        (None, "a.wav", "wav"),
        (None, "a.FLAC", "flac"),
        (None, "a.ogg", "opus"),
        (None, "-", "wav"),
        ("raw", "-", "raw"),
        ("mp3", "a.wav", "mp3"),
    ],
)
def test_the_format_follows_the_name_unless_it_is_given(name, target, expected):
    assert choose_format(name, Path(target)) == expected


def test_a_default_format_serves_names_that_do_not_say():
    assert choose_format(None, Path("-"), "flac") == "flac"
    assert choose_format(None, Path("speech"), "flac") == "flac"
    assert choose_format(None, Path("speech.mp3"), "flac") == "mp3"


@pytest.mark.parametrize(("name", "target"), [("mp4", "a.wav"), (None, "a.xyz"), (None, "speech")])
def test_an_unknown_format_lists_the_known(name, target):
    with pytest.raises(UsageError, match="flac"):
        choose_format(name, Path(target))


def test_a_target_is_checked_before_the_work(tmp_path):
    check_target(tmp_path / "a.wav", "wav")
    with pytest.raises(InputError, match="is a directory"):
        check_target(tmp_path, "wav")
    with pytest.raises(InputError, match="mkdir -p"):
        check_target(tmp_path / "missing" / "a.wav", "wav")
