import os
import shutil
import subprocess
import zipfile
from datetime import datetime, timezone
from pathlib import Path

import pytest
from lxml import etree

from cosycli.documents.book import Alphabet, Block, BlockKind, Chapter, Cover, Mark, MarkKind, Metadata
from cosycli.errors import InputError, UsageError
from cosycli.publish.read_along import write_read_along
from cosycli.publish.tags import Tags
from cosycli.script.book_script import BookScript
from cosycli.sound.encode import open_sink
from tests.publish.told_book import book_of, heading, paragraph, tell

MODIFIED = datetime(2026, 5, 3, 12, 30, tzinfo=timezone.utc)
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
SPACES = {
    "x": "http://www.w3.org/1999/xhtml",
    "s": "http://www.w3.org/ns/SMIL",
    "o": "http://www.idpf.org/2007/opf",
    "dc": "http://purl.org/dc/elements/1.1/",
    "n": "http://www.daisy.org/z3986/2005/ncx/",
}
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d494844520000000100000001080000000"
    "03a7e9b550000000a49444154789c636000000002000148afa4710000000049454e44ae426082"
)

LAKE = Chapter(
    "The Lake", 1, (heading("The Lake"), paragraph("It was still. Nobody came. 🎉"), paragraph("So we left."))
)
EVERYTHING = Chapter(
    "Part & Parcel",
    1,
    (
        heading("Part & Parcel"),
        Block(BlockKind.LIST_ITEM, "Bread, if x < y & z.", level=1),
        Block(BlockKind.LIST_ITEM, "Salt, from the sea.", level=1),
        Block(BlockKind.QUOTE, "Words of another.", marks=(Mark(9, 16, MarkKind.EMPHASIS),)),
        Block(BlockKind.SCENE_BREAK, ""),
        Block(BlockKind.VERSE, "The first line of a poem,\nthe second line of it."),
        Block(BlockKind.TABLE_ROW, "A cell, another cell"),
        Block(BlockKind.FIGURE, "What the picture shows."),
        Block(BlockKind.NOTE, "A note on the text."),
        Block(BlockKind.CODE, "print(1)\nprint(2)"),
        Block(BlockKind.PARAGRAPH, "La nuit est belle.", language="fr"),
        Block(
            BlockKind.PARAGRAPH,
            "私は漢字を読みます。",
            language="ja",
            marks=(Mark(2, 4, MarkKind.PRONUNCIATION, "かんじ", Alphabet.RUBY),),
        ),
    ),
)
INSIDE = Chapter("A part inside", 2, (paragraph("Deeper."),))
SILENT = Chapter("Silence", 1, (Block(BlockKind.SCENE_BREAK, ""),))


def tags_of(book: BookScript) -> Tags:
    return Tags(book.book.metadata, ("michael",), "builtin")


def write(folder: Path, *chapters: Chapter, metadata: Metadata | None = None, **facts: object) -> zipfile.ZipFile:
    """The read-along of a book with one M4A for all its chapters."""
    book = book_of(*chapters, metadata=metadata, **facts)
    audio = folder / "book.m4a"
    audio.write_bytes(b"sound" * 1000)
    write_read_along(folder / "book.epub", book, tell(book, audio), tags_of(book), MODIFIED)
    return zipfile.ZipFile(folder / "book.epub")


def parse(archive: zipfile.ZipFile, name: str) -> etree._Element:
    return etree.fromstring(archive.read(f"EPUB/{name}"))


def texts(tree: etree._Element, path: str) -> list[str]:
    return ["".join(element.itertext()) for element in tree.iterfind(path, SPACES)]


def test_every_sentence_has_its_words_and_its_sound(tmp_path):
    archive = write(tmp_path, LAKE)
    page, overlay = parse(archive, "chapter0001.xhtml"), parse(archive, "chapter0001.smil")
    spoken = []
    for par in overlay.iterfind(".//s:par", SPACES):
        href, id = par.find("s:text", SPACES).get("src").split("#")
        assert href == "chapter0001.xhtml"
        (words,) = texts(page, f".//x:span[@id='{id}']")
        clip = par.find("s:audio", SPACES)
        spoken.append((words, clip.get("src"), clip.get("clipBegin"), clip.get("clipEnd")))
    assert spoken == [
        ("The Lake", "audio0001.m4a", "0:00:00.000", "0:00:04.250"),
        ("It was still. Nobody came.", "audio0001.m4a", "0:00:04.250", "0:00:07.750"),
        ("So we left.", "audio0001.m4a", "0:00:07.750", "0:00:11.500"),
    ]


def test_what_is_not_spoken_stays_on_the_page(tmp_path):
    page = parse(write(tmp_path, LAKE), "chapter0001.xhtml")
    assert texts(page, ".//x:p") == ["It was still. Nobody came. 🎉", "So we left."]
    assert texts(page, ".//x:h1") == ["The Lake"]


def test_blocks_become_the_elements_they_are(tmp_path):
    assert {block.kind for block in EVERYTHING.blocks} == {*BlockKind}
    page = parse(write(tmp_path, EVERYTHING), "chapter0001.xhtml")
    assert texts(page, ".//x:ul/x:li") == ["Bread, if x < y & z.", "Salt, from the sea."]
    assert texts(page, ".//x:blockquote//x:em") == ["another"]
    assert len(page.findall(".//x:hr", SPACES)) == 1
    assert len(page.findall(".//x:p[@class='verse']//x:br", SPACES)) == 1
    assert texts(page, ".//x:figcaption") == ["What the picture shows."]
    assert texts(page, ".//x:aside") == ["A note on the text."]
    assert texts(page, ".//x:pre") == ["print(1)\nprint(2)"]
    assert texts(page, ".//x:p[@lang='fr']") == ["La nuit est belle."]
    assert texts(page, ".//x:ruby") == ["漢字かんじ"]
    assert texts(page, ".//x:rt") == ["かんじ"]


def test_marks_of_the_notation_are_not_on_the_page(tmp_path):
    marked = Chapter("", 1, (paragraph("I read{R EH1 D} it. [voice: michael]So did \\[I\\].[/voice]"),))
    page = parse(write(tmp_path, marked, obeys_markup=True), "chapter0001.xhtml")
    assert texts(page, ".//x:p") == ["I read it. So did [I]."]


def test_durations_add_up(tmp_path):
    package = parse(write(tmp_path, LAKE, SILENT, INSIDE), "content.opf")
    durations = {
        meta.get("refines"): meta.text for meta in package.iterfind(".//o:meta[@property='media:duration']", SPACES)
    }
    assert durations == {
        None: "0:00:16.000",
        "#chapter0001-overlay": "0:00:11.500",
        "#chapter0003-overlay": "0:00:04.500",
    }
    overlays = {item.get("href"): item.get("media-overlay") for item in package.iterfind(".//o:item", SPACES)}
    assert overlays["chapter0001.xhtml"] == "chapter0001-overlay"
    assert overlays["chapter0002.xhtml"] is None


def test_the_package_says_what_the_book_is_and_that_its_speech_is_synthetic(tmp_path):
    metadata = Metadata(
        title="The Lake & I",
        subtitle="A Tale",
        authors=("Ada Example", "Ben Example"),
        language="en-GB",
        series="Waters",
        series_position="2",
        publisher="Example Press",
        date="2020-03",
        description="What <happened>.",
        identifiers=("urn:isbn:1",),
    )
    archive = write(tmp_path, LAKE, metadata=metadata)
    package = parse(archive, "content.opf")
    assert texts(package, ".//dc:title") == ["The Lake & I", "A Tale"]
    assert {title.get(LANGUAGE) for title in package.iterfind(".//dc:title", SPACES)} == {"en-GB"}
    assert texts(package, ".//dc:creator") == ["Ada Example", "Ben Example"]
    assert texts(package, ".//dc:contributor") == ["michael (synthetic voice)"]
    assert texts(package, ".//dc:language") == ["en-GB"]
    assert texts(package, ".//dc:source") == ["urn:isbn:1"]
    metas = {meta.get("property"): meta.text for meta in package.iterfind(".//o:meta", SPACES)}
    assert metas["dcterms:modified"] == "2026-05-03T12:30:00Z"
    assert metas["belongs-to-collection"] == "Waters"
    assert metas["schema:accessibilityFeature"]
    assert "Synthetic speech: voice michael" in metas["schema:accessibilitySummary"]
    assert "Synthetic speech" in "".join(parse(archive, "colophon.xhtml").itertext())


def test_contents_are_nested_as_the_chapters_are(tmp_path):
    nav = parse(write(tmp_path, LAKE, INSIDE, EVERYTHING), "nav.xhtml")
    assert texts(nav, "x:body/x:nav/x:ol/x:li/x:a") == ["The Lake", "Part & Parcel", "About this edition"]
    assert texts(nav, "x:body/x:nav/x:ol/x:li/x:ol/x:li/x:a") == ["A part inside"]


def test_readers_of_epub_2_have_the_contents_too(tmp_path):
    contents = parse(write(tmp_path, LAKE, INSIDE, EVERYTHING), "toc.ncx")
    points = contents.findall("n:navMap/n:navPoint", SPACES)
    assert [texts(point, "n:navLabel/n:text") for point in points] == [
        ["The Lake"],
        ["Part & Parcel"],
        ["About this edition"],
    ]
    assert texts(points[0], "n:navPoint/n:navLabel/n:text") == ["A part inside"]


def test_the_archive_starts_with_its_type_and_keeps_sound_as_it_is(tmp_path):
    archive = write(tmp_path, LAKE)
    first = archive.infolist()[0]
    assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
    assert archive.read("mimetype") == b"application/epub+zip"
    sound = archive.getinfo("EPUB/audio0001.m4a")
    assert sound.compress_type == zipfile.ZIP_STORED
    assert archive.read(sound) == (tmp_path / "book.m4a").read_bytes()


def test_equal_books_give_equal_bytes(tmp_path):
    write(tmp_path, LAKE, INSIDE).close()
    first = (tmp_path / "book.epub").read_bytes()
    (tmp_path / "book.m4a").touch()
    write(tmp_path, LAKE, INSIDE).close()
    assert (tmp_path / "book.epub").read_bytes() == first


def test_chapters_in_files_of_their_own_keep_them(tmp_path):
    book = book_of(LAKE, INSIDE)
    files = tmp_path / "The Lake.mp3", tmp_path / "Inside.mp3"
    for file in files:
        file.write_bytes(file.name.encode())
    write_read_along(tmp_path / "book.epub", book, tell(book, *files), tags_of(book), MODIFIED)
    archive = zipfile.ZipFile(tmp_path / "book.epub")
    assert archive.read("EPUB/audio0002.mp3") == b"Inside.mp3"
    clip = parse(archive, "chapter0002.smil").find(".//s:audio", SPACES)
    assert (clip.get("src"), clip.get("clipBegin")) == ("audio0002.mp3", "0:00:00.000")


def test_characters_that_xml_cannot_hold_do_no_harm(tmp_path):
    page = parse(write(tmp_path, Chapter("A\x0cB", 1, (paragraph("One\x0c two\ufffe three."),))), "chapter0001.xhtml")
    assert texts(page, ".//x:p") == ["One two three."]


def test_a_language_that_is_none_gives_way_to_what_is_spoken(tmp_path):
    archive = write(tmp_path, LAKE, metadata=Metadata("The Lake", language="English (UK)"))
    assert texts(parse(archive, "content.opf"), ".//dc:language") == ["en"]


def test_audio_that_epub_does_not_take_is_refused(tmp_path):
    book = book_of(LAKE)
    with pytest.raises(UsageError, match=r"book.opus") as error:
        write_read_along(tmp_path / "a.epub", book, tell(book, tmp_path / "book.opus"), tags_of(book), MODIFIED)
    assert "m4b" in error.value.hint


def test_a_failure_leaves_nothing(tmp_path):
    book = book_of(LAKE)
    with pytest.raises(InputError, match="could not be written"):
        write_read_along(tmp_path / "a.epub", book, tell(book, tmp_path / "gone.m4a"), tags_of(book), MODIFIED)
    assert list(tmp_path.iterdir()) == []


def test_epubcheck_finds_nothing_to_say(tmp_path):
    jar = shutil.which("epubcheck")
    if jar is None or shutil.which("java") is None:
        pytest.skip("epubcheck and java are not installed")
    with open_sink(tmp_path / "book.mp3", "mp3", 24_000):
        pass
    metadata = Metadata("The Lake & I", "A Tale", ("Ada Example",), "", "en", "Waters", "2", date="2020-03-01")
    book = book_of(LAKE, INSIDE, EVERYTHING, SILENT, metadata=metadata, cover=Cover(PIXEL, "image/png", "c.png"))
    told = tell(book, tmp_path / "book.mp3")
    write_read_along(tmp_path / "book.epub", book, told, tags_of(book), MODIFIED)
    command = ["java", "-jar", Path(jar).resolve(), "--failonwarnings", tmp_path / "book.epub"]
    # Java opens files whose names are not in English only where the locale can write them.
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"LC_ALL": "C.UTF-8"})
    assert done.returncode == 0, done.stdout + done.stderr
