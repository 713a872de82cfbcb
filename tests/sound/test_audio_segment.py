import os
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from cosycli.sound.audio_segment import samples_of, segment_of, segment_of_wav, silence_at_ends
from cosycli.sound.ffmpeg import find_ffmpeg

RATE = 24_000


def tone(duration_s: float, level: float = 0.3) -> np.ndarray:
    t = np.arange(round(duration_s * RATE)) / RATE
    return (level * np.sin(2 * np.pi * 200 * t)).astype(np.float32)


def test_a_segment_has_the_same_sound():
    segment = segment_of(tone(1.5), RATE)
    assert (len(segment), segment.frame_rate, segment.channels, segment.sample_width) == (1500, RATE, 1, 2)
    np.testing.assert_allclose(samples_of(segment)[:, 0], tone(1.5), atol=1e-4)


def test_edits_of_a_segment_come_back_as_samples():
    edited = segment_of(tone(1), RATE)[:250] + 6.0
    np.testing.assert_allclose(samples_of(edited)[:, 0], tone(0.25) * 10 ** (6 / 20), atol=1e-3)


@pytest.mark.parametrize("codec", ["pcm_s16le", "pcm_s24le", "pcm_s32le"])
def test_a_wav_on_a_pipe_keeps_its_channels_and_values(tmp_path, codec):
    channels = np.stack([tone(1), tone(1, level=0.01)], axis=1)
    soundfile.write(tmp_path / "two.wav", channels, RATE, subtype="PCM_16")
    command = [find_ffmpeg(), "-v", "error", "-i", tmp_path / "two.wav", "-c:a", codec, "-f", "wav", "pipe:1"]
    wav = subprocess.run(command, capture_output=True, check=True).stdout
    samples = samples_of(segment_of_wav(wav))
    np.testing.assert_allclose(samples, soundfile.read(tmp_path / "two.wav")[0], rtol=0, atol=2**-22)


@pytest.mark.parametrize(("head_s", "tail_s"), [(0.0, 0.0), (1.5, 0.0), (0.0, 0.7), (0.4, 2.0)])
@pytest.mark.parametrize("noise_db", [-90.0, -60.0])
def test_silence_is_found_at_both_ends(head_s, tail_s, noise_db):
    sound = np.concatenate([np.zeros(round(head_s * RATE)), tone(1), np.zeros(round(tail_s * RATE))])
    noise = np.random.default_rng(0).normal(0, 10 ** (noise_db / 20), len(sound))
    found = silence_at_ends((sound + noise).astype(np.float32), RATE)
    assert found == pytest.approx((head_s, tail_s), abs=0.011)


def test_silence_inside_is_not_at_an_end():
    assert silence_at_ends(np.concatenate([tone(1), np.zeros(2 * RATE, np.float32), tone(1)]), RATE) == (0, 0)


def test_a_segment_is_exported_by_our_ffmpeg_and_nothing_is_said_on_import(tmp_path):
    """Where no ffmpeg is on the PATH pydub says so on import, and can export nothing but WAV."""
    code = f"""
import numpy as np
from cosycli.sound.audio_segment import segment_of
segment_of(np.zeros(24_000, np.float32), 24_000).export({str(tmp_path / "speech.mp3")!r}, format="mp3")
"""
    environment = os.environ | {"PATH": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-W", "default", "-W", "ignore::ResourceWarning", "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert soundfile.info(tmp_path / "speech.mp3").duration == pytest.approx(1, abs=0.1)
