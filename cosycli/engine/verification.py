"""Checks the words of a take: a recognizer transcribes it, and the transcript is compared to the text by letters.

With the built-in recognizer a take may have 40 % of the letters wrong, and a text of fewer than 12 letters counts as
12; docs/performance.md has the measurements behind both limits.
"""

from __future__ import annotations

import unicodedata
from abc import ABC, abstractmethod
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cosycli.engine.utterance import Utterance
from cosycli.errors import MissingError
from cosycli.model.profile import read_profile
from cosycli.script.normalisation import say_in_words
from cosycli.sound.recording import Recording

WRONG_WORDS, SPOKEN_INSTRUCTION = "words", "instruction spoken"  # the names of the gates
BUILTIN_LIMIT = 0.4
WHISPER_LIMIT = 0.3  # not measured on takes: Whisper has fewer letters wrong than the built-in recognizer
MIN_LETTERS = 12
WHISPER_SIZE, WHISPER_RATE = "small", 16_000
WHISPER = "openai/whisper-small"  # on the Hugging Face hub, or a folder
WHISPER_WINDOW = 30 * WHISPER_RATE  # samples that it hears at once
_FETCH_WHISPER = (
    f"Fetch them: hf download {WHISPER} --include '*.json' --include '*.txt' --include model.safetensors; "
    "or install the faster Whisper, which fetches its own: pip install faster-whisper"
)
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


class WhisperListener(ABC):
    """Whisper, for models that speak like people."""

    limit = WHISPER_LIMIT

    def hear(self, recording: Recording, language: str) -> str | None:
        name = _WHISPER_NAMES.get(language, language)
        return self._transcribe(recording.resample(WHISPER_RATE).samples, name) if self._knows(name) else None

    @abstractmethod
    def _knows(self, language: str) -> bool: ...

    @abstractmethod
    def _transcribe(self, samples: NDArray[np.float32], language: str) -> str:
        """The words of samples (N,) at `WHISPER_RATE`."""


class FasterWhisper(WhisperListener):
    """By the package faster-whisper; the weights are fetched when it is first used."""

    def __init__(self) -> None:
        """Raises: MissingError: its weights cannot be fetched."""
        from faster_whisper import WhisperModel

        try:
            self._model: Any = WhisperModel(WHISPER_SIZE)
        except (OSError, ValueError, RuntimeError) as error:
            raise MissingError(
                f"Whisper's weights, which --verify listens with, could not be loaded: {error}",
                "They are fetched once, from the Hugging Face hub. Go online, or leave out --verify.",
            ) from None

    def _knows(self, language: str) -> bool:
        return language in self._model.supported_languages

    def _transcribe(self, samples: NDArray[np.float32], language: str) -> str:
        options = {"temperature": 0.0, "condition_on_previous_text": False}
        segments, _ = self._model.transcribe(samples, language=language, **options)
        return " ".join(segment.text for segment in segments)


class PlainWhisper(WhisperListener):
    """By transformers, which is always installed but slower; the weights have to be on this machine."""

    def __init__(self) -> None:
        """Raises: MissingError: its weights are not here, or are damaged."""
        _check_whisper()
        import torch
        from transformers import WhisperForConditionalGeneration, WhisperProcessor
        from transformers.utils.logging import disable_progress_bar, set_verbosity_error

        disable_progress_bar()
        set_verbosity_error()  # it warns of what it does itself
        device = "cuda" if torch.cuda.is_available() else "cpu"
        try:
            self._processor = WhisperProcessor.from_pretrained(WHISPER, local_files_only=True)
            self._model: Any = WhisperForConditionalGeneration.from_pretrained(WHISPER, local_files_only=True)
        except Exception as error:  # tokenizers and safetensors have their own
            raise MissingError(f"{WHISPER}, which --verify listens with, is damaged: {error}", _FETCH_WHISPER) from None
        self._model.to(device)

    def _knows(self, language: str) -> bool:
        return f"<|{language}|>" in self._model.generation_config.lang_to_id

    def _transcribe(self, samples: NDArray[np.float32], language: str) -> str:
        windows = [samples[start : start + WHISPER_WINDOW] for start in range(0, len(samples), WHISPER_WINDOW)]
        heard = self._processor(windows, sampling_rate=WHISPER_RATE, return_attention_mask=True, return_tensors="pt")
        ids = self._model.generate(**heard.to(self._model.device), language=language, task="transcribe")
        return " ".join(self._processor.batch_decode(ids, skip_special_tokens=True))


def check_listener(folder: Path) -> None:
    """Find out before the work starts whether takes of the model in `folder` could be listened to.

    Raises:
        MissingError: Whisper is needed, and is not here.
    """
    if not _has_own_recognizer(folder) and not _has_faster_whisper():
        _check_whisper()


def listener_for(folder: Path) -> Listener:
    """The recognizer for the model in `folder`: its own where it has one, else Whisper.

    Raises:
        MissingError: it is not here, or its weights are damaged or cannot be fetched.
    """
    if _has_own_recognizer(folder):
        return BuiltinListener(folder)
    return FasterWhisper() if _has_faster_whisper() else PlainWhisper()


def _has_own_recognizer(folder: Path) -> bool:
    return read_profile(folder).spells_words


def _has_faster_whisper() -> bool:
    return find_spec("faster_whisper") is not None


def _check_whisper() -> None:
    from transformers import WhisperConfig

    try:
        WhisperConfig.from_pretrained(WHISPER, local_files_only=True)
    except OSError:
        raise MissingError(
            "--verify listens to this model with Whisper, whose weights are not on this machine.", _FETCH_WHISPER
        ) from None


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
