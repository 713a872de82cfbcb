"""Take every mode of the published models end to end at full size, with random weights, and print how each went.

    python -m tests.engine.full_size_modes
    python -m tests.engine.full_size_modes fun-cosyvoice3-0.5b-2512

On the CPU, each model in a process of its own. A model is written to the disk as it is published, up to 6 GB, and
removed again. What stands in for published files: random weights, a vocabulary of bytes, and small graphs for speech
tokenizer and speaker encoder. What is heard is noise, of 26 speech tokens where the language model does not end
before; that there is some is what is checked.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

import cosycli
from cosycli import Synthesizer
from cosycli.engine.features import profile_of
from cosycli.engine.utterance import VoiceSettings, utterances_of
from cosycli.model.library import PublishedModel, find_published, published_models
from tests.model.full_size_model import write_full_size_model
from tests.model.tiny_model_v1 import SPEAKERS

Sound = NDArray[np.float32]

CLIP_S, CLIP_RATE = 3.0, 24_000  # the shortest that a voice may have
TEXT = "Good evening."


@dataclass(frozen=True)
class Outcome:
    """How a mode went; `fault` is empty for one that made the sound it should."""

    mode: str
    seconds: float
    num_samples: int
    fault: str


def voice_folder(folder: Path, transcript: str = "") -> str:
    """A voice with a clip, and the words in it where they are given."""
    folder.mkdir()
    t = np.arange(round(CLIP_S * CLIP_RATE)) / CLIP_RATE
    soundfile.write(folder / "clip.wav", 0.3 * np.sin(2 * np.pi * 200 * t) * np.sin(3 * t), CLIP_RATE)
    words = f"transcript: {transcript}\n" if transcript else ""
    (folder / "voice.yaml").write_text(
        f"name: {folder.name}\nlanguage: en\nrights: made by a sine\nreference: clip.wav\n{words}"
    )
    return str(folder)


def try_modes(folder: Path, model: PublishedModel) -> Iterator[Outcome]:
    """Every mode of the model in `folder`, one after the other."""
    with tempfile.TemporaryDirectory() as place:
        known = voice_folder(Path(place, "known"), "Long tone.")
        strange = voice_folder(Path(place, "strange"))
        yield from _tried_all(_modes_of(model, cosycli.load(str(folder), "cpu", retakes=0), known, strange))
        for variant in model.variants:
            synthesizer = cosycli.load(str(folder), "cpu", variant=variant, retakes=0)
            yield _tried(f"{variant} variant", partial(_spoken, synthesizer, TEXT, voice=known))


def _tried_all(modes: dict[str, Callable[[], Sound]]) -> Iterator[Outcome]:
    """Each of the modes; they are forgotten at the end, and with them the networks, before others are loaded."""
    for name, say in modes.items():
        yield _tried(name, say)


def _modes_of(
    model: PublishedModel, synthesizer: Synthesizer, known: str, strange: str
) -> dict[str, Callable[[], Sound]]:
    profile = profile_of(model)
    speak = partial(_spoken, synthesizer, TEXT)
    modes = {
        "zero-shot": partial(speak, voice=known),
        "cross-lingual": partial(speak, voice=strange),
        "voice conversion": partial(_converted, synthesizer, known),
        "stream, zero-shot": partial(_streamed, synthesizer, known),
        "stream, cross-lingual": partial(_streamed, synthesizer, strange),
    }
    if model.has_speakers:
        modes["SFT"] = partial(speak, voice=SPEAKERS[0])
        modes["stream, SFT"] = partial(_streamed, synthesizer, SPEAKERS[0])
    if profile.takes_instructions:
        voice = SPEAKERS[0] if model.has_speakers else known
        modes["instruct"] = partial(speak, voice=voice, style="speak as if tired")
    if profile.reads_phonemes:
        modes["pronunciations"] = partial(_spoken, synthesizer, "Read{R EH1 D} 行{xing2}.", voice=known)
    if profile.flow.has_masks:
        modes |= {
            f"{mask} mask": partial(speak, voice=known, mask=mask) for mask in ("causal", "chunk", "double-chunk")
        }
    return modes


def _spoken(synthesizer: Synthesizer, text: str, **voice_settings: str) -> Sound:
    return synthesizer.speak(text, **voice_settings).samples


def _converted(synthesizer: Synthesizer, voice: str) -> Sound:
    clip = np.random.default_rng(0).standard_normal(synthesizer.sample_rate).astype(np.float32)
    return synthesizer.convert(0.1 * clip, synthesizer.sample_rate, voice=voice).samples


def _streamed(synthesizer: Synthesizer, voice: str) -> Sound:
    utterances = utterances_of(synthesizer.read("Good evening. One moment.").segments, VoiceSettings(voice))
    return np.concatenate(list(synthesizer.stream(utterances)))


def _tried(name: str, say: Callable[[], Sound]) -> Outcome:
    started = time.monotonic()
    try:
        samples = say()
    except Exception as error:  # the other modes are to be tried all the same
        return Outcome(name, time.monotonic() - started, 0, f"{type(error).__name__}: {error}")
    return Outcome(name, time.monotonic() - started, len(samples), _fault_of(samples))


def _fault_of(samples: Sound) -> str:
    if not len(samples):
        return "nothing"
    if not np.isfinite(samples).all():
        return "not finite"
    return "" if samples.std() > 0 else "silent"


def _print_modes(model: PublishedModel) -> bool:
    """Write the model, take it through its modes, and say whether all went well."""
    all_went_well = True
    with tempfile.TemporaryDirectory() as place:
        folder = write_full_size_model(Path(place, model.name), model)
        for outcome in try_modes(folder, model):
            peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            print(
                f"{model.name:<25} {outcome.mode:<22} {outcome.seconds:6.1f} s {outcome.num_samples:7} samples "
                f"{peak_mb:6} MB  {outcome.fault or 'ok'}",
                flush=True,
            )
            all_went_well &= not outcome.fault
    return all_went_well


if __name__ == "__main__":
    if sys.argv[1:]:
        sys.exit(not _print_modes(find_published(sys.argv[1])))
    # One process after the other, so that the peak is that of one model.
    statuses = [subprocess.run([sys.executable, "-m", __spec__.name, name]).returncode for name in published_models()]
    sys.exit(any(statuses))
