import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cosycli.errors import InputError
from cosycli.sound.ffmpeg import find_ffmpeg
from cosycli.sound.recording import open_recording, read_recording, read_reference, read_voice_clip


def voice_like(duration_s: float, sample_rate: int, level: float = 0.3) -> np.ndarray:
    """A 200 Hz tone that comes and goes like syllables."""
    t = np.arange(round(duration_s * sample_rate)) / sample_rate
    return (level * np.sin(2 * np.pi * 200 * t) * np.abs(np.sin(2 * np.pi * 2 * t))).astype(np.float32)


def convert(source: Path, target: Path) -> Path:
    subprocess.run([find_ffmpeg(), "-v", "error", "-i", source, target], check=True)
    return target


@pytest.mark.parametrize("sample_rate", [8_000, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_any_rate_and_channel_count_gives_the_same_sound(tmp_path, sample_rate, channels):
    path = tmp_path / "clip.wav"
    soundfile.write(path, np.stack([voice_like(4, sample_rate)] * channels, axis=1), sample_rate)
    at_24k = read_reference(path).resample(24_000)
    assert at_24k.samples.dtype == np.float32
    assert at_24k.samples.shape == (4 * 24_000,)
    np.testing.assert_allclose(at_24k.samples[2400:-2400], voice_like(4, 24_000)[2400:-2400], atol=2e-3)


@pytest.mark.parametrize("suffix", [".flac", ".mp3", ".ogg", ".opus", ".m4a", ".aac", ".webm", ".mka", ".aiff"])
def test_common_formats_are_read(tmp_path, suffix):
    soundfile.write(tmp_path / "clip.wav", voice_like(4, 24_000), 24_000)
    clip = convert(tmp_path / "clip.wav", tmp_path / f"clip{suffix}")
    recording = read_reference(clip)
    assert recording.duration_s == pytest.approx(4, abs=0.1)
    assert np.abs(recording.samples).max() == pytest.approx(0.3, abs=0.03)


def test_stereo_is_averaged(tmp_path):
    left = voice_like(3, 24_000)
    soundfile.write(tmp_path / "clip.wav", np.stack([left, np.zeros_like(left)], axis=1), 24_000, subtype="FLOAT")
    np.testing.assert_allclose(read_recording(tmp_path / "clip.wav").samples, left / 2, atol=1e-7)


@pytest.mark.parametrize(
    ("samples", "complaint"),
    [
        (voice_like(0.5, 24_000), "0.5 s long, too short"),
        (voice_like(45, 24_000), "longer than 30 s"),
        (np.zeros(4 * 24_000, np.float32), "silent"),
        (np.clip(voice_like(4, 24_000, level=4.0), -1, 1), "clipped"),
        (np.full(4 * 24_000, np.nan, np.float32), "not numbers"),
        (np.zeros(0, np.float32), "no sound"),
    ],
)
def test_a_clip_no_voice_can_be_learned_from_is_refused(tmp_path, samples, complaint):
    soundfile.write(tmp_path / "clip.wav", samples, 24_000, subtype="FLOAT")
    with pytest.raises(InputError, match=complaint) as refusal:
        read_reference(tmp_path / "clip.wav")
    assert refusal.value.hint


@pytest.mark.parametrize("name", ["clip.wav", "clip.raw", "clip.mp3", "clip.m4a", "notes.txt"])
def test_a_file_that_is_not_audio_is_refused(tmp_path, name):
    (tmp_path / name).write_text("Chapter one. It was a quiet morning.\n" * 50)
    with pytest.raises(InputError, match="not audio"):
        read_reference(tmp_path / name)


def test_a_playlist_cannot_reach_other_files(tmp_path):
    soundfile.write(tmp_path / "secret.wav", voice_like(4, 24_000), 24_000)
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXTINF:4,\nsecret.wav\n#EXT-X-ENDLIST\n")
    for read in (read_reference, read_voice_clip, lambda path: open_recording(path, 24_000)):
        with pytest.raises(InputError, match="not audio"):
            read(tmp_path / "list.m3u8")


@pytest.mark.parametrize(("name", "complaint"), [("nowhere.wav", "does not exist"), (".", "is a directory")])
def test_a_path_that_is_no_file_is_refused(tmp_path, name, complaint):
    with pytest.raises(InputError, match=complaint):
        read_recording(tmp_path / name)


def test_silence_at_the_ends_of_a_voice_is_cut(tmp_path):
    silence = np.zeros(2 * 24_000, np.float32)
    soundfile.write(tmp_path / "clip.wav", np.concatenate([silence, voice_like(4, 24_000), silence]), 24_000)
    clip = read_voice_clip(tmp_path / "clip.wav")
    assert clip.duration_s == pytest.approx(4.4, abs=0.03)
    head = round((clip.duration_s - 4.0) / 2 * 24_000)
    np.testing.assert_allclose(np.abs(clip.samples[:head]).max(), 0, atol=0.02)
    assert np.abs(clip.samples).max() == pytest.approx(0.3, abs=0.01)


def test_a_voice_without_silence_at_its_ends_stays_as_it_is(tmp_path):
    soundfile.write(tmp_path / "clip.wav", voice_like(4, 24_000), 24_000)
    np.testing.assert_array_equal(
        read_voice_clip(tmp_path / "clip.wav").samples, read_reference(tmp_path / "clip.wav").samples
    )


def test_a_clip_that_is_mostly_silence_is_refused(tmp_path):
    samples = np.concatenate([voice_like(2, 24_000), np.zeros(5 * 24_000, np.float32)])
    soundfile.write(tmp_path / "clip.wav", samples, 24_000)
    with pytest.raises(InputError, match=r"2\.2 s long without the silence at its ends, too short") as refusal:
        read_voice_clip(tmp_path / "clip.wav")
    assert "3 to 30 s" in refusal.value.hint


@pytest.mark.parametrize(("max_whole_s", "duration_s"), [(5.0, 4.0), (3.0, None)])
def test_the_duration_of_a_short_compressed_recording_is_known(tmp_path, monkeypatch, max_whole_s, duration_s):
    monkeypatch.setattr("cosycli.sound.recording.MAX_WHOLE_S", max_whole_s)
    soundfile.write(tmp_path / "source.wav", voice_like(4, 24_000), 24_000)
    recording = open_recording(convert(tmp_path / "source.wav", tmp_path / "clip.m4a"), 24_000)
    assert recording.duration_s == (None if duration_s is None else pytest.approx(duration_s, abs=0.1))
    assert sum(map(len, recording.blocks)) == pytest.approx(4 * 24_000, abs=2400)


@pytest.mark.parametrize(("suffix", "max_whole_s"), [(".wav", 60), (".mp3", 60), (".m4a", 60), (".m4a", 10)])
@pytest.mark.parametrize("sample_rate", [16_000, 44_100])
def test_a_long_recording_is_read_in_blocks(tmp_path, monkeypatch, suffix, max_whole_s, sample_rate):
    monkeypatch.setattr("cosycli.sound.recording.MAX_WHOLE_S", max_whole_s)
    soundfile.write(tmp_path / "source.wav", voice_like(31, sample_rate), sample_rate)
    clip = convert(tmp_path / "source.wav", tmp_path / f"clip{suffix}")
    blocks = list(open_recording(clip, 24_000).blocks)
    assert max(map(len, blocks)) < 5 * 24_000
    whole = read_recording(clip).resample(24_000).samples
    joined = np.concatenate(blocks)
    assert len(joined) == pytest.approx(len(whole), abs=1)
    shared = min(len(joined), len(whole))
    np.testing.assert_allclose(joined[:shared], whole[:shared], atol=1e-4)
