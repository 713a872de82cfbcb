"""Step `samples`: the built-in model speaks a list of sentences, to be judged."""

from __future__ import annotations

from pathlib import Path

import soundfile
from tqdm import tqdm

import cosycli


def speak_samples(sentences: Path, target: Path, voice: str | None) -> float:
    """Say line i of `sentences` into `target/iii.wav`, first take; returns the seconds of speech."""
    target.mkdir(parents=True, exist_ok=True)
    synthesizer = cosycli.load()
    lines = [line.strip() for line in sentences.read_text(encoding="utf-8").splitlines() if line.strip()]
    total_s = 0.0
    for number, line in enumerate(tqdm(lines, desc="samples", unit="sentence")):
        speech = synthesizer.speak(line, voice=voice)
        soundfile.write(target / f"{number:03d}.wav", speech.samples, speech.sample_rate)
        total_s += speech.duration_s
    return total_s
