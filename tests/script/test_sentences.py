"""Where sentences end."""

import json
from collections import Counter

import pytest

from cosycli.script.sentences import sentence_ends


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
