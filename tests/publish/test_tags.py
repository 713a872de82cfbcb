import struct

import pytest

from cosycli.documents.book import Metadata
from cosycli.publish.cover import Picture
from cosycli.publish.tags import ChapterMark, Tags, book_tags, chapter_tags, id3_tag
from tests.publish.synthetic_book import TAGS


def test_a_chapter_has_its_own_title_and_number_in_the_album():
    tags = chapter_tags(TAGS, "The Storm", 3, 12)
    assert (tags["title"], tags["track"]) == ("The Storm", "3/12")
    assert tags["album"] == book_tags(TAGS)["title"] == TAGS.book.title


def test_nothing_is_said_that_is_not_known():
    tags = book_tags(Tags(Metadata(title="A"), ("michael",), "builtin"))
    assert set(tags) == {"title", "album", "composer", "genre", "comment"}


def test_the_narrator_of_another_edition_is_not_credited_with_synthetic_speech():
    tags = book_tags(Tags(Metadata(title="A", narrator="A Human"), ("michael",), "builtin"))
    assert tags["composer"] == "michael (synthetic voice)"


@pytest.mark.parametrize("text", ["a\0b", "a\r\nb", "a\rb", "a\ud800b"])
def test_signs_that_would_end_a_tag_are_taken_out(text):
    tags = book_tags(Tags(Metadata(title="A", description=text), ("michael",), "builtin"))
    assert tags["description"] in ("ab", "a\nb")


Frame = tuple[str, bytes]


def frames_of(tag: bytes) -> list[Frame]:
    """The frames of a tag, read by the letter of the specification."""
    assert tag[:6] == b"ID3\x04\0\0"
    assert size_of(tag[6:10]) == len(tag) - 10
    return list(split(tag[10:]))


def split(data: bytes):
    while data:
        size = size_of(data[4:8])
        yield data[:4].decode(), data[10 : 10 + size]
        data = data[10 + size :]


def size_of(syncsafe: bytes) -> int:
    assert max(syncsafe) < 128
    return sum(byte << shift for byte, shift in zip(syncsafe, (21, 14, 7, 0), strict=True))


def marks(number: int) -> list[ChapterMark]:
    return [ChapterMark(f"第{n}回", n * 36_000, (n + 1) * 36_000) for n in range(number)]


def tables_of(tag: bytes) -> dict[bytes, tuple[int, list[bytes]]]:
    """Name of each table of contents -> its flags and entries."""
    tables = {}
    for name, content in frames_of(tag):
        if name == "CTOC":
            table, rest = content.split(b"\0", 1)
            entries = rest[2:].split(b"\0")[:-1]
            assert rest[1] == len(entries)
            tables[table] = (rest[0], entries)
    return tables


def test_tags_are_under_the_names_players_look_for():
    tag = id3_tag({"title": "A 🎉", "comment": "Synthetic", "series": "S", "track": "3/12"}, [], 24_000, None)
    assert frames_of(tag) == [
        ("TIT2", b"\x03" + "A 🎉".encode()),
        ("TRCK", b"\x033/12"),
        ("COMM", b"\x03eng\0Synthetic"),
        ("TXXX", b"\x03series\0S"),
    ]


def test_chapters_have_times_in_milliseconds_and_titles():
    chapters = [content for name, content in frames_of(id3_tag({}, marks(2), 24_000, None)) if name == "CHAP"]
    name, rest = chapters[1].split(b"\0", 1)
    assert name == b"chapter1"
    assert struct.unpack(">4I", rest[:16]) == (1500, 3000, 0xFFFFFFFF, 0xFFFFFFFF)
    assert list(split(rest[16:])) == [("TIT2", b"\x03" + "第1回".encode())]


@pytest.mark.parametrize("number", [1, 255])
def test_one_table_of_contents_names_all_chapters(number):
    chapters = [f"chapter{n}".encode() for n in range(number)]
    assert tables_of(id3_tag({}, marks(number), 24_000, None)) == {b"contents": (3, chapters)}


def test_more_chapters_than_a_table_holds_are_in_tables_below_it():
    tables = tables_of(id3_tag({}, marks(600), 24_000, None))
    top_flags, parts = tables[b"contents"]
    assert top_flags == 3
    assert [tables[part][0] for part in parts] == [1, 1, 1]
    assert [entry for part in parts for entry in tables[part][1]] == [f"chapter{n}".encode() for n in range(600)]


def test_the_cover_is_the_front_cover():
    picture = Picture(b"\xff\xd8\xff and so on")
    (apic,) = [content for name, content in frames_of(id3_tag({}, [], 24_000, picture)) if name == "APIC"]
    assert apic == b"\x03image/jpeg\0\x03\0\xff\xd8\xff and so on"
