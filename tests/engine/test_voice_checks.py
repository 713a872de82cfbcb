import fake_synthesizer
import numpy as np
import pytest
import soundfile

from cosycli.engine.voice_checks import check_clip
from cosycli.errors import InputError
from cosycli.voices import find_voice

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


@pytest.fixture(autouse=True)
def hear(monkeypatch):
    """Chooses what the recognizer hears; at first the right words."""

    def choose(words):
        fake_synthesizer.install(monkeypatch.setattr, heard=words)

    choose(WORDS)
    return choose


def bad(findings):
    return [finding.check for finding in findings if not finding.is_good]


def test_a_good_clip_passes_every_check(clip):
    findings = check_clip(clip(), WORDS, "en")
    assert [finding.check for finding in findings] == ["length", "silence", "clipping", "level", "noise", "words"]
    assert bad(findings) == []


def test_the_silence_at_the_ends_is_reported(clip):
    """The clip ends with half a second of noise."""
    assert check_clip(clip(), WORDS, "en")[1].measured == "0.0 s before and 0.5 s after"


def test_a_quiet_clip(clip):
    assert bad(check_clip(clip(level_db=-42), WORDS, "en")) == ["level"]


def test_a_noisy_clip(clip):
    assert bad(check_clip(clip(noise_db=-30), WORDS, "en")) == ["noise"]


def test_other_words_than_the_transcript_s(clip, hear):
    hear("My uncle grew tall beans behind his house.")
    assert bad(check_clip(clip(), WORDS, "en")) == ["words"]


def test_other_languages_are_not_recognized(clip, hear):
    hear("")
    findings = check_clip(clip(), "你好", "zh")
    assert bad(findings) == []
    assert "not checked" in findings[-1].measured


def test_a_clip_too_short_is_refused_before_it_is_checked(tmp_path):
    soundfile.write(tmp_path / "clip.wav", 0.1 * np.ones(RATE), RATE)
    with pytest.raises(InputError, match="too short"):
        check_clip(tmp_path / "clip.wav", WORDS, "en")


@pytest.mark.parametrize("name", ["michael", "heart", "bella"])
def test_the_shipped_clips_pass_and_swapped_transcripts_do_not(name, monkeypatch):
    """With the built-in recognizer, which was never trained on bella."""
    monkeypatch.undo()
    voice = find_voice(name)
    assert bad(check_clip(voice.reference, voice.transcript, "en")) == []
    other = find_voice("heart" if name != "heart" else "michael")
    assert bad(check_clip(voice.reference, other.transcript, "en")) == ["words"]
