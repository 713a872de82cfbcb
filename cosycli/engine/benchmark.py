"""Measures the speed of a model on this machine: each stage and the whole, cold and steady, at several batch sizes.

There are two kinds of work: sentences, spoken as a user's would be, and a synthetic `Workload` for a model of random
weights.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

import cosycli
from cosycli.engine.synthesizer import Synthesizer
from cosycli.engine.synthetic_model import synthetic_model
from cosycli.engine.workload import Run, Task, Workload, peak_flops
from cosycli.errors import InputError, UsageError
from cosycli.model.kernels import kernels_in_use, without_prepacking
from cosycli.model.language_model import LanguageModel
from cosycli.model.library import find_model
from cosycli.model.loading import Model, choose_device, choose_dtype, load_model

FAST, REFERENCE = "fast", "reference"
STAGES = ("language_model", "flow", "vocoder")
_TIMES = ("total_rtf", *(f"{stage}_rtf" for stage in STAGES))


@dataclass(frozen=True)
class Setup:
    """What to measure.

    Attributes:
        model, device, dtype, variant: as for `cosycli.load`.
        mask: what the flow's attention sees.
        runs: the first is the cold one, the fastest the steady one.
        with_reference: also measure a segment at a time in float32, with PyTorch's own linear layers and attention, and
            with the Qwen2 of transformers, where the language model is one.
        memory: as for `cosycli.load`; for synthetic work it bounds the batches of flow and vocoder alone.

    Raises:
        UsageError: there are no runs.
    """

    model: str
    device: str | None = None
    dtype: str | None = None
    variant: str | None = None
    mask: str = "full"
    runs: int = 3
    with_reference: bool = False
    memory: str | None = None

    def __post_init__(self) -> None:
        if self.runs < 1:
            raise UsageError(f"{self.runs} runs measure nothing.", "Give --runs 1 or more.")

    @property
    def for_reference(self) -> Setup:
        return replace(self, dtype="float32")


@dataclass(frozen=True)
class Machine:
    """Where it was measured, and with what; `kernels` says whose linear layers and attention ran."""

    device: str
    dtype: str
    threads: int
    kernels: str
    torch: str
    cosy: str

    @classmethod
    def of(cls, setup: Setup) -> Machine:
        place = choose_device(setup.device)
        dtype = choose_dtype(setup.dtype, place)
        return cls(
            device=_gpu_name(place) or str(place),
            dtype=str(dtype).removeprefix("torch."),
            threads=torch.get_num_threads(),
            kernels=kernels_in_use(place, dtype),
            torch=torch.__version__,
            cosy=cosycli.__version__,
        )


@dataclass(frozen=True)
class Measurement:
    """One path at one batch size. A real-time factor is seconds of work per second of sound.

    Attributes:
        path: `fast`, or `reference` for the slow twin.
        batch: segments that the language model speaks together; None where the engine chooses.
        load_s: seconds to make the model ready.
        cold_s: seconds of the first run. All that follows is of the fastest run.
        tokens_per_s: speech tokens a second of the language model's time, where they were counted.
        peak_memory_mb: of the process, or of one of its workers if that is more, so far; 0 where that is not known.
        gpu_memory_mb: the most that was allocated on the GPU, where there is one.
        mfu: operations of the networks over those that the GPU could have done in bfloat16 in that time, 0 to 1, by
            stage and in `total`; None on a CPU, and where cost or peak are not known.
    """

    path: str
    batch: int | None
    load_s: float
    cold_s: float
    audio_s: float
    total_s: float
    language_model_rtf: float
    flow_rtf: float
    vocoder_rtf: float
    total_rtf: float
    times_real_time: float
    tokens_per_s: float | None
    peak_memory_mb: int
    gpu_memory_mb: int | None
    mfu: dict[str, float] | None


@dataclass(frozen=True)
class Report:
    """What was measured; the workload is None for sentences."""

    model: str
    mask: str
    workload: Workload | None
    machine: Machine
    measurements: tuple[Measurement, ...]


def benchmark_text(setup: Setup, sentences: Sequence[str]) -> Report:
    """Measures sentences, spoken as one text; for reference, each by itself.

    Raises:
        MissingError, UsageError: as `cosycli.load`.
    """
    measurements = [_measure_text(FAST, setup, [" ".join(sentences)])]
    if setup.with_reference:
        with without_prepacking():
            measurements.append(_measure_text(REFERENCE, setup.for_reference, sentences))
    return Report(setup.model, setup.mask, None, Machine.of(setup), tuple(measurements))


def _measure_text(path: str, setup: Setup, texts: Sequence[str]) -> Measurement:
    started = time.perf_counter()
    if path == REFERENCE:
        synthesizer = load_reference(setup)
    else:
        synthesizer = cosycli.load(setup.model, setup.device, setup.dtype, setup.variant, memory=setup.memory)
    load_s = time.perf_counter() - started

    def speak() -> Run:
        started = time.perf_counter()
        speeches = [synthesizer.speak(text, mask=setup.mask) for text in texts]
        total_s = time.perf_counter() - started
        stage_s = {stage: sum(getattr(speech.timings, f"{stage}_s") for speech in speeches) for stage in STAGES}
        return Run(sum(len(speech.samples) / speech.sample_rate for speech in speeches), stage_s, total_s)

    with synthesizer.worker_processes():
        return _measured(path, None, setup, load_s, speak)


def load_reference(setup: Setup) -> Synthesizer:
    """As `cosycli.load`, on the Qwen2 of transformers."""
    model = load_model(find_model(setup.model), setup.device, setup.dtype, setup.variant)
    return Synthesizer(_on_plain_qwen2(model), memory=setup.memory)


def _on_plain_qwen2(model: Model) -> Model:
    if not isinstance(model.language_model, LanguageModel):
        return model
    from cosycli.model.plain_qwen2 import PlainLanguageModel

    return replace(model, language_model=PlainLanguageModel(model.language_model))


def benchmark_synthetic(setup: Setup, workload: Workload, batches: Sequence[int]) -> Report:
    """Measures the workload with random weights at each batch size, up to the number of segments.

    Raises:
        MissingError, UsageError: as `synthetic_model`; a batch holds nothing; a variant is wanted.
    """
    if setup.variant is not None:
        raise UsageError("Random weights have no variants.", "Leave out --variant, or --synthetic.")
    if min(batches) < 1:
        raise UsageError(f"A batch of {min(batches)} holds nothing.", "Give 1 or more, such as --batch 1,8,32.")
    sizes = dict.fromkeys(min(batch, workload.num_segments) for batch in batches)
    measurements = _measure_synthetic(FAST, setup, workload, list(sizes))
    if setup.with_reference:
        with without_prepacking():
            measurements += _measure_synthetic(REFERENCE, setup.for_reference, workload, [1])
    return Report(setup.model, setup.mask, workload, Machine.of(setup), tuple(measurements))


def _measure_synthetic(path: str, setup: Setup, workload: Workload, batches: Sequence[int]) -> list[Measurement]:
    started = time.perf_counter()
    model = synthetic_model(setup.model, setup.device, setup.dtype)
    if path == REFERENCE:
        model = _on_plain_qwen2(model)
    task = Task(model, workload, setup.mask, setup.memory)
    load_s = time.perf_counter() - started
    return [_measured(path, batch, setup, load_s, partial(task.run, batch)) for batch in batches]


def _measured(path: str, batch: int | None, setup: Setup, load_s: float, work: Callable[[], Run]) -> Measurement:
    place = choose_device(setup.device)
    if place.type == "cuda":
        torch.cuda.reset_peak_memory_stats(place)
    runs = [work() for _ in range(setup.runs)]
    steady = min(runs, key=lambda run: run.total_s)
    rtf = {stage: _to_four_digits(seconds / steady.audio_s) for stage, seconds in steady.stage_s.items()}
    return Measurement(
        path=path,
        batch=batch,
        load_s=round(load_s, 2),
        cold_s=round(runs[0].total_s, 2),
        audio_s=round(steady.audio_s, 2),
        total_s=round(steady.total_s, 2),
        language_model_rtf=rtf["language_model"],
        flow_rtf=rtf["flow"],
        vocoder_rtf=rtf["vocoder"],
        total_rtf=_to_four_digits(steady.total_s / steady.audio_s),
        times_real_time=_to_four_digits(steady.audio_s / steady.total_s),
        tokens_per_s=steady.num_tokens and round(steady.num_tokens / steady.stage_s["language_model"], 1),
        peak_memory_mb=_peak_memory_mb(),
        gpu_memory_mb=round(torch.cuda.max_memory_allocated(place) / 1e6) if place.type == "cuda" else None,
        mfu=mfu(steady, _gpu_name(place)),
    )


def _to_four_digits(ratio: float) -> float:
    return float(f"{ratio:.4g}")


def mfu(run: Run, gpu: str | None) -> dict[str, float] | None:
    """See `Measurement`."""
    peak = peak_flops(gpu or "")
    if run.flops is None or peak is None:
        return None
    flops = run.flops | {"total": sum(run.flops.values())}
    seconds = run.stage_s | {"total": run.total_s}
    return {stage: _to_four_digits(flops[stage] / seconds[stage] / peak) for stage in flops}


def _gpu_name(place: torch.device) -> str | None:
    return torch.cuda.get_device_name(place) if place.type == "cuda" else None


def _peak_memory_mb() -> int:
    """0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # only Unix has it
        return 0
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KB elsewhere
    peaks = (resource.getrusage(whose).ru_maxrss for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return round(max(peaks) * unit / 1e6)


@dataclass(frozen=True)
class Ratios:
    """Speed over the earlier speed, of one path at one batch size."""

    path: str
    batch: int | None
    total: float
    language_model: float
    flow: float
    vocoder: float


class Earlier:
    """An earlier report of the same work."""

    def __init__(self, measurements: list[dict[str, Any]]) -> None:
        self._measurements = {(each["path"], each["batch"]): each for each in measurements}

    def ratios(self, report: Report) -> list[Ratios]:
        """For each path and batch size that both have."""
        pairs = [(each, self._measurements.get((each.path, each.batch))) for each in report.measurements]
        return [_ratios(now, before) for now, before in pairs if before is not None]


def read_earlier(path: Path, model: str, workload: Workload | None) -> Earlier:
    """What `cosy bench --json` wrote about this model and work.

    Raises:
        InputError: the file cannot be read or is no report.
        UsageError: it is of another model or of other work.
    """
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        measured, measurements = (report["model"], report["workload"]), report["measurements"]
        earlier = Earlier([{**each, **{name: float(each[name]) for name in _TIMES}} for each in measurements])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is no benchmark: {error}.", "Give a file that `cosy bench --json` wrote.") from None
    if measured != (model, workload and asdict(workload)):
        raise UsageError(f"{path} is of other work: {measured[0]}, {measured[1]}.", "Do the same work again.")
    return earlier


def _ratios(now: Measurement, before: dict[str, Any]) -> Ratios:
    total, language_model, flow, vocoder = (round(before[name] / getattr(now, name), 3) for name in _TIMES)
    return Ratios(now.path, now.batch, total, language_model, flow, vocoder)
