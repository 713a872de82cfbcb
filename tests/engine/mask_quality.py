"""Measure what is lost, and what is saved, where the flow does not see the whole of a segment.

    python -m tests.engine.mask_quality notes.txt bella
    python -m tests.engine.mask_quality notes.txt my-voice cosyvoice2-0.5b

A text is said once under each mask, with the same speech tokens, on the cores there are. How much the sound jumps is
measured where chunks of a second end, under every mask: where there are none, it tells what speech does by itself.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cosycli.engine.gates import chunk_boundaries, jump_at_boundaries
from cosycli.engine.synthesizer import Synthesizer
from cosycli.engine.utterance import Take, Utterance, VoiceSettings, utterances_of
from cosycli.model.library import find_model
from cosycli.model.loading import Model, load_model
from cosycli.model.masks import FlowMask


def measure_masks(text: Path, voice: str, name: str) -> None:
    model = load_model(find_model(name), "cpu")
    synthesizer = Synthesizer(model, verify=True, retakes=0)
    utterances = utterances_of(synthesizer.read(text.read_text(encoding="utf-8")).segments, VoiceSettings(voice))
    num_prompt = synthesizer._voices.prompt(voice).mel.shape[1]
    print("mask         flow RTF  letters  jump, most  failed")
    for mask in FlowMask:
        synthesizer._runner.elapsed.clear()
        takes = list(synthesizer.render(utterances, mask=mask.value))
        seconds = sum(len(take.samples) for take in takes) / synthesizer.sample_rate
        wrong = [take.error_rate for take in takes if take.error_rate is not None]
        jumps = _jumps(model, takes, utterances, num_prompt)
        print(
            f"{mask.value:12}{synthesizer._runner.elapsed['flow_s'] / seconds:9.4f}{np.mean(wrong):9.3f}"
            f"{np.mean(jumps):7.2f}{max(jumps):6.2f}{sum(bool(take.failures) for take in takes):5} of {len(takes)}",
            flush=True,
        )


def _jumps(model: Model, takes: Sequence[Take], utterances: Sequence[Utterance], num_prompt: int) -> list[float]:
    flow, mel = model.profile.flow, model.profile.mel
    boundaries = [
        chunk_boundaries(model.flow, FlowMask.CHUNK, num_prompt, flow.num_frames(len(take.tokens)), item.speed)
        for take, item in zip(takes, utterances, strict=True)
    ]
    jumps = [jump_at_boundaries(take.samples, mel, places) for take, places in zip(takes, boundaries, strict=True)]
    return [jump for jump in jumps if jump is not None]


if __name__ == "__main__":
    measure_masks(Path(sys.argv[1]), *sys.argv[2:3], *(sys.argv[3:] or ["builtin"]))
