"""`cosy bench` on set work: forced lengths, a sweep of batches, the slow twin, and an earlier run to compare with."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import pytest

from cosycli.engine.benchmark import Report, Setup, benchmark_synthetic, benchmark_text, mfu, read_earlier
from cosycli.engine.synthetic_model import synthetic_model
from cosycli.engine.workload import Run, Task, Workload
from cosycli.errors import InputError, UsageError
from tests.model.tiny_model import write_tiny_model
from tests.model.tiny_model_v1 import write_tiny_model_v1

WORK = Workload(seconds=6, segment_s=2, prompt_s=1)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration of a model without its weights."""
    directory = write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")
    for weights in directory.glob("*.pt"):
        weights.unlink()
    return directory


@pytest.fixture(scope="module")
def report(directory: Path) -> Report:
    setup = Setup(str(directory), device="cpu", runs=1, with_reference=True)
    return benchmark_synthetic(setup, WORK, [1, 2, 3, 32])


def test_every_batch_makes_all_the_sound_that_was_asked_for(report: Report) -> None:
    assert [(each.path, each.batch) for each in report.measurements] == [
        ("fast", 1),
        ("fast", 2),
        ("fast", 3),  # as is 32: there are no more segments
        ("reference", 1),
    ]
    assert {each.audio_s for each in report.measurements} == {6.0}


def test_sentences_are_measured_on_the_qwen2_of_transformers_too() -> None:
    setup = Setup("builtin", device="cpu", runs=1, with_reference=True)
    fast, reference = benchmark_text(setup, ["No."]).measurements
    assert (fast.path, reference.path) == ("fast", "reference")
    assert reference.audio_s == pytest.approx(fast.audio_s, abs=0.01)  # it speaks the same
    assert reference.language_model_rtf > 0


def test_a_mask_is_measured(directory: Path) -> None:
    setup = Setup(str(directory), device="cpu", mask="chunk", runs=1)
    report = benchmark_synthetic(setup, replace(WORK, prompt_s=3), [3])
    assert (report.mask, report.measurements[0].audio_s) == ("chunk", 6.0)
    with pytest.raises(UsageError, match="Valid: full, causal, chunk, double-chunk"):
        benchmark_synthetic(replace(setup, mask="chunks"), WORK, [3])


def test_stages_are_measured_apart_and_together(report: Report) -> None:
    for each in report.measurements:
        apart = each.language_model_rtf + each.flow_rtf + each.vocoder_rtf
        assert 0 < apart <= 1.001 * each.total_rtf
        assert each.times_real_time == pytest.approx(1 / each.total_rtf, rel=1e-3)
        assert each.tokens_per_s == pytest.approx(25 / each.language_model_rtf, rel=1e-3, abs=0.1)


def test_the_share_of_the_machine_is_told_for_gpus_only(report: Report) -> None:
    assert all(each.mfu is None and each.gpu_memory_mb is None for each in report.measurements)


def test_the_share_is_operations_over_what_the_gpu_could_have_done() -> None:
    """An H200 does 989.5 thousand billion a second in bfloat16."""
    run = Run(10.0, {"language_model": 1.0, "flow": 2.0}, 4.0, 250, {"language_model": 98.95e12, "flow": 989.5e12})
    assert mfu(run, "NVIDIA H200") == {"language_model": 0.1, "flow": 0.5, "total": 0.275}
    assert mfu(run, None) is None


def test_operations_are_known_for_the_published_sizes_only(directory: Path) -> None:
    task = Task(synthetic_model(str(directory), "cpu"), WORK)
    assert task.run(2).flops is None


def test_an_earlier_run_is_compared_batch_by_batch(report: Report, tmp_path: Path) -> None:
    slower = [
        replace(each, total_rtf=2 * each.total_rtf, flow_rtf=3 * each.flow_rtf) for each in report.measurements[1:]
    ]
    earlier = tmp_path / "earlier.json"
    earlier.write_text(json.dumps(asdict(replace(report, measurements=tuple(slower)))))
    ratios = read_earlier(earlier, report.model, WORK).ratios(report)
    assert [(each.path, each.batch) for each in ratios] == [("fast", 2), ("fast", 3), ("reference", 1)]
    assert [(each.total, each.flow, each.vocoder) for each in ratios] == 3 * [(2, 3, 1)]


def test_other_work_is_not_compared(report: Report, tmp_path: Path) -> None:
    earlier = tmp_path / "earlier.json"
    earlier.write_text(json.dumps(asdict(replace(report, workload=Workload()))))
    with pytest.raises(UsageError, match="other work"):
        read_earlier(earlier, report.model, WORK)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"model": 1'])
def test_what_is_no_benchmark_is_said_to_be_none(report: Report, tmp_path: Path, content: str) -> None:
    earlier = tmp_path / "earlier.json"
    earlier.write_text(content)
    with pytest.raises(InputError, match="cosy bench --json"):
        read_earlier(earlier, report.model, WORK)


@pytest.mark.parametrize("wrong", [{"segment_s": 0}, {"segment_s": 90}, {"prompt_s": -1}])
def test_lengths_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="--segment"):
        Workload(**wrong)


@pytest.mark.parametrize(("write", "tokens"), [(write_tiny_model_v1, 200), (partial(write_tiny_model, version=3), 100)])
def test_other_versions_do_the_same_work(write: Callable[[Path], Path], tokens: int, tmp_path: Path) -> None:
    model = synthetic_model(str(write(tmp_path / "tiny")), "cpu")
    run = Task(model, Workload(seconds=4, segment_s=2, prompt_s=1)).run(2)
    assert run.num_tokens == tokens
    assert run.audio_s == pytest.approx(4, abs=0.05)


def test_random_weights_have_no_variants(directory: Path) -> None:
    with pytest.raises(UsageError, match="--variant"):
        benchmark_synthetic(Setup(str(directory), variant="rl"), WORK, [1])


def test_the_same_tokens_are_spoken_in_every_run(directory: Path) -> None:
    task = Task(synthetic_model(str(directory), "cpu", "float32"), WORK)
    assert task.run(1).num_tokens == task.run(3).num_tokens == 150
