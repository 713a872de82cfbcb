"""Where the chunks of a mask meet, a sound must not change more than it does elsewhere."""

import numpy as np
import pytest
import torch

from cosycli.engine.chunk_boundaries import chunk_boundaries, jump_at_boundaries
from cosycli.model.masks import FlowMask
from cosycli.model.networks import new_flow
from cosycli.model.profile import ConformerFlowProfile
from cosycli.model.profile_parts import MelProfile

RATE = 24_000
MEL = MelProfile()
BOUNDARIES = range(50, 400, 50)  # each second of eight


def buzz(change_s: float) -> np.ndarray:
    """Eight seconds of a tone of 120 Hz whose overtones get louder or softer at random after each `change_s`."""
    t = np.arange(8 * RATE) / RATE
    draw = np.random.default_rng(0)
    overtones = (
        np.exp(draw.normal(size=round(8 / change_s)))[(t / change_s).astype(int)] * np.sin(2 * np.pi * 120 * n * t)
        for n in range(1, 66)
    )
    return (0.01 * sum(overtones)).astype(np.float32)


def test_a_sound_that_changes_with_each_chunk_jumps():
    assert jump_at_boundaries(buzz(change_s=1), MEL, BOUNDARIES) > 2


def test_a_sound_that_changes_all_the_time_does_not():
    assert jump_at_boundaries(buzz(change_s=0.02), MEL, BOUNDARIES) == pytest.approx(1, abs=0.3)


def test_little_is_said_of_a_short_sound():
    assert jump_at_boundaries(buzz(change_s=1)[: 3 * RATE], MEL, range(50, 150, 50)) is None


def test_silence_does_not_jump():
    assert jump_at_boundaries(np.zeros(8 * RATE, np.float32), MEL, BOUNDARIES) is None


@pytest.mark.parametrize(
    ("mask", "num_prompt", "speed", "boundaries"),
    [
        (FlowMask.CHUNK, 0, 1.0, [50, 100]),
        (FlowMask.CHUNK, 170, 1.0, [30, 80, 130]),
        (FlowMask.CHUNK, 170, 2.0, [15, 40, 65]),
        (FlowMask.DOUBLE_CHUNK, 100, 1.0, [100]),
        (FlowMask.FULL, 170, 1.0, []),
        (FlowMask.CAUSAL, 170, 1.0, []),  # every second frame is one
    ],
)
def test_chunks_are_counted_from_the_beginning_of_the_prompt(mask, num_prompt, speed, boundaries):
    with torch.device("meta"):
        flow = new_flow(ConformerFlowProfile())
    assert chunk_boundaries(flow, mask, num_prompt, 140, speed) == boundaries
