import numpy as np
import pytest
import soundfile

from cosycli.errors import InputError
from cosycli.voice_checks import check_clip

RATE = 24_000
WORDS = "The lamp on the landing was lit."


@pytest.fixture
def clip(tmp_path):
    """Writes a clip of syllables with pauses, at a level and over a noise, both in dB."""

    def write(level_db: float = -15.0, noise_db: float = -70.0):
        t = np.arange(6 * RATE) / RATE
        voice = np.sqrt(2) * np.sin(2 * np.pi * 150 * t) * (np.sin(2 * np.pi * t) > 0)
        noise = np.random.default_rng(0).normal(0, 10 ** (noise_db / 20), len(t))
        soundfile.write(tmp_path / "clip.wav", 10 ** (level_db / 20) * voice + noise, RATE)
        return tmp_path / "clip.wav"

    return write


def bad(findings):
    return [finding.check for finding in findings if not finding.is_good]


def test_a_good_clip_passes_every_check(clip):
    findings = check_clip(clip(), WORDS, "en", lambda _: "the lamp on the landin was lid")
    assert [finding.check for finding in findings] == ["length", "clipping", "level", "noise", "words"]
    assert bad(findings) == []


def test_a_quiet_clip(clip):
    assert bad(check_clip(clip(level_db=-42), WORDS, "en", lambda _: WORDS)) == ["level"]


def test_a_noisy_clip(clip):
    assert bad(check_clip(clip(noise_db=-30), WORDS, "en", lambda _: WORDS)) == ["noise"]


def test_other_words_than_the_transcript_s(clip):
    findings = check_clip(clip(), WORDS, "en", lambda _: "my uncle grew tall beans behind his house")
    assert bad(findings) == ["words"]
    assert "my uncle" in findings[-1].advice


def test_other_languages_are_not_recognised(clip):
    findings = check_clip(clip(), "你好", "zh", lambda _: pytest.fail("asked the recogniser"))
    assert bad(findings) == []
    assert "not checked" in findings[-1].measured


def test_a_clip_too_short_is_refused_before_it_is_checked(tmp_path):
    soundfile.write(tmp_path / "clip.wav", 0.1 * np.ones(RATE), RATE)
    with pytest.raises(InputError, match="too short"):
        check_clip(tmp_path / "clip.wav", WORDS, "en", lambda _: WORDS)
