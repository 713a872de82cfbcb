import numpy as np
import pytest

from cosycli.sound.joining import FADE_S, MARGIN_S, PEAK, Piece, join

RATE = 24_000


def utterance(silence_before_s: float, silence_after_s: float, level: float = 0.5) -> np.ndarray:
    """Half a second of sound between silences, with a faint hiss all along."""
    sound = level * np.sin(2 * np.pi * 220 * np.arange(RATE // 2) / RATE)
    padded = np.pad(sound, (round(silence_before_s * RATE), round(silence_after_s * RATE)))
    return (padded + np.random.default_rng(0).normal(0, 1e-5, len(padded))).astype(np.float32)


def joined(*pieces: Piece) -> np.ndarray:
    return np.concatenate(list(join(pieces, RATE)))


def sounding(samples: np.ndarray) -> np.ndarray:
    return np.flatnonzero(np.abs(samples) > 0.01)


def test_silence_at_both_ends_is_cut_to_the_margin():
    first, last = (edges := sounding(samples := joined(Piece(utterance(1.0, 2.0), 0.5))))[0], edges[-1]
    assert first / RATE == pytest.approx(MARGIN_S, abs=0.015)
    assert (len(samples) - last) / RATE == pytest.approx(MARGIN_S, abs=0.015)


@pytest.mark.parametrize("pause_s", [0.3, 0.8, 2.0])
@pytest.mark.parametrize("silence_s", [0.0, 0.05, 1.0])
def test_the_pause_runs_from_sound_to_sound(pause_s, silence_s):
    samples = joined(Piece(utterance(silence_s, silence_s), pause_s), Piece(utterance(silence_s, silence_s), 9.0))
    assert np.diff(sounding(samples)).max() / RATE == pytest.approx(pause_s, abs=0.03)


def test_a_pause_before_the_first_sound():
    samples = joined(Piece(utterance(0.2, 0.2), 0.0, pause_before_s=1.5))
    assert sounding(samples)[0] / RATE == pytest.approx(1.5, abs=0.03)


def test_no_sound_is_lost():
    samples = joined(*[Piece(utterance(0.3, 0.3), 0.4)] * 5)
    assert len(sounding(samples)) == pytest.approx(5 * len(sounding(utterance(0, 0))), rel=0.03)


def test_a_soft_beginning_is_kept():
    """A fricative 30 dB under the vowel, as in the first sound of "history"."""
    fricative = np.random.default_rng(1).normal(0, 0.35 * 10 ** (-30 / 20), RATE // 10)
    take = np.concatenate([np.zeros(RATE), fricative, utterance(0, 0)]).astype(np.float32)
    samples = joined(Piece(take, 0.0))
    assert len(samples) / RATE == pytest.approx(MARGIN_S + 0.1 + 0.5, abs=0.015)


def test_edges_do_not_click():
    loud = np.full(RATE, 0.8, np.float32)
    samples = joined(Piece(loud, 0.2), Piece(-loud, 0.2))
    assert np.abs(np.diff(samples, prepend=0, append=0)).max() < 0.8 * np.pi / 2 / (FADE_S * RATE) * 1.05


def test_a_loud_take_is_turned_down_as_a_whole():
    take = utterance(0, 0, level=1.4)
    samples = joined(Piece(take, 0.0))
    assert np.abs(samples).max() == pytest.approx(PEAK, rel=1e-3)
    inner = slice(RATE // 10, RATE // 5)
    np.testing.assert_allclose(samples[inner] / take[inner], PEAK / np.abs(take).max(), rtol=1e-3)


def test_takes_without_sound_pass():
    assert len(joined(Piece(np.zeros(0, np.float32), 0.1), Piece(np.zeros(100, np.float32), 0.1))) >= 100
    assert list(join([], RATE)) == []


def test_joining_takes_one_piece_at_a_time():
    """Blocks come out before the next piece is asked for, so memory does not grow with the text."""
    asked = []

    def pieces():
        for number in range(3):
            asked.append(number)
            yield Piece(utterance(0, 0), 0.5)

    next(join(pieces(), RATE))
    assert asked == [0]
