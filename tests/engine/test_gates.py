"""Takes that went wrong are told from good ones."""

import numpy as np
import pytest
import torch

from cosycli.engine.decoding import GeneratedTokens
from cosycli.engine.gates import chunk_boundaries, failures_of, jump_at_boundaries
from cosycli.model.loading import new_flow
from cosycli.model.masks import FlowMask
from cosycli.model.profile import COSYVOICE_2, ConformerFlowProfile

RATE = 24_000
TEXT = "A sentence of ordinary length that takes about seven seconds to say, one would think, or even eight of them."


def hum(seconds, level=0.3):
    return (level * np.sin(2 * np.pi * 150 * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def silence(seconds):
    return np.zeros(round(seconds * RATE), np.float32)


def failures(text=TEXT, speed=1.0, tokens=None, ended=True, samples=None, boundaries=()) -> tuple[str, ...]:
    """Of a good take with these changes."""
    spoken = np.concatenate([silence(0.1), hum(3), silence(0.3), hum(3), silence(0.1)]) if samples is None else samples
    said = np.random.default_rng(0).integers(0, 6561, 160).tolist() if tokens is None else tokens
    generated = GeneratedTokens(tuple(said), ended)
    return failures_of(text, generated, spoken, COSYVOICE_2, speed=speed, boundaries=boundaries)


def test_a_good_take_passes_everything():
    assert failures() == ()


@pytest.mark.parametrize(
    ("failure", "changes"),
    [
        ("did not end", {"ended": False}),
        ("pace", {"samples": np.concatenate([hum(14), silence(0.1)])}),
        ("pace", {"samples": np.concatenate([hum(2), silence(0.1)])}),
        ("silence", {"samples": np.concatenate([hum(3), silence(2), hum(2), silence(0.1)])}),
        ("repetition", {"tokens": (1, 2, 3, 4, 5) * 10}),
        ("repetition", {"tokens": (7,) * 40}),
        ("level", {"samples": np.concatenate([hum(6, 0.001), silence(0.1)])}),
        ("cut tail", {"samples": hum(6)}),
    ],
)
def test_each_fault_is_found_by_its_gate(failure, changes):
    assert failures(**changes) == (failure,)


def test_a_faster_voice_may_take_less_time():
    assert failures(speed=1.8, samples=np.concatenate([hum(3), silence(0.1)])) == ()


def test_short_texts_have_no_pace():
    assert failures(text="No.", samples=np.concatenate([hum(0.5), silence(0.1)])) == ()


@pytest.mark.parametrize("tokens", [(), (1,), (1, 1)])
def test_takes_of_hardly_any_tokens_are_judged(tokens):
    assert failures(tokens=tokens) == ()


MEL = COSYVOICE_2.mel
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


def test_a_sound_that_jumps_where_chunks_meet_is_found_by_its_gate():
    ended = np.concatenate([buzz(change_s=1), silence(0.1)])
    assert failures(samples=ended, boundaries=BOUNDARIES) == ("chunk boundaries",)
    assert failures(samples=ended) == ()
