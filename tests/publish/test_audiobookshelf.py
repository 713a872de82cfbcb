import pytest

from cosycli.publish.audiobookshelf import chapter_name, safe_name


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("The Storm", "The Storm"),
        ("Who? What: Where/When\\Why", "Who What Where When Why"),
        ('"Quoted" <b>|*', "Quoted b"),
        ("two\nlines\tand\x00more", "two lines and more"),
        ("第一章 🎉", "第一章 🎉"),
        ("cafe\u0301", "café"),
        (" . ..hidden.. ", "hidden"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("Console", "Console"),
        ("../../etc/passwd", "etc passwd"),
        ("\ud800", "Untitled"),
        ("???", "Untitled"),
        ("", "Untitled"),
    ],
)
def test_names_that_every_system_takes(title, name):
    assert safe_name(title, "Untitled") == name


@pytest.mark.parametrize("letter", ["a", "é", "章", "🎉", "👩\u200d👧"])
def test_long_names_are_cut_between_characters(letter):
    name = safe_name(letter * 300, "-")
    assert 100 < len(name.encode()) <= 120
    assert name.replace(letter, "") in ("", "👩")


def test_chapters_are_numbered_so_that_they_sort():
    assert chapter_name(7, 12, "The Storm") == "07 - The Storm"
    assert chapter_name(7, 300, "The Storm") == "007 - The Storm"
    assert chapter_name(1, 1, "") == "01 - Chapter"
