import subprocess

import pytest

from cosycli.audio.ffmpeg import find_ffmpeg
from cosycli.audio.tags import ChapterMark, Tags, book_tags, chapter_tags, ffmetadata, parse_ffmetadata
from cosycli.documents.book import Metadata
from tests.audio.synthetic_book import TAGS

ODD = {"title": "a = b; #1 \\ \\\\ end", "comment": "two\nlines\n", "series-part": "=", "artist": "古文 🎉"}


def test_what_is_written_for_ffmpeg_is_read_back():
    marks = [ChapterMark("one = 1\n;[CHAPTER]", 0, 36_000), ChapterMark("", 36_000, 48_000)]
    tags, sections = parse_ffmetadata(ffmetadata(ODD, marks, 24_000))
    assert tags == ODD
    assert [(s.title, s.start_s, s.end_s) for s in sections] == [("one = 1\n;[CHAPTER]", 0, 1.5), ("", 1.5, 2)]


def through_ffmpeg(text: str):
    command = [find_ffmpeg(), "-v", "error", "-f", "ffmetadata", "-i", "pipe:0", "-f", "ffmetadata", "pipe:1"]
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=True)
    tags, sections = parse_ffmetadata(done.stdout.decode())
    return {name: value for name, value in tags.items() if name != "encoder"}, sections


def test_ffmpeg_understands_it_alike():
    """No sign of a title can become a tag or chapter of its own."""
    tags, sections = through_ffmpeg(ffmetadata(ODD, [ChapterMark("[CHAPTER]\nSTART=5", 0, 24_000)], 24_000))
    assert tags == ODD
    assert [section.title for section in sections] == ["[CHAPTER]\nSTART=5"]


def test_a_backslash_at_the_end_does_not_swallow_the_next_tag():
    assert through_ffmpeg(ffmetadata({"title": "end\\", "artist": "A"}, [], 24_000))[0] == {
        "title": "end\\ ",
        "artist": "A",
    }


def test_a_chapter_has_its_own_title_and_number_in_the_album():
    tags = chapter_tags(TAGS, "The Storm", 3, 12)
    assert (tags["title"], tags["track"]) == ("The Storm", "3/12")
    assert tags["album"] == book_tags(TAGS)["title"] == TAGS.book.title


def test_nothing_is_said_that_is_not_known():
    tags = book_tags(Tags(Metadata(title="A"), ("slt",), "builtin"))
    assert set(tags) == {"title", "album", "composer", "genre", "comment"}


def test_the_narrator_of_another_edition_is_not_credited_with_synthetic_speech():
    tags = book_tags(Tags(Metadata(title="A", narrator="A Human"), ("slt",), "builtin"))
    assert tags["composer"] == "slt (synthetic voice)"


@pytest.mark.parametrize("text", ["a\0b", "a\r\nb", "a\rb", "a\ud800b"])
def test_signs_that_would_end_a_tag_are_taken_out(text):
    tags = book_tags(Tags(Metadata(title="A", description=text), ("slt",), "builtin"))
    assert tags["description"] in ("ab", "a\nb")
