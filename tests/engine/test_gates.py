"""Takes that went wrong are told from good ones."""

import numpy as np
import pytest

from cosycli.engine.gates import Evidence, failures_of

RATE = 24_000
TEXT = "A sentence of ordinary length that takes about seven seconds to say, one would think, or even eight of them."


def hum(seconds, level=0.3):
    return (level * np.sin(2 * np.pi * 150 * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def silence(seconds):
    return np.zeros(round(seconds * RATE), np.float32)


def good(**changes):
    spoken = np.concatenate([silence(0.1), hum(3), silence(0.3), hum(3), silence(0.1)])
    tokens = tuple(np.random.default_rng(0).integers(0, 6561, 160).tolist())
    return Evidence(
        **{"text": TEXT, "speed": 1.0, "tokens": tokens, "ended": True, "samples": spoken} | changes,
        sample_rate=RATE,
        token_rate=25,
    )


def test_a_good_take_passes_everything():
    assert failures_of(good()) == ()


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
        ("chunk boundaries", {"boundary_jump": 2.0}),
    ],
)
def test_each_fault_is_found_by_its_gate(failure, changes):
    assert failures_of(good(**changes)) == (failure,)


def test_a_faster_voice_may_take_less_time():
    assert failures_of(good(speed=1.8, samples=np.concatenate([hum(3), silence(0.1)]))) == ()


def test_short_texts_have_no_pace():
    assert failures_of(good(text="No.", samples=np.concatenate([hum(0.5), silence(0.1)]))) == ()


@pytest.mark.parametrize("tokens", [(), (1,), (1, 1)])
def test_takes_of_hardly_any_tokens_are_judged(tokens):
    assert failures_of(good(tokens=tokens)) == ()
