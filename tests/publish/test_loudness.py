import math

import numpy as np
import pytest

from cosycli.errors import UsageError
from cosycli.publish.loudness import Loudness, PieceLevel, gains_for, piece_level

LOUDNESS = Loudness(rms_db=-20, peak_db=-3)


def level_db(pieces, gains, num_samples) -> float:
    return 10 * math.log10(sum(p.energy * g**2 for p, g in zip(pieces, gains, strict=True)) / num_samples)


def test_without_high_peaks_all_pieces_get_one_gain():
    pieces = [PieceLevel(10.0, 0.1), PieceLevel(20.0, 0.1)]
    gains = gains_for(pieces, 10_000, LOUDNESS)
    assert gains[0] == gains[1]
    assert level_db(pieces, gains, 10_000) == pytest.approx(-20)


def test_pieces_with_high_peaks_are_held_at_the_limit_and_the_others_make_up():
    pieces = [PieceLevel(10.0, peak) for peak in (0.1, 0.3, 0.2, 0.9, 0.5)]
    gains = gains_for(pieces, 4_000, LOUDNESS)
    limit = 10 ** (-3 / 20)
    assert all(piece.peak * gain <= limit * (1 + 1e-9) for piece, gain in zip(pieces, gains, strict=True))
    assert gains[3] == pytest.approx(limit / 0.9)
    assert level_db(pieces, gains, 4_000) == pytest.approx(-20)


def test_the_gain_is_the_one_that_trying_every_gain_finds():
    random = np.random.default_rng(0)
    for _ in range(10):
        pieces = [PieceLevel(*random.uniform((1, 0.1), (20, 1.0))) for _ in range(8)]
        gains = gains_for(pieces, 8_000, LOUDNESS)
        limit = 10 ** (-3 / 20)
        tried = np.geomspace(0.01, 10, 2_000)
        levels = [level_db(pieces, [min(g, limit / p.peak) for p in pieces], 8_000) for g in tried]
        reachable = tried[np.argmin(np.abs(np.array(levels) + 20))]
        most = math.sqrt(8_000 * 0.01 / sum(p.energy for p in pieces)) * 10 ** (3 / 20)
        assert max(gains) == pytest.approx(max(min(reachable, most, limit / p.peak) for p in pieces), rel=0.005)


def test_a_whisper_is_not_blown_up_to_make_up_for_shouts():
    shouts, whisper = [PieceLevel(1.0, 1.0)] * 9, PieceLevel(0.001, 0.02)
    gains = gains_for([*shouts, whisper], 10_000, LOUDNESS)
    without_limit = math.sqrt(10_000 * 0.01 / 9.001)
    assert 20 * math.log10(gains[-1] / without_limit) == pytest.approx(3)


def test_silence_stays_silence():
    assert gains_for([PieceLevel(0.0, 0.0)], 100, LOUDNESS) == [1.0]
    assert gains_for([], 100, LOUDNESS) == []


def test_a_piece_is_measured():
    measured = piece_level(np.array([0.5, -1.0, 0.0], np.float32))
    assert measured == PieceLevel(1.25, 1.0)


@pytest.mark.parametrize("rms_db", [0.0, -60.0])
def test_an_impossible_loudness_is_refused(rms_db):
    with pytest.raises(UsageError, match="-35 to -14"):
        Loudness(rms_db=rms_db)
