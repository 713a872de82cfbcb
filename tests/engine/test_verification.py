"""Takes whose words are wrong are found by listening to them, and drawn again."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import soundfile

import cosycli
from cosycli.engine.utterance import Take, VoiceSettings, utterances_of
from cosycli.engine.verification import Verdict, check_listener, listener_for, verdict_on
from cosycli.errors import MissingError
from cosycli.model.library import BUILTIN, model_folder
from cosycli.script import read_script
from cosycli.sound.recording import Recording
from tests.model.tiny_model import write_tiny_model
from tests.model.tiny_whisper import write_tiny_whisper

SENTENCE = "The lamp is on the table, and the letter is under it."
SOUND = Recording(np.zeros(2400, np.float32), 24_000)


class Listener:
    """Hears one thing after another, whatever is said; the last one for ever."""

    limit = 0.3

    def __init__(self, *heard: str | None) -> None:
        self.heard = list(heard)

    def hear(self, recording: Recording, language: str) -> str | None:
        return self.heard.pop(0) if len(self.heard) > 1 else self.heard[0]


def verdict(text: str, heard: str | None, instruction: str | None = None, opening: str = "") -> Verdict:
    (utterance,) = utterances_of(read_script(text).segments, VoiceSettings(instruction=instruction))
    return verdict_on(Listener(heard), SOUND, utterance, opening)


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("Good evening, Ada.", "good evening ada"),
        ("He paid $5 for 21 lamps.", "He paid 5 dollars for 21 lamps."),
        ("我们很高兴。", "我們很高興"),
        ("他在银行工作。", "她再银行工作。"),  # homophones
        ("Grüße aus Köln, Jürgen!", "Grusse aus Koln, Jurgen"),
        ("안녕하세요 여러분", "안녕하세요, 여러분."),
        ("[laughter] That is <strong>very</strong> funny.", "that is very funny"),
    ],
)
def test_what_sounds_the_same_is_the_same(text, heard):
    assert verdict(text, heard) == Verdict((), 0.0)


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("He read{R EH1 D} of Weena{W IY1 N AH0}.", "he read of weena"),
        ("重{chong2}庆的银行{yin2 hang2}。", "重庆的银行"),
    ],
)
def test_a_pronounced_word_counts_as_it_is_written(text, heard):
    assert verdict(text, heard) == Verdict((), 0.0)


def test_a_pronounced_word_may_be_heard_as_it_sounds():
    (segment,) = read_script(
        "He read{R EH1 D} it in 行{háng}.", phonemes=frozenset({"[R]", "[EH1]", "[D]", "[h]", "[áng]"})
    ).segments
    (utterance,) = utterances_of([segment], VoiceSettings())
    assert verdict_on(Listener("he red it in hang"), SOUND, utterance).failures == ()


def test_other_words_fail():
    found = verdict(SENTENCE, "nobody had seen the ferry since the storm")
    assert found.failures == ("words",)
    assert found.error_rate > 0.5


def test_a_lost_half_fails():
    assert verdict(SENTENCE, "The lamp is on the table").failures == ("words",)


def test_one_wrong_letter_of_a_short_word_is_no_failure():
    assert verdict("No.", "mo").failures == ()


def test_an_unknown_language_is_not_judged():
    assert verdict(SENTENCE, None) == Verdict((), None)


GREETING = "Good evening, Ada."
INSTRUCTION = "speak as slowly as you can"


@pytest.mark.parametrize("heard", [f"{INSTRUCTION} {SENTENCE}", f"You are a helpful assistant. {INSTRUCTION}"])
def test_a_spoken_instruction_is_heard(heard):
    found = verdict(SENTENCE, heard, INSTRUCTION, opening="You are a helpful assistant.")
    assert "instruction spoken" in found.failures


@pytest.mark.parametrize("instruction", ["用四川话说这句话", "用广东话表达"])
def test_a_chinese_instruction_is_heard_before_a_chinese_text(instruction):
    assert "instruction spoken" in verdict("今天天气很好。", f"{instruction}今天天气很好", instruction).failures


def test_a_text_may_begin_like_its_instruction():
    text = "Speak as slowly as you can, said the doctor."
    assert verdict(text, text, INSTRUCTION).failures == ()


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def takes_heard(directory, tmp_path, monkeypatch):
    """Renders `GREETING` by a model that no gate but the recognizer's judges."""
    t = np.arange(4 * 24000) / 24000
    soundfile.write(tmp_path / "clip.flac", 0.3 * np.sin(2 * np.pi * 200 * t) * np.sin(3 * t), 24000)
    (tmp_path / "voice.yaml").write_text("name: ada\nlanguage: en\nrights: made by a sine\nreference: clip.flac\n")
    monkeypatch.setattr("cosycli.engine.batch.failures_of", lambda *_, **__: ())

    def takes(*heard: str, verify: bool = True, instruction: str | None = None, seed: int | None = None) -> Take:
        monkeypatch.setattr("cosycli.engine.synthesizer.listener_for", lambda folder: Listener(*heard))
        synthesizer = cosycli.load(str(directory), device="cpu", verify=verify)
        (utterance,) = utterances_of(synthesizer.read(GREETING).segments, VoiceSettings(str(tmp_path), instruction))
        (take,) = synthesizer.render([utterance if seed is None else replace(utterance, seed=seed)])
        return take

    return takes


def test_a_good_take_is_kept_as_it_is_without_listening(takes_heard):
    verified, plain = takes_heard(GREETING), takes_heard("nonsense", verify=False)
    assert (verified.seed, verified.num_draws, verified.failures, verified.error_rate) == (plain.seed, 1, (), 0.0)
    assert (plain.num_draws, plain.error_rate) == (1, None)
    np.testing.assert_array_equal(verified.samples, plain.samples)


def test_wrong_words_are_drawn_again(takes_heard):
    first, second = takes_heard(GREETING), takes_heard("something else", GREETING)
    assert (second.num_draws, second.failures) == (2, ())
    assert second.seed != first.seed


def test_the_take_with_the_fewest_wrong_letters_is_kept_and_named(takes_heard):
    best = takes_heard("something else", "good even", "nothing at all")
    assert (best.num_draws, best.failures) == (3, ("words",))
    assert best.seed == takes_heard("something else", GREETING).seed


def test_a_spoken_instruction_is_left_out_of_the_next_draw_and_told(takes_heard):
    retaken = takes_heard(f"{INSTRUCTION} {GREETING}", GREETING, instruction=INSTRUCTION)
    assert retaken.num_draws == 2
    assert retaken.failures == ("instruction left out, for it was spoken",)
    assert retaken.tokens == takes_heard(GREETING, seed=retaken.seed).tokens
    assert retaken.tokens != takes_heard(GREETING, seed=retaken.seed, instruction=INSTRUCTION).tokens


def test_the_built_in_recognizer_hears_the_built_in_voice():
    synthesizer = cosycli.load(device="cpu", verify=True)
    (take,) = synthesizer.render(utterances_of(synthesizer.read("The lamp is on the table.").segments, VoiceSettings()))
    assert "words" not in take.failures
    assert take.error_rate < 0.4
    listener = listener_for(model_folder(BUILTIN))
    (other,) = utterances_of(read_script("Nobody had seen the ferry.").segments, VoiceSettings())
    assert verdict_on(listener, Recording(take.samples, take.sample_rate), other).failures == ("words",)


@pytest.fixture
def without_faster_whisper(monkeypatch):
    monkeypatch.setattr("cosycli.engine.verification.find_spec", lambda name: None)


def test_other_models_need_whisper(directory, without_faster_whisper, tmp_path, monkeypatch):
    monkeypatch.setattr("cosycli.engine.verification.WHISPER", str(tmp_path / "absent"))
    for needs_whisper in (check_listener, listener_for):
        with pytest.raises(MissingError, match=r"hf download .*pip install faster-whisper"):
            needs_whisper(directory)
    check_listener(model_folder(BUILTIN))


@pytest.fixture
def whisper(directory, without_faster_whisper, tmp_path, monkeypatch):
    """The listener on a tiny Whisper of random weights, as `hf download` would leave it."""
    folder = tmp_path / "whisper"
    monkeypatch.setattr("cosycli.engine.verification.WHISPER", str(folder))
    write_tiny_whisper(folder)
    check_listener(directory)
    return listener_for(directory)


def tone(frequency: float, seconds: float) -> Recording:
    t = np.arange(round(seconds * 16_000)) / 16_000
    return Recording(np.sin(2 * np.pi * frequency * t).astype(np.float32), 16_000)


def test_whisper_hears_the_sound_in_its_language(whisper, capfd):
    low, high = tone(150, 20), tone(3000, 20)
    heard = whisper.hear(low, "en")
    assert heard
    assert heard == whisper.hear(low, "en")
    assert heard != whisper.hear(low, "zh")
    assert heard != whisper.hear(high, "en")
    assert whisper.hear(high, "yue") == whisper.hear(high, "zh") != ""
    assert whisper.hear(low, "xx") is None
    assert capfd.readouterr().err == ""


def test_whisper_hears_what_is_long_in_windows_of_30_s(whisper):
    windows = [tone(150, 30), tone(3000, 30), tone(150, 5)]
    whole = Recording(np.concatenate([window.samples for window in windows]), 16_000)
    assert whisper.hear(whole, "en") == " ".join(whisper.hear(window, "en") for window in windows)


def test_a_damaged_whisper_is_named(whisper, directory, tmp_path):
    (tmp_path / "whisper" / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(MissingError, match="is damaged"):
        listener_for(directory)


def test_faster_whisper_is_given_the_sound_and_its_language(directory, monkeypatch):
    asked = []

    class WhisperModel:
        supported_languages = ("en", "zh")

        def __init__(self, size: str) -> None:
            self.size = size

        def transcribe(self, samples: np.ndarray, **options: object) -> tuple[list[SimpleNamespace], None]:
            asked.append((self.size, len(samples), options["language"]))
            return [SimpleNamespace(text=" Good"), SimpleNamespace(text=" evening.")], None

    module = ModuleType("faster_whisper")
    module.WhisperModel = WhisperModel
    monkeypatch.setitem(sys.modules, "faster_whisper", module)
    monkeypatch.setattr("cosycli.engine.verification.find_spec", lambda name: True)
    listener = listener_for(directory)
    assert listener.hear(SOUND, "en").split() == ["Good", "evening."]
    assert listener.hear(SOUND, "yue") is not None
    assert listener.hear(SOUND, "xx") is None
    assert asked == [("small", 1600, "en"), ("small", 1600, "zh")]
