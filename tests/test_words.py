"""Standard ideas go by the field's words: none of the private names that once stood for them comes back."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = sorted((ROOT / "cosycli").rglob("*.py"))  # help stands in it
TEXTS = [*CODE, *sorted((ROOT / "cosycli").rglob("*.yaml")), ROOT / "README.md", *(ROOT / "docs").glob("*.md")]

WORDS = (
    *("drawn anew", "redraw", "redrawn", "untold", "pasts", "errand", "give_way", "crew", "lanes", "surprises"),
    *("max_wave", "read_on", "go_on", "mend", "mended"),
)
CLASSES = {"Crew", "Lanes", "Sight", "Room", "Turn", "Saying", "Spoken", "Place"}


def found_in(text: str, words: tuple[str, ...] = WORDS) -> set[str]:
    """The words that stand in a text by themselves, or as a part of an identifier."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", text).lower()
    patterns = {word: word.replace(" ", r"[\W_]+") for word in words}
    return {word for word, pattern in patterns.items() if re.search(rf"(?<![a-z]){pattern}(?![a-z])", parted)}


def classes_in(code: str) -> set[str]:
    return {node.name.strip("_") for node in ast.walk(ast.parse(code)) if isinstance(node, ast.ClassDef)}


def test_no_private_word_stands_in_code_help_or_pages() -> None:
    assert {path.name: words for path in TEXTS if (words := found_in(path.read_text("utf-8")))} == {}


def test_no_class_has_a_private_name() -> None:
    assert {path.name: names for path in CODE if (names := CLASSES & classes_in(path.read_text("utf-8")))} == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("We recommend an amendment; go on, mendacious crewman: lane 5.", set()),
        ("Mend it.", {"mend"}),
        ("class TestCrew: ...", {"crew"}),
        ("MAX_WAVE = _num_pasts(go_on)", {"max_wave", "pasts", "go_on"}),
        ("# a segment is drawn\n# anew", {"drawn anew"}),
    ],
)
def test_words_are_found_by_themselves_and_in_identifiers(text: str, words: set[str]) -> None:
    assert found_in(text) == words
