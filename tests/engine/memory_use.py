"""Measure what a model's stages take while they work, as shares of what `cosycli.engine.memory` takes them to need.

    python -m tests.engine.memory_use builtin
    python -m tests.engine.memory_use cosyvoice2

The built-in model is in float32; others have random weights, in bfloat16. One batch is made at a time. On Linux, whose
kernel tells the most memory that a process has had.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import torch

from cosycli.engine.decoding import decode
from cosycli.engine.memory import OVERHEAD, Memory, most_positions, taken_memory
from cosycli.engine.model_runner import ModelRunner
from cosycli.engine.synthetic_model import synthetic_model
from cosycli.engine.voice_prompt import VoicePrompt
from cosycli.model.library import find_model
from cosycli.model.loading import Model, load_model
from cosycli.model.masks import FlowMask
from cosycli.model.speech_decoder import Request

SECONDS = (5, 3, 4, 5)  # of sound, in batches of three
NUM_ROWS = 16
REQUEST = Request(text=(1,) * 4, prompt_text=(1,) * 400)


def peak_of(work: Callable[[], object], device: torch.device) -> int:
    """Bytes that `work` takes beyond those that are taken before it."""
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak
    before = taken_memory(device)
    work()
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")) - before


def measure(model: Model) -> None:
    memory, flow = Memory(model), model.profile.flow
    runner = ModelRunner(model, memory)
    nobody = torch.zeros(0, dtype=torch.long), torch.zeros(flow.num_mels, 0), torch.ones(flow.speaker_width)
    prompts, seeds = [VoicePrompt(None, "", *nobody)] * 3, [1, 2, 3]
    mels = []

    def make_mels() -> None:
        for seconds in SECONDS:
            tokens = torch.randint(flow.num_codes, (3, seconds * flow.token_rate)).tolist()
            mels.append(runner.mels(prompts, tokens, seeds, FlowMask.FULL))

    def make_waves() -> None:
        for batch in mels:
            runner.waves(batch, seeds)

    def speak() -> None:
        decode(model.language_model, [REQUEST] * NUM_ROWS, NUM_ROWS)

    use = memory.use
    of_sound = OVERHEAD + use.frame * 3 * flow.num_frames(max(SECONDS) * flow.token_rate)
    of_speech = NUM_ROWS * use.of_sequence(most_positions(REQUEST, model.profile.language_model))
    for name, work, expected in (
        ("flow", make_mels, of_sound),
        ("vocoder", make_waves, of_sound),
        ("language model", speak, of_speech),
    ):
        peak = peak_of(work, model.device)
        print(f"{name}: {peak / 1e6:.0f} MB, {peak / expected:.2f} of {expected / 1e6:.0f} MB")


if __name__ == "__main__":
    name = sys.argv[1]
    measure(load_model(find_model(name), "cpu") if name == "builtin" else synthetic_model(name, "cpu", "bfloat16"))
