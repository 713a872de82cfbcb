"""`cosy bench`: measures how fast this machine speaks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cosycli.cli.options import Flags, Group, takes_groups
from cosycli.errors import UsageError, counted
from cosycli.settings import RenderOptions

if TYPE_CHECKING:
    from cosycli.engine.benchmark import Measurement, Ratios, Report

EXAMPLES = """Examples:

\b
  cosy bench
  cosy bench --runs 1 --json
  cosy bench --text notes.md
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

MEASURED = Group(RenderOptions, ("variant", "device", "dtype", "mask", "memory"))


@takes_groups
def bench(
    model: Annotated[str, typer.Option(help="Model from `cosy models list`, or a model folder.")] = "builtin",
    synthetic: Annotated[
        bool, typer.Option("--synthetic", help="Use random weights of the model's size: cosyvoice2, cosyvoice3, ...")
    ] = False,
    batch: Annotated[
        str | None, typer.Option(metavar="N,...", help="Synthetic: batch sizes, measured in turn; 32 by default.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="Synthetic: seconds of speech; 60 by default.")] = None,
    segment: Annotated[float | None, typer.Option(help="Synthetic: seconds of each segment; 10 by default.")] = None,
    prompt: Annotated[
        float | None, typer.Option(help="Synthetic: seconds of a voice's clip before each segment; 3 by default.")
    ] = None,
    text: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Speak the paragraphs of this file instead of the twenty sentences."),
    ] = None,
    reference: Annotated[
        bool,
        typer.Option("--reference", help="Also measure one segment at a time, in float32 with transformers' Qwen2."),
    ] = False,
    compare: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Compare with the JSON of an earlier run.")
    ] = None,
    *,
    rendering: Annotated[Flags, MEASURED],
    runs: Annotated[int, typer.Option(help="Number of runs; the first is the cold one, and the fastest is shown.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Speak twenty sentences, a file or synthetic work, and show the time of each stage and the peak memory."""
    lengths = {"seconds": seconds, "segment_s": segment, "prompt_s": prompt}
    given = {name: value for name, value in lengths.items() if value is not None}
    if (given or batch) and not synthetic:
        raise UsageError("--batch, --seconds, --segment and --prompt only apply to synthetic work.", "Add --synthetic.")
    if text is not None and synthetic:
        raise UsageError("A model with random weights cannot speak a text.", "Leave out --text, or --synthetic.")
    batches = _numbers(batch or "32")
    from cosycli.engine import benchmark
    from cosycli.engine.benchmark import read_earlier
    from cosycli.engine.workload import Workload

    setup = benchmark.Setup(model, runs=runs, with_reference=reference, **rendering)
    workload = Workload(**given) if synthetic else None
    earlier = read_earlier(compare, model, workload) if compare else None
    if workload is not None:
        report = benchmark.benchmark_synthetic(setup, workload, batches)
    else:
        report = benchmark.benchmark_text(setup, _paragraphs(text) if text else SENTENCES)
    ratios = earlier.ratios(report) if earlier else []
    if as_json:
        print(json.dumps(asdict(report) | {"compared": [asdict(each) for each in ratios]}, indent=1))
    else:
        _print(report)
        _print_ratios(ratios)


def _paragraphs(path: Path) -> list[str]:
    from cosycli.documents.plain_text import read_text_file

    return [paragraph for paragraph in read_text_file(path).split("\n\n") if paragraph.strip()]


def _numbers(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise UsageError(f"--batch {text} is not a list of numbers.", "Give --batch 1,8,32.") from None


def _print(report: Report) -> None:
    machine = report.machine
    threads = counted(machine.threads, "thread")
    print(f"{report.model} on {machine.device}, {machine.dtype}, {threads}, torch {machine.torch}, cosy {machine.cosy}")
    for measured in report.measurements:
        print()
        _print_measurement(measured)
    _print_gain(report.measurements)


def _print_measurement(measured: Measurement) -> None:
    print(
        f"{measured.path}{_batch(measured.batch)}: {measured.audio_s:.1f} s of speech in {measured.total_s:.1f} s "
        f"(cold {measured.cold_s:.1f} s): {measured.times_real_time:.1f} times real time"
    )
    mfu = measured.mfu or {}
    for stage in ("language_model", "flow", "vocoder", "total"):
        share = f"  MFU {mfu[stage]:.1%}" if stage in mfu else ""
        print(f"{stage.replace('_', ' '):<16} RTF {getattr(measured, f'{stage}_rtf'):.4g}{share}")
    if measured.tokens_per_s:
        print(f"{'speech tokens':<16} {measured.tokens_per_s:.0f} a second")
    print(f"{'loading':<16} {measured.load_s:.1f} s")
    print(f"{'peak memory':<16} {measured.peak_memory_mb} MB")
    if measured.gpu_memory_mb:
        print(f"{'peak on the GPU':<16} {measured.gpu_memory_mb} MB")


def _print_gain(measurements: Sequence[Measurement]) -> None:
    """Print how many times as fast as the reference the best batch is, if the reference was measured."""
    slow = [each for each in measurements if each.path == "reference"]
    if slow:
        gain = slow[0].total_rtf / min(each.total_rtf for each in measurements if each.path == "fast")
        print(f"\nfast over reference: {gain:.2f}")


def _print_ratios(ratios: Sequence[Ratios]) -> None:
    for each in ratios:
        print(
            f"\n{each.path}{_batch(each.batch)}, times as fast as before: {each.total:.2f} "
            f"(language model {each.language_model:.2f}, flow {each.flow:.2f}, vocoder {each.vocoder:.2f})"
        )


def _batch(number: int | None) -> str:
    return f", batch {number}" if number else ""
