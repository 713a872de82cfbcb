"""`cosy bench`: how fast this machine speaks."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from cosycli.cli import options
from cosycli.errors import UsageError

if TYPE_CHECKING:
    from cosycli.engine.synthesizer import Speech

__all__ = ["EXAMPLES", "bench"]

EXAMPLES = """Examples:

\b
  cosy bench
  cosy bench --runs 1 --json
"""

# Twenty sentences of everyday length.
TEXT = """
The baker opens before the sun is over the roofs. A smell of warm bread runs down the hill and wakes the dogs.
My sister counts the boats from her window and writes their names in a green book. On Thursdays the ferry is late.
Nobody in the village owns a clock that agrees with another. The schoolteacher says that this keeps people polite.
In winter the lake freezes from the edges toward the middle. Children learn to listen to the ice before they trust it.
An old man sells chestnuts under the bridge and never gives change. He says the difference is for the river.
When the train stopped in the forest, we heard how quiet it could be. Someone laughed, and then everyone did.
The letter had been folded so often that the words were wearing thin. She could have read it with her eyes closed.
We planted four trees, one for each of us, and three of them grew. The fourth was eaten by a very happy goat.
By evening the wind had turned, and the kites came down one by one. Their strings lay across the field like writing.
I have kept the key, although the house was sold long ago. Some doors are easier to carry than to close.
"""


@dataclass(frozen=True)
class Measurement:
    """One run. Times in seconds; a real-time factor is seconds of work for a second of speech."""

    audio_s: float
    load_s: float
    total_s: float
    language_model_rtf: float
    flow_rtf: float
    vocoder_rtf: float
    total_rtf: float
    times_real_time: float
    peak_memory_mb: float


def bench(
    model: Annotated[str, typer.Option(help="A model of `cosy models list`, or a model folder.")] = "builtin",
    variant: options.Variant = None,
    device: options.Device = None,
    dtype: options.Dtype = None,
    runs: Annotated[int, typer.Option(help="The fastest of so many runs is shown.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Speak twenty sentences and show the time each stage takes, and the memory."""
    if runs < 1:
        raise UsageError(f"{runs} runs measure nothing.", "Give --runs 1 or more.")
    started = time.perf_counter()
    import cosycli

    synthesizer = cosycli.load(model, device, dtype, variant)
    load_s = time.perf_counter() - started
    results = []
    for _ in range(runs):
        started = time.perf_counter()
        speech = synthesizer.speak(TEXT)
        results.append(_measurement(speech, load_s, time.perf_counter() - started))
    best = min(results, key=lambda result: result.total_s)
    if as_json:
        print(json.dumps(asdict(best), indent=1))
    else:
        _print(best)


def _measurement(speech: Speech, load_s: float, total_s: float) -> Measurement:
    audio_s = len(speech.samples) / speech.sample_rate
    return Measurement(
        audio_s=round(audio_s, 2),
        load_s=round(load_s, 2),
        total_s=round(total_s, 2),
        language_model_rtf=round(speech.timings.language_model_s / audio_s, 4),
        flow_rtf=round(speech.timings.flow_s / audio_s, 4),
        vocoder_rtf=round(speech.timings.vocoder_s / audio_s, 4),
        total_rtf=round(total_s / audio_s, 4),
        times_real_time=round(audio_s / total_s, 2),
        peak_memory_mb=round(_peak_memory_mb()),
    )


def _peak_memory_mb() -> float:
    """Of the whole process, and of the GPU where there is one."""
    import resource

    import torch

    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KB elsewhere
    process = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return float(process + (torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0)) / 1e6


def _print(result: Measurement) -> None:
    print(f"{result.audio_s:.1f} s of speech in {result.total_s:.1f} s: {result.times_real_time:.1f} times real time")
    for stage in ("language_model", "flow", "vocoder", "total"):
        print(f"{stage.replace('_', ' '):<16} RTF {getattr(result, f'{stage}_rtf'):.3f}")
    print(f"{'loading':<16} {result.load_s:.1f} s")
    print(f"{'peak memory':<16} {result.peak_memory_mb:.0f} MB")
