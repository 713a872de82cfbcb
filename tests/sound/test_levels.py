import numpy as np
import pytest

from cosycli.sound.levels import measure


def test_levels_of_a_tone_in_noise():
    """One second of a tone at -6 dB, one second of noise at -60 dB."""
    tone = 10 ** (-6 / 20) * np.sqrt(2) * np.sin(np.arange(24_000) * 0.3)
    noise = np.random.default_rng(0).normal(0, 10 ** (-60 / 20), 24_000)
    measured = measure(np.concatenate([tone, noise]).astype(np.float32), 24_000)
    assert measured.duration_s == 2
    assert measured.level_db == pytest.approx(-6, abs=0.3)
    assert measured.noise_db == pytest.approx(-60, abs=1)
    assert measured.snr_db == pytest.approx(54, abs=1)
    assert measured.peak_db == pytest.approx(-3, abs=0.1)
    assert measured.clipped == 0


def test_clipping_is_runs_at_full_scale_not_a_lone_peak():
    samples = np.zeros(1000, np.float32)
    samples[10] = 1.0
    assert measure(samples, 8000).clipped == 0
    samples[100:110] = -1.0
    assert measure(samples, 8000).clipped == pytest.approx(0.01)


def test_digital_silence_has_a_level():
    assert measure(np.zeros(100, np.float32), 8000).level_db == pytest.approx(-120)
