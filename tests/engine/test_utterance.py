"""A segment knows all that its sound depends on before any model is loaded."""

import pytest

from cosycli.engine.utterance import VoiceSettings, utterances_of
from cosycli.errors import UsageError
from cosycli.script import read_script


def utterances(text, **voice_settings):
    return utterances_of(read_script(text, voices=["ada"]).segments, VoiceSettings(**voice_settings))


def test_a_segment_s_own_voice_and_style_go_over_the_voice_settings():
    said = utterances(
        "One.\n\n[voice: ada]Two.[/voice]\n\n[style: happy]Three.", voice="heart", instruction="Speak slowly."
    )
    assert [item.voice for item in said] == ["heart", "ada", "heart"]
    assert [item.instruction for item in said] == ["Speak slowly.", "Speak slowly.", "你能用高兴的情感说吗?"]


def test_an_inserted_paragraph_changes_no_other_seed():
    before, after = utterances("One.\n\nThree."), utterances("One.\n\nTwo.\n\nThree.")
    assert [item.seed for item in before] == [after[0].seed, after[2].seed]


def test_the_same_words_get_another_take_each_time():
    assert len({item.seed for item in utterances("Knock.\n\nKnock.\n\nKnock.")}) == 3


def test_another_take_has_another_seed():
    (said,) = utterances("Knock.")
    draws = [said, said.another_take("redo", "1"), said.another_take("redo", "2"), said.another_take("retake", "1")]
    assert len({draw.seed for draw in draws}) == 4
    assert {draw.segment.text for draw in draws} == {"Knock."}


def test_a_speed_out_of_range_is_refused():
    with pytest.raises(UsageError, match=r"0\.5 to 2"):
        VoiceSettings(speed=3.0)
