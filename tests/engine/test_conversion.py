"""A recording is said again: as long as it was, and with nothing to be heard of where it was cut."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import cosycli
from cosycli.engine.conversion import convert
from cosycli.errors import MissingError
from cosycli.sound.levels import frame_levels
from tests.model.tiny_model import write_tiny_model

RATE = 24_000


def hum(duration_s: float) -> np.ndarray:
    """A tone that is interrupted for 0.3 s after every 3.7 s."""
    t = np.arange(round(duration_s * RATE)) / RATE
    return (0.3 * np.sin(2 * np.pi * 150 * t) * (t % 4.0 < 3.7)).astype(np.float32)


def in_blocks(samples: np.ndarray, size: int) -> list[np.ndarray]:
    return [samples[start : start + size] for start in range(0, len(samples), size)]


@pytest.mark.parametrize("duration_s", [0.01, 1.0, 19.9, 20.0, 20.49, 20.51, 61.3])
@pytest.mark.parametrize("block_s", [0.5, 100.0])
def test_one_who_repeats_what_is_heard_gives_the_recording(duration_s: float, block_s: float) -> None:
    samples = hum(duration_s)
    blocks = list(convert(np.copy, in_blocks(samples, round(block_s * RATE)), RATE))
    np.testing.assert_allclose(np.concatenate(blocks), samples, atol=1e-6)


def test_nothing_comes_of_nothing() -> None:
    assert list(convert(np.copy, [], RATE)) == []


def test_pieces_are_bounded_and_hear_their_neighbours() -> None:
    heard: list[np.ndarray] = []

    def listen(samples: np.ndarray) -> np.ndarray:
        heard.append(samples.copy())
        return samples

    list(convert(listen, in_blocks(hum(100), RATE), RATE))
    assert max(map(len, heard)) < 21 * RATE
    assert sum(map(len, heard)) == 100 * RATE + (len(heard) - 1) * round(2 * 0.48 * RATE)


def test_pieces_are_cut_where_the_speaker_pauses() -> None:
    """One piece comes out as 1, the next as -1: between them are the cuts."""
    signs = iter([1, -1] * 10)
    said = np.concatenate(list(convert(lambda heard: np.full_like(heard, next(signs)), [hum(70)], RATE)))
    cuts_s = np.flatnonzero(np.diff(np.sign(said)) != 0) / RATE
    assert len(cuts_s) >= 3
    assert all(3.7 < cut_s % 4.0 < 4.0 for cut_s in cuts_s)


def test_one_piece_fades_into_the_next() -> None:
    signs = iter([1, -1] * 10)
    said = np.concatenate(list(convert(lambda heard: np.full_like(heard, next(signs)), [hum(70)], RATE)))
    assert np.abs(np.diff(said)).max() < 0.01


def test_what_is_said_too_short_or_too_long_is_made_to_fit() -> None:
    for change in (-700, 700):
        said = list(convert(lambda heard: np.resize(heard, len(heard) + change), [hum(50)], RATE))  # noqa: B023
        assert sum(map(len, said)) == 50 * RATE


def test_the_built_in_voice_says_a_recording_again() -> None:
    synthesizer = cosycli.load(device="cpu")
    source = synthesizer.speak("The kettle is on.", voice="michael").samples
    speech = synthesizer.convert(source, RATE, voice="heart")
    assert len(speech.samples) == len(source)
    loudness = [frame_levels(wave, 480) for wave in (source, speech.samples)]
    assert np.corrcoef(loudness)[0, 1] > 0.5  # the same syllables at the same time


def test_a_model_that_cannot_hear_is_refused(tmp_path: Path) -> None:
    directory = write_tiny_model(tmp_path / "deaf")
    (directory / "speech_tokenizer_v2.onnx").unlink()
    synthesizer = cosycli.load(str(directory), device="cpu")
    with pytest.raises(MissingError, match=r"speech_tokenizer_v2\.onnx is missing"):
        synthesizer.convert_blocks([hum(1)], voice="bella")
