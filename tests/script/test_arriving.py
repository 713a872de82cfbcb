"""Sentences are given out as soon as they are complete, whatever pieces the text comes in."""

from __future__ import annotations

import pytest

from cosycli.script.arriving import MAX_WAITING, arriving_sentences

TEXT = """The kettle is on. "Is it?" she asked; the rain
had stopped at 3.50 p.m. and Mr. Smith went home.
Soup is best on the second day

Bread is not. 雨停了。他回家了。"""
SENTENCES = [
    "The kettle is on.",
    '"Is it?" she asked; the rain\nhad stopped at 3.50 p.m. and Mr. Smith went home.\n',
    "Soup is best on the second day\n",
    "Bread is not.",
    "雨停了。",
    "他回家了。",
]


def sentences(*pieces: str) -> list[str]:
    return [sentence.rstrip(" ") for sentence in arriving_sentences(pieces)]


@pytest.mark.parametrize("size", [1, 2, 7, 40, 1000])
def test_the_pieces_do_not_matter(size: int) -> None:
    assert sentences(*(TEXT[start : start + size] for start in range(0, len(TEXT), size))) == SENTENCES


def test_a_sentence_is_given_out_when_the_next_begins_or_its_line_ends() -> None:
    taken = []

    def arrive() -> object:
        for piece in ("One. T", "wo.", "\n", "Three"):
            yield piece
            taken.append(list(given))

    given: list[str] = []
    for sentence in arriving_sentences(arrive()):
        given.append(sentence.strip())
    assert taken == [["One."], ["One."], ["One.", "Two."], ["One.", "Two."]]
    assert given == ["One.", "Two.", "Three"]


def test_nothing_arrives() -> None:
    assert sentences() == sentences("", " \n", "\n\n") == []


def test_what_never_ends_is_given_out_in_parts() -> None:
    endless = "onward " * 2000
    parts = list(arriving_sentences(endless[start : start + 100] for start in range(0, len(endless), 100)))
    assert "".join(parts) == endless
    assert max(map(len, parts)) <= MAX_WAITING + 100
