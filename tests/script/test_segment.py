"""A script's account of its source: what is markup, and what is printed."""

import pytest

from cosycli.script import read_script

SOURCE = "[style: happy]I read{R EH1 D} it.[/style] \\[So] it <strong>was</strong>\n [pause 1s] done."


def test_the_marks_of_the_notation_are_markup():
    script = read_script(SOURCE)
    marks = ["[style: happy]", "{R EH1 D}", "[/style]", "\\", "<strong>", "</strong>", "[pause 1s]"]
    assert [script.source[start:end] for start, end in script.markup] == marks


def test_what_is_printed_has_no_marks_and_single_spaces():
    script = read_script(SOURCE)
    assert script.printed(0, len(SOURCE)) == "I read it. [So] it was done."
    assert [script.printed(*segment.source) for segment in script.segments] == ["I read it.", "[So] it was", "done."]


@pytest.mark.parametrize(
    ("start", "end", "printed"), [(0, 14, ""), (3, 16, "I"), (16, 25, "read"), (19, 23, "d"), (20, 29, ""), (5, 5, "")]
)
def test_a_stretch_may_begin_and_end_within_a_mark(start, end, printed):
    assert read_script(SOURCE).printed(start, end) == printed


def test_a_brace_that_is_text_is_printed():
    source = "A set {B} of words."
    assert read_script(source).printed(0, len(source)) == source
