"""Where a text has the words of a lexicon."""

import pytest

from cosycli.script.lexicon import Lexicon
from cosycli.script.lexicon_files import parse_yaml


def lexicon(text):
    return parse_yaml(text, "names.yaml")


def said(text, entries, language="en"):
    """What is said for which characters of `text`."""
    found = list(lexicon(entries).find(text, language))
    return {
        text[item.start : item.end]: item.entry.alias or " ".join(token.strip("[]") for token in item.entry.tokens)
        for item in found
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Morlock", ["Morlock"]),
        ("a MORLOCK, a morlock", ["MORLOCK", "morlock"]),
        ("Morlocks and Morlockish", []),
        ("a Morlock-like thing", ["Morlock"]),
        ("the _Morlock_", ["Morlock"]),
        ("the Morlock’s eyes", ["Morlock’s"]),
        ("“Morlock”", ["Morlock"]),
        ("Morlock2 and x-Morlock", ["Morlock"]),
        ("莫洛克Morlock人", ["Morlock"]),
    ],
)
def test_only_whole_words_are_found(text, found):
    entries = list(lexicon("Morlock: M AO1 R L AA2 K").find(text, "en"))
    assert [text[item.start : item.end] for item in entries] == found


def test_part_of_a_contraction_is_not_a_word():
    assert said("I can't, but can you? She’s let, let's.", "can: K AE1 N\nt: T IY1\nlet: L EH1 T") == {
        "can": "K AE1 N",
        "let": "L EH1 T",
        "let's": "L EH1 T S",
    }


def test_french_articles_are_words_of_their_own():
    assert said("l'amour d’Artagnan", "Artagnan: AA0 R T AH0 N Y AA1 N", "fr") == {"Artagnan": "AA0 R T AH0 N Y AA1 N"}
    assert said("d'Artagnan", "Artagnan: AA0 R T AH0 N Y AA1 N", "en") == {}


@pytest.mark.parametrize(
    ("name", "phones", "with_s"),
    [("Weena", "W IY1 N AH0", "Z"), ("Watt", "W AA1 T", "S"), ("Wells", "W EH1 L Z", "IH0 Z")],
)
def test_a_possessive_is_said_with_its_name(name, phones, with_s):
    assert said(f"{name}'s", f"{name}: {phones}") == {f"{name}'s": f"{phones} {with_s}"}


def test_a_possessive_belongs_to_an_alias_too():
    assert said("Dr. Moreau's island", "Dr. Moreau: {alias: Doctor Moreau}") == {"Dr. Moreau's": "Doctor Moreau's"}


def test_chinese_words_are_found_anywhere():
    assert list(said("我的银行行长在重庆。", "行长: hángzhǎng\n重庆: chóngqìng", "zh")) == ["行长", "重庆"]


def test_the_longest_word_counts():
    entries = "Time: T AY1 M\nTime Machine: {alias: first}\nThe Time Machine: {alias: whole}"
    assert said("Of Time, and a Time Machine.", entries) == {"Time": "T AY1 M", "Time Machine": "first"}
    assert said("The Time\nMachine", entries) == {"The Time\nMachine": "whole"}


def test_exact_case():
    entries = "- {word: Polish, say: P OW1 L IH0 SH, case: exact}"
    assert said("Polish your Polish; polish it, POLISH.", entries) == {"Polish": "P OW1 L IH0 SH"}


def test_the_entry_that_is_spelled_as_the_text_counts():
    entries = "Job: JH OW1 B\njob: JH AA1 B"
    assert said("Job had a job.", entries) == {"Job": "JH OW1 B", "job": "JH AA1 B"}


def test_words_around_it():
    entries = """
    - {word: read, say: R IY1 D}
    - {word: read, say: R EH1 D, after: [had, have not]}
    - {word: lead, say: L EH1 D, before: pipe}
    - {word: 行, say: háng, before: [业]}
    """
    assert said("We read.", entries) == {"read": "R IY1 D"}
    assert said("They have not  read it.", entries) == {"read": "R EH1 D"}
    assert said("The jihad read it.", entries) == {"read": "R IY1 D"}
    assert said("A lead pipe, or lead pipes; I lead.", entries) == {"lead": "L EH1 D"}
    assert [found.start for found in lexicon(entries).find("行不行？行业。", "zh")] == [4]


def test_language():
    entries = "- {word: chat, say: SH AA1, language: fr}"
    assert said("le chat", entries, "fr-CA") == {"chat": "SH AA1"}
    assert said("a chat", entries, "en-GB") == {}


def test_letters_that_grow_in_small_do_not_move_the_rest():
    assert list(said("İİ Weena", "Weena: W IY1 N AH0")) == ["Weena"]


def test_of_two_lexicons_the_other_one_counts():
    first = lexicon("Weena: W EY1 N AH0\nEloi: IY1 L OY0\nread: R IY1 D")
    other = lexicon("- {word: weena, say: W IY1 N AH0}\n- {word: read, say: R EH1 D, after: [had]}")
    found = list(first.merge(other).find("Weena, Eloi, had read, read.", "en"))
    assert [" ".join(item.entry.tokens) for item in found] == [
        "[W] [IY1] [N] [AH0]",
        "[IY1] [L] [OY0]",
        "[R] [EH1] [D]",
        "[R] [IY1] [D]",
    ]


@pytest.mark.parametrize("entries", ["", "# Weena: W IY1 N AH0\n"])
def test_an_empty_lexicon_finds_nothing(entries):
    assert lexicon(entries) == Lexicon()
    assert list(Lexicon().find("Weena", "en")) == []
