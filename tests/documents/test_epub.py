"""EPUB files of every make: where chapters begin, what the package says, what is wrong with them."""

from __future__ import annotations

import zipfile

import pytest

from cosycli.documents.epub import read_epub
from cosycli.documents.reading_policy import ReadingPolicy
from cosycli.errors import InputError
from tests.documents.accounts import left_out, texts, unaccounted
from tests.documents.tiny_epub import CONTAINER, package, page, write_epub

DEFAULTS = ReadingPolicy()


@pytest.fixture
def read(tmp_path):
    """Writes an EPUB and reads it; nothing of it may be lost."""

    def read_it(documents, *, policy=DEFAULTS, **options):
        book = read_epub(write_epub(tmp_path / "book.epub", documents, **options), policy)
        assert unaccounted(book) == 0
        return book

    return read_it


def chapters(book):
    return [(chapter.level, chapter.title, [block.text for block in chapter.blocks]) for chapter in book.chapters]


def entry(title, href, inner=""):
    return f'<li><a href="{href}">{title}</a>{f"<ol>{inner}</ol>" if inner else ""}</li>'


ONE = page("<h1>One</h1><p>first</p>")
TWO = page("<h1>Two</h1><p>second</p>")


def test_chapters_follow_the_table_of_contents(read):
    toc = entry("Part", "a.xhtml", entry("I", "a.xhtml#i") + entry("II", "b.xhtml"))
    a = page("<h1>Part</h1><p>intro</p><section id='i'><h2>I</h2><p>first</p></section>")
    book = read({"a.xhtml": a, "b.xhtml": TWO}, toc=toc)
    assert chapters(book) == [(1, "Part", ["Part", "intro"]), (2, "I", ["I", "first"]), (2, "II", ["Two", "second"])]


def test_reading_order_wins_over_the_order_of_entries(read):
    book = read({"b.xhtml": TWO, "a.xhtml": ONE}, toc=entry("One", "a.xhtml") + entry("Two", "b.xhtml"))
    assert [chapter.title for chapter in book.chapters] == ["Two", "One"]


def test_a_document_without_an_entry_goes_on_with_the_chapter_before(read):
    toc = entry("One", "a.xhtml") + entry("Two", "c.xhtml")
    book = read({"a.xhtml": ONE, "b.xhtml": page("<h3>Later</h3><p>more</p>"), "c.xhtml": TWO}, toc=toc)
    assert chapters(book) == [(1, "One", ["One", "first", "Later", "more"]), (1, "Two", ["Two", "second"])]


def test_a_document_without_an_entry_that_begins_like_a_chapter_is_one(read):
    toc = entry("One", "a.xhtml") + entry("Two", "c.xhtml")
    book = read({"a.xhtml": ONE, "b.xhtml": page("<h1>Between</h1><p>more</p>"), "c.xhtml": TWO}, toc=toc)
    assert [chapter.title for chapter in book.chapters] == ["One", "Between", "Two"]


def test_what_comes_before_the_first_entry_is_a_chapter(read):
    before = page("<p>For my mother</p>", title="Dedication")
    book = read({"d.xhtml": before, "a.xhtml": ONE}, toc=entry("One", "a.xhtml"))
    assert chapters(book)[0] == (1, "Dedication", ["For my mother"])


def test_an_entry_that_leads_to_a_picture_names_the_text_after_it(read):
    book = read({"p.xhtml": page("<img src='p.png'/>"), "a.xhtml": page("<p>text</p>")}, toc=entry("I", "p.xhtml"))
    assert chapters(book) == [(1, "I", ["text"])]


def test_a_heading_after_a_picture_says_more_than_the_entry_of_the_picture(read):
    toc = entry("Zero", "z.xhtml") + entry("Plate", "p.xhtml")
    documents = {
        "z.xhtml": ONE,
        "p.xhtml": page("<img src='p.png'/>"),
        "a.xhtml": page("<h3>The Plate</h3><p>text</p>"),
    }
    assert [(level, title) for level, title, _ in chapters(read(documents, toc=toc))] == [(1, "Zero"), (1, "The Plate")]


def test_entries_with_one_target_are_found_by_their_headings(read):
    toc = entry("Part One", "a.xhtml") + entry("Chapter 1", "a.xhtml") + entry("Chapter 2", "a.xhtml")
    body = "<h1>Part one</h1><p>a</p><h2>Chapter 1.</h2><p>b</p><h2>Chapter 2</h2><p>c</p>"
    book = read({"a.xhtml": page(body)}, toc=toc)
    assert [(title, words[-1]) for _, title, words in chapters(book)] == [
        ("Part One", "a"),
        ("Chapter 1", "b"),
        ("Chapter 2", "c"),
    ]


def test_a_part_that_begins_where_its_first_chapter_does_has_no_text_of_its_own(read):
    book = read({"a.xhtml": page("<p>text</p>")}, toc=entry("Part One", "a.xhtml", entry("Chapter 1", "a.xhtml")))
    assert chapters(book) == [(1, "Part One", []), (2, "Chapter 1", ["text"])]


def test_an_entry_that_only_groups_others_begins_at_its_heading(read):
    toc = entry("One", "a.xhtml") + f"<li><span>Wilde</span><ol>{entry('The Prince', 'a.xhtml#p')}</ol></li>"
    body = "<h1>One</h1><p>a</p><h2>Wilde</h2><p>was a poet</p><h3 id='p'>The Prince</h3><p>b</p>"
    book = read({"a.xhtml": page(body)}, toc=toc)
    assert chapters(book)[1:] == [(1, "Wilde", ["Wilde", "was a poet"]), (2, "The Prince", ["The Prince", "b"])]


def test_an_entry_that_only_groups_others_and_stands_nowhere_has_no_text(read):
    toc = f"<li><span>Tales</span><ol>{entry('The Prince', 'a.xhtml')}{entry('The Rose', 'b.xhtml')}</ol></li>"
    book = read({"a.xhtml": page("<h2>The Prince</h2>"), "b.xhtml": page("<h2>The Rose</h2>")}, toc=toc)
    titles = [(1, "Tales", []), (2, "The Prince", ["The Prince"]), (2, "The Rose", ["The Rose"])]
    assert chapters(book) == titles


def test_an_anchor_below_its_heading_takes_the_heading_along(read):
    body = "<h2>One</h2><p id='one'>a</p><h2>Two</h2><p id='two'>b</p>"
    book = read({"a.xhtml": page(body)}, toc=entry("One", "a.xhtml#one") + entry("Two", "a.xhtml#two"))
    assert chapters(book) == [(1, "One", ["One", "a"]), (1, "Two", ["Two", "b"])]


def test_without_a_table_of_contents_headings_make_chapters(read):
    book = read(
        {"a.xhtml": page("<h1>One</h1><p>a</p><h2>in it</h2><h1>Two</h1><p>b</p>"), "b.xhtml": page("<p>c</p>")}
    )
    assert chapters(book) == [(1, "One", ["One", "a", "in it"]), (1, "Two", ["Two", "b", "c"])]


def test_without_headings_documents_with_a_title_make_chapters(read):
    book = read({"a.xhtml": page("<p>a</p>", title="Alpha"), "b.xhtml": page("<p>b</p>", title="Beta")})
    assert [chapter.title for chapter in book.chapters] == ["Alpha", "Beta"]


def test_a_book_without_any_title_is_called_after_its_file(read):
    book = read({"a.xhtml": page("<p>a</p>")}, metadata="<meta/>")
    assert [chapter.title for chapter in book.chapters] == ["book"]


def test_contents_of_epub_2(read):
    ncx = """<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>
    <navPoint><navLabel><text>Part &amp; parcel</text></navLabel><content src="a.xhtml"/>
    <navPoint><navLabel><text>Inner</text></navLabel><content src="b.xhtml"/></navPoint></navPoint></navMap></ncx>"""
    item = '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
    book = read({"a.xhtml": ONE, "b.xhtml": TWO}, items=item, files={"OPS/toc.ncx": ncx})
    assert [(level, title) for level, title, _ in chapters(book)] == [(1, "Part & parcel"), (2, "Inner")]


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Copyright Page", "copyright"),
        ("Impressum", "copyright"),
        ("版權頁", "copyright"),
        ("奥付", "copyright"),
        ("Titelblatt", "title-page"),
        ("Page de titre", "title-page"),
        ("扉页", "title-page"),
        ("Inhaltsverzeichnis", "contents"),
        ("Table des matières", "contents"),
        ("目次", "contents"),
        ("Stichwortverzeichnis", "index"),
        ("索引", "index"),
        ("Literatur", "bibliography"),
        ("参考文献", "bibliography"),
        ("Anmerkungen", "notes"),
        ("尾注", "notes"),
    ],
)
def test_titles_tell_what_is_not_read(read, title, kind):
    toc = entry("One", "a.xhtml") + entry(title, "x.xhtml")
    book = read({"a.xhtml": ONE, "x.xhtml": page("<p>secret</p>")}, toc=toc)
    assert [chapter.title for chapter in book.chapters] == ["One"]
    assert [(left.kind, left.title) for left in book.left_out] == [(kind, title)]


def test_entries_below_notes_are_left_out_with_them(read):
    toc = entry("One", "a.xhtml") + entry("Notes", "x.xhtml", entry("To One", "x.xhtml#p")) + entry("Two", "b.xhtml")
    book = read({"a.xhtml": ONE, "x.xhtml": page("<p>secret</p><p id='p'>secret</p>"), "b.xhtml": TWO}, toc=toc)
    assert [chapter.title for chapter in book.chapters] == ["One", "Two"]
    assert [left.title for left in book.left_out] == ["Notes", "To One"]


def test_chapters_below_the_title_page_are_read(read):
    toc = entry("The Book", "titlepage.xhtml", entry("One", "a.xhtml"))
    book = read({"titlepage.xhtml": page("<h1>The Book</h1>"), "a.xhtml": ONE}, toc=toc)
    assert chapters(book) == [(2, "One", ["One", "first"])]


@pytest.mark.parametrize(
    "name", ["copyright.xhtml", "03_copyright-page.xhtml", "titlepage.xhtml", "toc.xhtml", "endnotes1.xhtml"]
)
def test_names_of_files_tell_what_is_not_read(read, name):
    assert texts(read({name: page("<p>secret</p>"), "a.xhtml": ONE}, toc=entry("One", "a.xhtml"))) == ["One", "first"]


def test_a_chapter_in_a_file_with_a_wrong_name_is_read(read):
    body = "<h1>One</h1>" + "<p>Somebody saved a chapter over the title page.</p>" * 200
    assert len(texts(read({"titlepage.xhtml": page(body)}, toc=entry("One", "titlepage.xhtml")))) == 201


def test_the_licence_of_project_gutenberg_is_left_out(read):
    header = page("<pre>The Project Gutenberg EBook\n\n*** START OF THIS PROJECT GUTENBERG EBOOK X ***\n</pre>")
    end = page("<p>last</p><p>*** END OF THIS PROJECT GUTENBERG EBOOK X ***</p><p>You may copy it.</p>")
    book = read({"h.xhtml": header, "a.xhtml": ONE, "e.xhtml": end}, toc=entry("One", "a.xhtml"))
    assert chapters(book) == [(1, "One", ["One", "first", "last"])]
    assert left_out(book) == {"licence": 3}


def test_landmarks_and_guides_tell_what_is_not_read(read):
    guide = '<reference type="index" href="x.xhtml"/>'
    book = read({"a.xhtml": ONE, "x.xhtml": page("<p>Aachen 12</p>")}, toc=entry("One", "a.xhtml"), guide=guide)
    assert left_out(book) == {"index": 1}


def test_notes_cut_into_several_files_are_left_out_together(read):
    toc = entry("One", "a.xhtml") + entry("Notes", "n1.xhtml")
    book = read({"a.xhtml": ONE, "n1.xhtml": page("<p>1. x</p>"), "n2.xhtml": page("<p>2. y</p>")}, toc=toc)
    assert texts(book) == ["One", "first"]


def test_a_title_page_without_an_entry_is_left_out(read):
    title = page("<h1>The Book</h1><p>by A. Writer</p>")
    book = read({"x.xhtml": title, "a.xhtml": ONE}, toc=entry("One", "a.xhtml"))
    assert left_out(book) == {"title-page": 1}


def test_documents_outside_the_reading_order_are_listed(read):
    spine = '<itemref idref="a.xhtml"/><itemref idref="b.xhtml" linear="no"/>'
    book = read({"a.xhtml": ONE, "b.xhtml": TWO}, spine=spine, toc=entry("One", "a.xhtml"))
    assert texts(book) == ["One", "first"]
    assert [(left.kind, left.title, left.characters) for left in book.left_out] == [("non-linear", "OPS/b.xhtml", 0)]
    asked = read({"a.xhtml": ONE, "b.xhtml": TWO}, spine=spine, policy=ReadingPolicy(frozenset({"non-linear"})))
    assert "second" in texts(asked)


def test_a_repeated_document_is_read_again(read):
    spine = '<itemref idref="a.xhtml"/><itemref idref="a.xhtml"/>'
    assert texts(read({"a.xhtml": ONE}, spine=spine)) == ["One", "first", "One", "first"]


METADATA = """
<dc:title id="t2">A Romance</dc:title><meta refines="#t2" property="title-type">subtitle</meta>
<dc:title id="t1"> The
 Book </dc:title><meta refines="#t1" property="title-type">main</meta>
<dc:creator id="a">Ann Author</dc:creator><meta refines="#a" property="role">aut</meta>
<dc:creator id="e">Ed Editor</dc:creator><meta refines="#e" property="role">edt</meta>
<dc:creator>Co Author</dc:creator>
<dc:contributor id="n">Nora Voice</dc:contributor><meta refines="#n" property="role">nrt</meta>
<dc:language>en-GB</dc:language><dc:language>fr</dc:language><dc:publisher>House</dc:publisher>
<dc:date>1895-05-07</dc:date><dc:description>&lt;p&gt;A &lt;b&gt;fine&lt;/b&gt; tale&lt;/p&gt;</dc:description>
<dc:identifier>urn:isbn:1</dc:identifier><dc:identifier>x</dc:identifier>
<meta property="belongs-to-collection" id="c">Saga</meta><meta refines="#c" property="collection-type">series</meta>
<meta refines="#c" property="group-position">2</meta>"""


def test_metadata_of_epub_3(read):
    metadata = read({"a.xhtml": ONE}, metadata=METADATA).metadata
    assert (metadata.title, metadata.subtitle, metadata.authors) == (
        "The Book",
        "A Romance",
        ("Ann Author", "Co Author"),
    )
    assert (metadata.narrator, metadata.language, metadata.publisher) == ("Nora Voice", "en-GB", "House")
    assert (metadata.series, metadata.series_position, metadata.date) == ("Saga", "2", "1895-05-07")
    assert (metadata.description, metadata.identifiers) == ("A fine tale", ("urn:isbn:1", "x"))


def test_metadata_of_epub_2(read):
    said = """<dc:title>Old</dc:title><dc:creator opf:role="aut" xmlns:opf="http://www.idpf.org/2007/opf">A</dc:creator>
    <dc:creator opf:role="nrt" xmlns:opf="http://www.idpf.org/2007/opf">N</dc:creator>
    <meta name="calibre:series" content="Saga"/><meta name="calibre:series_index" content="3"/>"""
    metadata = read({"a.xhtml": ONE}, metadata=said).metadata
    assert (metadata.authors, metadata.narrator, metadata.series, metadata.series_position) == (
        ("A",),
        "N",
        "Saga",
        "3",
    )


@pytest.mark.parametrize(
    "options",
    [
        {"items": '<item id="c" href="c.png" media-type="image/png" properties="cover-image"/>'},
        {"items": '<item id="c" href="c.png" media-type="image/png"/>', "metadata": '<meta name="cover" content="c"/>'},
        {"guide": '<reference type="cover" href="cover.xhtml"/>'},
    ],
)
def test_the_cover_is_found(read, options):
    files = {"OPS/c.png": b"\x89PNG", "OPS/cover.xhtml": page("<svg><image xlink:href='c.png'/></svg>")}
    cover = read({"a.xhtml": ONE}, files=files, **options).cover
    assert (cover.data, cover.media_type, cover.path) == (b"\x89PNG", "image/png", "OPS/c.png")


def test_lexicons_come_with_the_book(read):
    item = '<item id="l" href="l.pls" media-type="application/pls+xml"/>'
    assert read({"a.xhtml": ONE}, items=item, files={"OPS/l.pls": b"<lexicon/>"}).pronunciations == (b"<lexicon/>",)


def test_a_missing_document_is_a_warning(read):
    spine = '<itemref idref="a.xhtml"/><itemref idref="gone"/><itemref idref="nothing"/>'
    book = read(
        {"a.xhtml": ONE}, spine=spine, items='<item id="gone" href="g.xhtml" media-type="application/xhtml+xml"/>'
    )
    assert texts(book) == ["One", "first"]
    assert [warning.split()[0] for warning in book.warnings] == ["the", "OPS/g.xhtml"]


def test_a_document_that_is_not_xml_is_repaired(read):
    broken = page("<p>one <b>two</p><p/>three & four<br>five")
    book = read({"a.xhtml": broken})
    assert texts(book) == ["one two", "three & four\nfive"]
    assert "not well-formed" in book.warnings[0]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "iso-8859-1", "gb18030", "shift_jis"])
def test_documents_in_other_encodings(read, encoding):
    words = {"iso-8859-1": "Bücher für Mädchen", "shift_jis": "吾輩は猫である"}.get(encoding, "书 café")
    text = page(f"<p>{words}</p>").replace('encoding="utf-8"', f'encoding="{encoding.removesuffix("-sig")}"')
    assert texts(read({"x.xhtml": ONE, "a.xhtml": text.encode(encoding)}))[-1] == words


def test_entities_are_not_expanded(read):
    bomb = "<!DOCTYPE html [<!ENTITY a 'ha'>" + "".join(
        f"<!ENTITY {chr(98 + i)} '{f'&{chr(97 + i)};' * 10}'>" for i in range(12)
    )
    body = page("<p>before &m; <i>&xxe;</i> after</p>").split("?>", 1)[1]
    book = read({"a.xhtml": bomb + "<!ENTITY xxe SYSTEM 'file:///etc/hostname'>]>" + body})
    assert texts(book) == ["before &m; &xxe; after"]


ENCRYPTION = """<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"
 xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData><enc:EncryptionMethod Algorithm="{algorithm}"/>
<enc:CipherData><enc:CipherReference URI="{uri}"/></enc:CipherData></enc:EncryptedData></encryption>"""


def test_protected_books_are_refused(read):
    encryption = ENCRYPTION.format(algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc", uri="OPS/a.xhtml")
    with pytest.raises(InputError, match="protected"):
        read({"a.xhtml": ONE}, files={"META-INF/encryption.xml": encryption})


def test_obfuscated_fonts_are_no_protection(read):
    encryption = ENCRYPTION.format(algorithm="http://www.idpf.org/2008/embedding", uri="OPS/font.otf")
    assert texts(read({"a.xhtml": ONE}, files={"META-INF/encryption.xml": encryption})) == ["One", "first"]


@pytest.mark.parametrize(
    ("container", "opf", "says"),
    [
        ("<container/>", "", "names no package document"),
        ("not XML", "", "is not XML"),
        (CONTAINER, "", "is not XML"),
        (CONTAINER, "<package/>", "no documents in its reading order"),
        (CONTAINER, package(["gone.xhtml"]), "None of the documents"),
    ],
)
def test_books_that_hold_nothing_are_refused(tmp_path, container, opf, says):
    path = tmp_path / "book.epub"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("OPS/book.opf", opf)
    with pytest.raises(InputError, match=says):
        read_epub(path, DEFAULTS)
