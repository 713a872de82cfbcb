"""Recorded steps do what plain ones do; `tape.py` stands in for CUDA graphs."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from cosycli.engine.captured_steps import CapturedSteps, Step, record_cuda_graph
from tests.engine.tape import Recorder


def growing(x: Tensor) -> Step:
    """A step that doubles a tensor and adds one, in place."""

    def step() -> None:
        x.copy_(2 * x + 1)

    return step


def test_each_run_is_one_step_recorded_or_not() -> None:
    x, recorder = torch.zeros(3), Recorder()
    steps, step = CapturedSteps(recorder), growing(x)
    for _ in range(5):
        steps.run(step, "as ever")
    assert x.tolist() == [31.0] * 3
    assert (recorder.num_recorded, recorder.num_replayed) == (1, 3)


def test_steps_of_other_shapes_are_recorded_anew() -> None:
    x, recorder = torch.zeros(3), Recorder()
    steps, step = CapturedSteps(recorder), growing(x)
    for shapes in (1, 2, 1, 2, 1, 2):
        steps.run(step, shapes)
    assert x.tolist() == [63.0] * 3
    assert recorder.num_recorded == 2


def test_a_step_that_waits_for_the_device_cannot_be_recorded() -> None:
    x = torch.ones(3)

    def step() -> None:
        x.mul_(float(x[0]))

    steps = CapturedSteps(Recorder())
    steps.run(step, "as ever")
    with pytest.raises(AssertionError, match="cannot be recorded"):
        steps.run(step, "as ever")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="CUDA graphs need a GPU")
def test_cuda_graphs_record_without_running() -> None:
    x = torch.zeros(3, device="cuda")
    steps, step = CapturedSteps(record_cuda_graph), growing(x)
    for _ in range(5):
        steps.run(step, "as ever")
    assert x.tolist() == [31.0] * 3
