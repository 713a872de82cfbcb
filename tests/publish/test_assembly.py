import numpy as np
import pytest

from cosycli.publish.assembly import chapter_blocks, plan_chapter
from cosycli.publish.loudness import AUDIOBOOK, Loudness
from cosycli.sound.joining import MARGIN_S, Piece
from tests.publish.synthetic_book import PAUSE_S, RATE, chapter, tone


def sound_of(sound, loudness=AUDIOBOOK) -> np.ndarray:
    return np.concatenate(list(chapter_blocks(sound, plan_chapter(sound, RATE, loudness), RATE)))


def sounding(samples: np.ndarray) -> np.ndarray:
    return np.flatnonzero(np.abs(samples) > 0.01)


def test_a_chapter_begins_and_ends_with_the_room_tone_acx_asks_for():
    samples = sound_of(chapter("One", tone(1.0), tone(1.0)))
    first, last = sounding(samples)[0], sounding(samples)[-1]
    assert first / RATE == pytest.approx(0.75, abs=0.02)
    assert 1 <= (len(samples) - last) / RATE <= 5


@pytest.mark.parametrize(("pause_s", "tail_s"), [(0.2, 1.5), (3.0, 2.25), (60.0, 4.5)])
def test_the_pause_after_the_last_piece_reaches_into_the_next_chapter(pause_s, tail_s):
    samples = sound_of(chapter("One", tone(1.0), pause_s=pause_s))
    assert (len(samples) - sounding(samples)[-1]) / RATE == pytest.approx(tail_s, abs=0.02)


def test_the_sound_is_as_long_as_planned_and_each_segment_where_planned():
    sound = chapter("One", tone(0.7), tone(1.1), tone(0.3))
    plan = plan_chapter(sound, RATE, AUDIOBOOK)
    samples = sound_of(sound)
    assert len(samples) == plan.num_samples
    inside = np.zeros(len(samples), bool)
    for (start, end), seconds in zip(plan.segments, (0.7, 1.1, 0.3), strict=True):
        inside[start:end] = True
        assert (end - start) / RATE == pytest.approx(seconds + 2 * MARGIN_S, abs=0.021)
    assert not samples[~inside].any()
    gaps = np.diff(sounding(samples))
    assert gaps.max() / RATE == pytest.approx(PAUSE_S, abs=0.03)


def test_every_chapter_gets_the_same_level_however_loud_its_takes_are():
    for level in (0.02, 0.2):
        plan = plan_chapter(chapter("One", tone(2.0, level), tone(1.0, level)), RATE, AUDIOBOOK)
        samples = sound_of(chapter("One", tone(2.0, level), tone(1.0, level)))
        assert 20 * np.log10(np.sqrt(np.mean(samples**2))) == pytest.approx(-20, abs=0.01)
        assert plan.rms_db == pytest.approx(-20, abs=0.01)


def test_another_level_can_be_asked_for():
    samples = sound_of(chapter("One", tone(2.0)), Loudness(rms_db=-25))
    assert 20 * np.log10(np.sqrt(np.mean(samples**2))) == pytest.approx(-25, abs=0.01)


def test_a_take_with_a_high_peak_is_turned_down_alone():
    spiky = tone(2.0, 0.1)
    spiky[RATE] = 1.0
    sound = chapter("One", tone(2.0, 0.1), spiky, tone(2.0, 0.1))
    plan = plan_chapter(sound, RATE, AUDIOBOOK)
    samples = sound_of(sound)
    assert 20 * np.log10(np.abs(samples).max()) == pytest.approx(AUDIOBOOK.peak_db, abs=0.01)
    assert plan.gains[0] == plan.gains[2] > plan.gains[1]
    assert plan.rms_db == pytest.approx(-20, abs=0.01)


def test_a_chapter_without_pieces_is_silence():
    sound = chapter("Nothing")
    samples = sound_of(sound)
    assert len(samples) == pytest.approx(2.25 * RATE)
    assert not samples.any()
    assert plan_chapter(sound, RATE, AUDIOBOOK).rms_db == -120


def test_pieces_are_taken_one_at_a_time():
    """A piece is written before the next is asked for, so memory does not grow with the chapter."""
    asked = []

    def pieces():
        for number in range(3):
            asked.append(number)
            yield Piece(tone(0.5), PAUSE_S)

    sound = chapter("One")
    sound = type(sound)("One", 1, pieces)
    plan = plan_chapter(sound, RATE, AUDIOBOOK)
    asked.clear()
    blocks = chapter_blocks(sound, plan, RATE)
    next(blocks)
    assert asked == [0]
