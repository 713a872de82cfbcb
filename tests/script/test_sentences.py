"""Where sentences end, in a text that is whole or still arriving."""

import json
from collections import Counter

import pytest

from cosycli.script.sentences import MAX_WAITING, arriving_sentences, sentence_ends


def sentences(text, language="en"):
    ends = sentence_ends(text, language)
    return [text[start:end].strip() for start, end in zip([0, *ends], ends, strict=False)]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["Mr. Smith paid $3.50.", "He left at 6 p.m. on Jan. 5.", "Why?"]),
        ("en", ['"Stop!" he said.', "(Was he sure? Perhaps.)", "She went on."]),
        ("de", ["Das ist Dr. Huber.", "Er kommt am 3. Mai."]),
        ("zh", ["他来了。", "2009年他走了。", "她说：“真的？”"]),
        ("ja", ["晴れた。", "3月に行く。"]),
    ],
)
def test_sentences(language, expected):
    joiner = "" if language in ("zh", "ja") else " "
    assert sentences(joiner.join(expected), language) == expected


def test_the_ends_cover_the_text():
    text = "One. Two " * 3000 + "“" * 6000
    assert sentence_ends(text, "en")[-1] == len(text)


@pytest.mark.parametrize(("language", "least_f1"), [("en", 0.97), ("zh", 0.99), ("ja", 0.99)])
def test_agreement_with_annotated_paragraphs(shared, language, least_f1):
    """F1 of the boundaries inside the paragraphs of Universal Dependencies."""
    cases = json.loads((shared / "corpus" / "sentences" / "ud_paragraphs.json").read_text())["cases"]
    counts = Counter()
    for case in cases:
        if case["language"] == language:
            found = _boundaries(case["input"], sentences(case["input"], language))
            expected = _boundaries(case["input"], case["expected"])
            counts += Counter(both=len(found & expected), found=len(found), expected=len(expected))
    assert 2 * counts["both"] / (counts["found"] + counts["expected"]) >= least_f1


def _boundaries(text, parts):
    ends, position = set(), 0
    for part in filter(None, map(str.strip, parts)):
        position = text.index(part, position) + len(part)
        ends.add(position)
    return ends - {len(text.rstrip())}


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


def given_out(*pieces: str) -> list[str]:
    return [sentence.rstrip(" ") for sentence in arriving_sentences(pieces)]


@pytest.mark.parametrize("size", [1, 2, 7, 40, 1000])
def test_the_pieces_do_not_matter(size: int) -> None:
    assert given_out(*(TEXT[start : start + size] for start in range(0, len(TEXT), size))) == SENTENCES


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
    assert given_out() == given_out("", " \n", "\n\n") == []


def test_what_never_ends_is_given_out_in_parts() -> None:
    endless = "onward " * 2000
    parts = list(arriving_sentences(endless[start : start + 100] for start in range(0, len(endless), 100)))
    assert "".join(parts) == endless
    assert max(map(len, parts)) <= MAX_WAITING + 100
