"""Guesses at how unknown English words are pronounced."""

import random

import pytest

from cosycli.script.letter_sounds import guess_phones, learn
from cosycli.script.pronunciation import dictionary_words


def bare(phones):
    return [phone.rstrip("012") for phone in phones]


@pytest.mark.parametrize(
    ("name", "phones"),
    [
        ("Weena", "W IY1 N AH0"),
        ("Morlock", "M AO1 R L AH0 K"),
        ("Filby", "F IH1 L B IY0"),
        ("Blunderstone", "B L AH1 N D ER0 S T OW2 N"),
    ],
)
def test_names_sound_as_words_that_are_spelled_like_them(name, phones):
    assert guess_phones(name) == tuple(phones.split())


def test_accents_and_signs_are_ignored():
    assert guess_phones("Wéena") == guess_phones("weena")
    assert guess_phones("Weena-Filby") == guess_phones("weena") + guess_phones("filby")


@pytest.mark.parametrize("word", ["", "银行", "Ж", "-", "txt"])
def test_what_is_no_word_in_latin_letters_is_not_guessed(word):
    assert guess_phones(word) is None


def test_every_guess_has_one_primary_stress_and_is_of_cmu_phones():
    known = {phone for _, phones in dictionary_words() for phone in phones}
    chance = random.Random(1)
    words = ("".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(1, 20))) for _ in range(200))
    guesses = [phones for word in words if (phones := guess_phones(word))]
    assert len(guesses) > 150
    for phones in guesses:
        assert set(phones) <= known
        assert sum(phone[-1] == "1" for phone in phones) == 1


def test_a_word_learned_from_is_said_as_it_was_learned():
    words = [("cat", ("K", "AE1", "T")), ("box", ("B", "AA1", "K", "S")), ("though", ("DH", "OW1"))]
    sounds = learn(words * 50)
    assert {word: sounds.guess(word) for word, _ in words} == dict(words)


def test_most_words_kept_apart_are_guessed():
    words = [(word, phones) for word, phones in dictionary_words() if word.isascii() and word.isalpha()]
    apart = dict(random.Random(0).sample(words, 300))
    sounds = learn(pair for pair in words if pair[0] not in apart)
    right = sum(bare(sounds.guess(word)) == bare(phones) for word, phones in apart.items())
    assert right / len(apart) > 0.55
