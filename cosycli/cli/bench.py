"""`cosy bench`: how fast this machine speaks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cosycli.cli import options
from cosycli.errors import UsageError

if TYPE_CHECKING:
    from cosycli.engine.benchmark import Measurement, Report

__all__ = ["EXAMPLES", "bench"]

EXAMPLES = """Examples:

\b
  cosy bench
  cosy bench --runs 1 --json
  cosy bench --runs 1 --reference
"""

# Twenty of everyday length.
SENTENCES = (
    "The baker opens before the sun is over the roofs.",
    "A smell of warm bread runs down the hill and wakes the dogs.",
    "My sister counts the boats from her window and writes their names in a green book.",
    "On Thursdays the ferry is late.",
    "Nobody in the village owns a clock that agrees with another.",
    "The schoolteacher says that this keeps people polite.",
    "In winter the lake freezes from the edges toward the middle.",
    "Children learn to listen to the ice before they trust it.",
    "An old man sells chestnuts under the bridge and never gives change.",
    "He says the difference is for the river.",
    "When the train stopped in the forest, we heard how quiet it could be.",
    "Someone laughed, and then everyone did.",
    "The letter had been folded so often that the words were wearing thin.",
    "She could have read it with her eyes closed.",
    "We planted four trees, one for each of us, and three of them grew.",
    "The fourth was eaten by a very happy goat.",
    "By evening the wind had turned, and the kites came down one by one.",
    "Their strings lay across the field like writing.",
    "I have kept the key, although the house was sold long ago.",
    "Some doors are easier to carry than to close.",
)


def bench(
    model: Annotated[str, typer.Option(help="A model of `cosy models list`, or a model folder.")] = "builtin",
    synthetic: Annotated[
        bool, typer.Option("--synthetic", help="Random weights of the model's size: cosyvoice2, cosyvoice3, ...")
    ] = False,
    batch: Annotated[
        str | None, typer.Option(metavar="N,...", help="Synthetic: segments together, each size in turn; 32.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="Synthetic: of speech; 60.")] = None,
    segment: Annotated[float | None, typer.Option(help="Synthetic: seconds a segment; 10.")] = None,
    prompt: Annotated[float | None, typer.Option(help="Synthetic: seconds of reference before it; 3.")] = None,
    reference: Annotated[
        bool, typer.Option("--reference", help="Also a segment at a time, in float32 with PyTorch's own layers.")
    ] = False,
    compare: Annotated[
        Path | None, typer.Option(metavar="FILE", help="How many times as fast as in an earlier run's JSON.")
    ] = None,
    variant: options.Variant = None,
    device: options.Device = None,
    dtype: options.Dtype = None,
    runs: Annotated[int, typer.Option(help="The first is the cold one; the fastest is shown.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Speak twenty sentences, or set work, and show the time that each stage takes, and the memory."""
    lengths = {"seconds": seconds, "segment_s": segment, "prompt_s": prompt}
    given = {name: value for name, value in lengths.items() if value is not None}
    if (given or batch) and not synthetic:
        raise UsageError("--batch, --seconds, --segment and --prompt are of synthetic work.", "Add --synthetic.")
    batches = _numbers(batch or "32")
    from cosycli.engine import benchmark
    from cosycli.engine.benchmark_comparison import compare as compared
    from cosycli.engine.workload import Workload

    setup = benchmark.Setup(model, device, dtype, variant, runs, reference)
    if synthetic:
        report = benchmark.benchmark_synthetic(setup, Workload(**given), batches)
    else:
        report = benchmark.benchmark_text(setup, SENTENCES)
    ratios = compared(report, compare) if compare else []
    if as_json:
        print(json.dumps(asdict(report) | ({"compared": ratios} if compare else {}), indent=1))
    else:
        _print(report)
        _print_ratios(ratios)


def _numbers(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise UsageError(f"--batch {text} is no list of numbers.", "Give --batch 1,8,32.") from None


def _print(report: Report) -> None:
    machine = report.machine
    threads = f"{machine.threads} {'thread' if machine.threads == 1 else 'threads'}"
    print(f"{report.model} on {machine.device}, {machine.dtype}, {threads}, torch {machine.torch}, cosy {machine.cosy}")
    for measured in report.measurements:
        print()
        _print_measurement(measured)
    _print_gain(report.measurements)


def _print_measurement(measured: Measurement) -> None:
    batch = f", batch {measured.batch}" if measured.batch else ""
    print(
        f"{measured.path}{batch}: {measured.audio_s:.1f} s of speech in {measured.total_s:.1f} s "
        f"(cold {measured.cold_s:.1f} s): {measured.times_real_time:.1f} times real time"
    )
    mfu = measured.mfu or {}
    for stage in ("language_model", "flow", "vocoder", "total"):
        share = f"  MFU {mfu[stage]:.1%}" if stage in mfu else ""
        print(f"{stage.replace('_', ' '):<16} RTF {getattr(measured, f'{stage}_rtf'):.4f}{share}")
    if measured.tokens_per_s:
        print(f"{'speech tokens':<16} {measured.tokens_per_s:.0f} a second")
    print(f"{'loading':<16} {measured.load_s:.1f} s")
    print(f"{'peak memory':<16} {measured.peak_memory_mb} MB")
    if measured.gpu_memory_mb:
        print(f"{'peak on the GPU':<16} {measured.gpu_memory_mb} MB")


def _print_gain(measurements: Sequence[Measurement]) -> None:
    """How many times as fast as the reference the best batch is, where there is one."""
    slow = [each for each in measurements if each.path == "reference"]
    if slow:
        gain = slow[0].total_rtf / min(each.total_rtf for each in measurements if each.path == "fast")
        print(f"\nfast over reference: {gain:.2f}")


def _print_ratios(ratios: Sequence[dict[str, Any]]) -> None:
    for ratio in ratios:
        batch = f", batch {ratio['batch']}" if ratio["batch"] else ""
        parts = [f"{name.replace('_', ' ')} {ratio[name]:.2f}" for name in ratio if name not in ("path", "batch")]
        print(f"{ratio['path']}{batch}, times as fast as before: {', '.join(parts)}")
