import pytest

from cosycli.audio.tags import Tags, book_tags, chapter_tags
from cosycli.documents.book import Metadata
from tests.audio.synthetic_book import TAGS


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
