"""Checks the words of a take: a recognizer transcribes it, and the transcript is compared to the text by letters.

With the built-in recognizer a take may have 40 % of the letters wrong, and a text of fewer than 12 letters counts as
12; docs/performance.md has the measurements behind both limits.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from cosycli.engine.utterance import Utterance
from cosycli.errors import MissingError
from cosycli.model.profile import read_profile
from cosycli.script.normalisation import say_in_words
from cosycli.sound.recording import Recording

__all__ = ["SPOKEN_INSTRUCTION", "WRONG_WORDS", "Listener", "Verdict", "check_listener", "listener_for", "verdict_on"]

WRONG_WORDS, SPOKEN_INSTRUCTION = "words", "instruction spoken"  # the names of the gates
BUILTIN_LIMIT = 0.4
WHISPER_LIMIT = 0.3  # not measured on takes: Whisper has fewer letters wrong than the built-in recognizer
MIN_LETTERS = 12
WHISPER_SIZE, WHISPER_RATE = "small", 16_000
_WHISPER_NAMES = {"yue": "zh"}  # it writes Cantonese as Chinese


class Listener(Protocol):
    """A recognizer, and the share of wrong letters up to which its good takes lie."""

    limit: float

    def hear(self, recording: Recording, language: str) -> str | None:
        """The words of a recording; None where the recognizer does not know the language (ISO 639-1)."""
        ...


@dataclass(frozen=True)
class Verdict:
    """What the comparison found.

    Attributes:
        failures: `WRONG_WORDS`, `SPOKEN_INSTRUCTION` or both.
        error_rate: letters to change for each letter that was to be said; None where nothing could be compared.
    """

    failures: tuple[str, ...]
    error_rate: float | None


class BuiltinListener:
    """The built-in recognizer, for the built-in model; it knows English."""

    limit = BUILTIN_LIMIT

    def __init__(self, folder: Path) -> None:
        """Raises: MissingError: the recognizer in the folder is damaged."""
        from cosycli.engine.recognizer import Recognizer

        self._recognizer = Recognizer(folder)

    def hear(self, recording: Recording, language: str) -> str | None:
        return self._recognizer.transcribe(recording) if language == "en" else None


class WhisperListener:
    """Whisper, for models that speak like people; its weights are fetched when it is first used."""

    limit = WHISPER_LIMIT

    def __init__(self) -> None:
        """Raises: MissingError: faster-whisper is not installed, or its weights cannot be fetched."""
        _check_whisper()
        from faster_whisper import WhisperModel

        try:
            self._model: Any = WhisperModel(WHISPER_SIZE)
        except (OSError, ValueError, RuntimeError) as error:
            raise MissingError(
                f"Whisper's weights, which --verify listens with, could not be loaded: {error}",
                "They are fetched once, from the Hugging Face hub. Go online, or leave out --verify.",
            ) from None

    def hear(self, recording: Recording, language: str) -> str | None:
        name = _WHISPER_NAMES.get(language, language)
        if name not in self._model.supported_languages:
            return None
        samples = recording.resample(WHISPER_RATE).samples
        segments, _ = self._model.transcribe(samples, language=name, temperature=0.0, condition_on_previous_text=False)
        return " ".join(segment.text for segment in segments)


def check_listener(folder: Path) -> None:
    """Find out before the work starts whether takes of the model in `folder` could be listened to.

    Raises:
        MissingError: faster-whisper is needed and not installed.
    """
    if not _has_own_recognizer(folder):
        _check_whisper()


def listener_for(folder: Path) -> Listener:
    """The recognizer for the model in `folder`: its own where it has one, else Whisper.

    Raises:
        MissingError: it is not installed, or its weights are damaged or cannot be fetched.
    """
    return BuiltinListener(folder) if _has_own_recognizer(folder) else WhisperListener()


def _has_own_recognizer(folder: Path) -> bool:
    return read_profile(folder).spells_words


def _check_whisper() -> None:
    if find_spec("faster_whisper") is None:
        raise MissingError(
            "--verify listens to this model with Whisper, which is not installed.",
            "Install it: pip install faster-whisper",
        )


def verdict_on(listener: Listener, recording: Recording, item: Utterance, opening: str = "") -> Verdict:
    """Compare what is heard with what the utterance says.

    Args:
        opening: what the model is told before every instruction.
    """
    language = item.segment.language
    heard = listener.hear(recording, language)
    if heard is None:
        return Verdict((), None)
    letters, said = _letters(say_in_words(heard, language), language), _letters(item.segment.words, language)
    if not said:
        return Verdict((), None)
    failures = []
    if (wrong := error_rate(said, letters)) > listener.limit:
        failures.append(WRONG_WORDS)
    told = [item.instruction, f"{opening} {item.instruction}"] if item.instruction else []
    for beginning in (_letters(words, language) for words in told):
        heard_so, said_so = (_starts_with(words, beginning, listener.limit) for words in (letters, said))
        if heard_so and not said_so:
            failures.append(SPOKEN_INSTRUCTION)
            break
    return Verdict(tuple(failures), wrong)


def _starts_with(letters: str, beginning: str, limit: float) -> bool:
    """As far as a recognizer can tell that gets this share of letters wrong."""
    return error_rate(beginning, letters[: len(beginning)]) <= limit


def _letters(text: str, language: str) -> str:
    """What is compared of a text: small letters without accents, Chinese in pinyin without tones."""
    from pypinyin import lazy_pinyin

    if language == "ja":
        from cosycli.script.japanese import in_katakana

        text = in_katakana(text)
    spelled = unicodedata.normalize("NFKD", " ".join(lazy_pinyin(text)).casefold())
    return "".join(letter for letter in spelled if letter.isalpha())


def error_rate(said: str, heard: str) -> float:
    """Letters to insert, leave out or change (Levenshtein) for each of those to be said, `MIN_LETTERS` at least."""
    others = np.array([ord(letter) for letter in heard], dtype=np.int64)
    places = np.arange(len(others) + 1)
    row = places
    for number, letter in enumerate(said, start=1):
        changed = np.minimum(row[1:] + 1, row[:-1] + (others != ord(letter)))
        row = np.minimum.accumulate(np.concatenate(([number], changed)) - places) + places
    return float(row[-1]) / max(len(said), MIN_LETTERS)
