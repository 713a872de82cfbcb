"""How words are said, by a dictionary or a guess."""

import pytest

from cosycli.script.lookup import Origin, look_up


@pytest.mark.parametrize(
    ("word", "ways", "origin"),
    [
        ("Read", ("R EH1 D", "R IY1 D"), Origin.CMU),
        ("Weena", ("W IY1 N AH0",), Origin.GUESS),
        ("银行", ("yín háng",), Origin.PYPINYIN),
        ("Ж", (), Origin.UNKNOWN),
        ("", (), Origin.UNKNOWN),
    ],
)
def test_ways_to_say_a_word(word, ways, origin):
    sounds = look_up(word)
    assert (sounds.ways, sounds.origin) == (ways, origin)


def test_a_character_alone_has_all_its_readings():
    assert look_up("重").ways[:2] == ("zhòng", "chóng")


def test_the_usual_way_makes_an_entry():
    assert look_up("Weena").entry.tokens == ("[W]", "[IY1]", "[N]", "[AH0]")
    assert look_up("银行").entry.tokens == ("[y]", "[ín]", "[h]", "[áng]")
    assert look_up("Ж").entry is None
