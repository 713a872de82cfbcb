"""The teachers' phones in CMU's alphabet, the recognizer's spelling of them, the text that is spoken, and the cast."""

import pytest

from cosycli.model.text_tokenizer import phoneme_tokens
from cosycli.training.casting import HELD_OUT, PARTS, VOICES, cast_of, whole_cast
from cosycli.training.corpus import Utterance
from cosycli.training.sentences import MAX_UNITS, Sentences
from cosycli.training.spelling import letters_of
from cosycli.training.teacher_phones import CONSONANTS, VOWELS, label_of, phones_of_word

ALPHABET = " '12345abcdefghijklmnopqrstuvwxyz"


def test_every_phone_of_the_teachers_is_a_token_of_the_model():
    stressed = {f"[{vowel}{stress}]" for vowel in VOWELS.values() for stress in "012"}
    assert stressed | {f"[{consonant}]" for consonant in CONSONANTS.values()} <= set(phoneme_tokens())


@pytest.mark.parametrize(
    ("spoken", "phones"),
    [
        ("kˈæt", "K AE1 T"),
        ("ɹˈIɾɪŋ", "R AY1 T IH0 NG"),
        ("wˈɜɹld", "W ER1 L D"),
        ("ˌʌndəɹstˈænd", "AH2 N D ER0 S T AE1 N D"),
        ("ʤˈʌʤ", "JH AH1 JH"),
        ("ɡˈQ", "G OW1"),
    ],
)
def test_a_word(spoken, phones):
    assert phones_of_word(spoken) == tuple(phones.split())


def test_an_unknown_phone_is_not_guessed():
    assert phones_of_word("kˈ✗t") is None
    assert label_of("What?", "kˈ✗t") is None


def test_a_label_keeps_the_marks_of_the_text():
    assert label_of("“A cat,” he said.", "ɐ kˈæt, hi sˈɛd.") == "“[AH0] [K][AE1][T],” [HH][IY0] [S][EH1][D]."


def test_a_label_of_other_words_than_written_has_the_marks_of_the_teacher():
    assert label_of("(No II)", "nˈʌmbəɹ ðə tˈu.") == "[N][AH1][M][B][ER0] [DH][AH0] [T][UW1]."


def utterance(text, label, language):
    return Utterance(text, label, language, "heart", 1.0, 0, 24000)


def test_the_recognizer_writes_english_in_letters_and_mandarin_in_numbered_pinyin():
    english = utterance("It’s  “Friday” — nine a.m.", "", "en")
    assert letters_of(english, ALPHABET) == "it's friday nine a m"
    mandarin = utterance("银行，绿的。", "[y][ín][h][áng]，[l][ǜ][d][e]。", "zh")
    assert letters_of(mandarin, ALPHABET) == "yin2 hang2 lv4 de5"


def test_unseen_voices_are_in_no_part():
    assert set(VOICES) >= HELD_OUT
    assert len(HELD_OUT) == 10
    heard = {name for speaker in whole_cast() for name in speaker.split("+")}
    assert not heard & HELD_OUT


def test_enough_other_speakers_are_heard():
    others = next(part for part in PARTS if not part.speakers)
    assert len(set(cast_of(others))) >= 60


def test_text_is_the_same_at_every_call_and_fits():
    lines = [f"{word} walked {'on ' * count}today." for count, word in enumerate(("Ann", "Bob", "Cleo") * 12)]
    sentences = Sentences([*lines, "He was 7."], "en")
    texts = [sentences.draw("heart", index) for index in range(400)]
    assert texts == [sentences.draw("heart", index) for index in range(400)]
    assert not any("7" in text for text in texts)
    assert all(len(text.split()) <= MAX_UNITS["en"] for text in texts)
    assert any(len(text.split()) == 1 and text[-1] in ".!?" for text in texts)
