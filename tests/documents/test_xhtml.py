"""What a page of a book becomes: blocks with marks, and nothing lost."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from cosycli.documents.book import Alphabet, BlockKind, Mark, MarkKind
from cosycli.documents.reading_policy import READABLE
from tests.documents.accounts import left_out, texts
from tests.documents.tiny_epub import read_page


def blocks(folder, body, **options):
    return [block for chapter in read_page(folder, body, **options).chapters for block in chapter.blocks]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>one</p><p>two</p>", ["one", "two"]),
        ("<p>\n  white   space\n\tcollapses </p>", ["white space collapses"]),
        ("<p>in<b>ter</b>rupted <i>words</i><b> stay</b></p>", ["interrupted words stay"]),
        ("<div>loose<p>inner</p>text</div>", ["loose", "inner", "text"]),
        ("<p>first<br/>second <br/> third</p>", ["first\nsecond\nthird"]),
        ("<p>one<br/><br/>two</p>", ["one", "two"]),
        ("<p>中文\n  不要空格</p><p>한국어는\n띄어 쓴다</p>", ["中文不要空格", "한국어는 띄어 쓴다"]),
        ("<p>a&nbsp;b &eacute;t&eacute; &hellip; AT&amp;T</p>", ["a\u00a0b été … AT&T"]),
        ("<p>soft\u00adhyphen</p>", ["soft\u00adhyphen"]),
        ("<p>e\u0301t\u00e9</p>", ["\u00e9t\u00e9"]),
        ("<table><tr><td>a</td><td> b </td></tr><tr><td>c</td></tr></table>", ["a\nb", "c"]),
        ("<ul><li>one<ul><li>two</li></ul>three</li></ul>", ["one", "two", "three"]),
        ("<pre>  keeps\n    its   lines\n</pre>", ["keeps\n    its   lines"]),
        ("<p><em>starts</p><p>elsewhere</em></p>", ["starts", "elsewhere"]),
        ("<p>one<script>var x;</script> two<style>p {}</style></p>", ["one two"]),
        ("<p>unknown <foo>element</foo>s</p>", ["unknown elements"]),
        ("<p>a<br>b</br> <img>c</img></p><hr>d</hr>", ["a\nb c", "d"]),
        ("<p>a <b'c=d:>damaged</b> tag</p>", ["a damaged tag"]),
        ("<p>a <b}>damaged</b}> tag</p>", ["a damaged tag"]),
        ("<p>word<span class='pagenum'> 12 </span>word</p>", ["word word"]),
        ("<p>wo<span class='pagenum'>12</span>rd</p>", ["word"]),
    ],
)
def test_text_is_what_a_browser_shows(tmp_path, body, expected):
    assert texts(read_page(tmp_path, body)) == expected


@pytest.mark.parametrize(
    ("body", "kind", "level"),
    [
        ("<h3>T</h3>", BlockKind.HEADING, 3),
        ("<p>T</p>", BlockKind.PARAGRAPH, 0),
        ("<ol><li><ul><li>T</li></ul></li></ol>", BlockKind.LIST_ITEM, 2),
        ("<blockquote><p>T</p></blockquote>", BlockKind.QUOTE, 1),
        ("<div class='poem'><p>T</p></div>", BlockKind.VERSE, 0),
        ("<blockquote epub:type='z3998:verse'><p>T</p></blockquote>", BlockKind.VERSE, 0),
        ("<figure><figcaption>T</figcaption></figure>", BlockKind.FIGURE, 0),
        ("<table><tbody><tr><th>T</th></tr></tbody></table>", BlockKind.TABLE_ROW, 0),
    ],
)
def test_blocks_know_what_they_are(tmp_path, body, kind, level):
    assert [(block.kind, block.level) for block in blocks(tmp_path, body)] == [(kind, level)]


def marks(folder, body):
    return list(blocks(folder, body)[0].marks)


def test_emphasis(tmp_path):
    assert marks(tmp_path, "<p>so <em>very</em> good</p>") == [Mark(3, 7, MarkKind.EMPHASIS)]


def test_nested_marks_come_outer_first(tmp_path):
    found = marks(tmp_path, "<p><em><i lang='fr'>both</i></em> <em>a<i lang='fr'>b</i></em></p>")
    assert [(mark.start, mark.end, mark.kind.name) for mark in found] == [
        (0, 4, "EMPHASIS"),
        (0, 4, "LANGUAGE"),
        (5, 7, "EMPHASIS"),
        (6, 7, "LANGUAGE"),
    ]


def test_languages_of_words_and_paragraphs(tmp_path):
    [first, second] = blocks(tmp_path, "<p>the <i xml:lang='fr'>mot</i></p><p lang='de-AT'>Wort</p>")
    assert (first.language, first.marks) == (None, (Mark(4, 7, MarkKind.LANGUAGE, "fr"),))
    assert (second.language, second.marks) == ("de-AT", ())


def test_pronunciations_of_ssml(tmp_path):
    said = '<span ssml:ph="t@mA:t@U">tomato</span> <b ssml:alphabet="ipa" ssml:ph="bɑː">ba</b>'
    body = f'<p ssml:alphabet="x-sampa">a {said}</p>'
    assert marks(tmp_path, body) == [
        Mark(2, 8, MarkKind.PRONUNCIATION, "t@mA:t@U", Alphabet.X_SAMPA),
        Mark(9, 11, MarkKind.PRONUNCIATION, "bɑː", Alphabet.IPA),
    ]


@pytest.mark.parametrize(
    ("ruby", "text", "readings"),
    [
        ("<ruby>山路<rt>やまみち</rt></ruby>", "山路", [(0, 2, "やまみち")]),
        ("<ruby>漢<rt>かん</rt>字<rt>じ</rt></ruby>", "漢字", [(0, 1, "かん"), (1, 2, "じ")]),
        ("<ruby><rb>漢</rb><rb>字</rb><rt>かん</rt><rt>じ</rt></ruby>", "漢字", [(0, 1, "かん"), (1, 2, "じ")]),
        ("<ruby><rb>北京</rb><rp>（</rp><rt>bei</rt><rt>jing</rt><rp>）</rp></ruby>", "北京", [(0, 2, "bei jing")]),
        ("<ruby>東京<rt>とうきょう</rt><rtc><rt>Tokyo</rt></rtc></ruby>", "東京", [(0, 2, "とうきょう")]),
        ("<ruby><rb>東京</rb><rtc><rt>とうきょう</rt></rtc></ruby>", "東京", [(0, 2, "とうきょう")]),
        ("<ruby>空<rt></rt></ruby>", "空", []),
        ("<ruby><em>強</em>い<rt>つよい</rt></ruby>", "強い", [(0, 2, "つよい"), (0, 1, "")]),
    ],
)
def test_ruby_is_kept_as_the_reading_of_its_base(tmp_path, ruby, text, readings):
    [block] = blocks(tmp_path, f"<p>前{ruby}後</p>")
    assert block.text == f"前{text}後"
    assert [(mark.start - 1, mark.end - 1, mark.value) for mark in block.marks] == readings


@pytest.mark.parametrize("sign", ["***", "* * *", "⁂", "• • •", "———", "◇　◇　◇"])
def test_ornaments_and_rules_break_scenes(tmp_path, sign):
    book = read_page(tmp_path, f"<p>before</p><p>{sign}</p><p>after</p><hr/><p>end</p>")
    kinds = [block.kind.name for block in book.chapters[0].blocks]
    assert kinds == ["PARAGRAPH", "SCENE_BREAK", "PARAGRAPH", "SCENE_BREAK", "PARAGRAPH"]
    assert left_out(book) == {"scene-breaks": 1}


def test_silence_in_dialogue_is_no_scene_break(tmp_path):
    assert texts(read_page(tmp_path, "<p>“…”</p><p>……</p>")) == ["“…”", "……"]


NOTES = [
    ("<a epub:type='noteref' href='#n'>1</a>", 1),
    ("<a role='doc-noteref' href='#n'>*</a>", 1),
    ("<sup><a href='#n'>12</a></sup>", 1),
    ("<sup>[<a href='#n'>3</a>]</sup>", 1),
    ("<a href='#n'><sup>†</sup></a>", 1),
    ("<a class='footnote-ref' href='#n'>iv</a>", 1),
    ("<a class='noteref' href='#n'>註三</a>", 1),
]


@pytest.mark.parametrize(("mark", "count"), NOTES)
def test_note_marks_are_counted_and_not_read(tmp_path, mark, count):
    book = read_page(tmp_path, f"<p>A word{mark}. And more {mark}, too.</p>")
    assert texts(book) == ["A word. And more, too."]
    assert book.notes_count == 2 * count
    assert left_out(book) == {"note-marks": 2}


def test_marks_without_a_class_that_lead_to_notes_are_not_read(tmp_path):
    assert texts(read_page(tmp_path, "<p>A word<a href='#_ftn1'>[1]</a>, too.</p>")) == ["A word, too."]


def test_other_links_and_exponents_are_read(tmp_path):
    book = read_page(
        tmp_path, "<p>a<sup>2</sup>, see <a href='#x'>2</a>, <a epub:type='noteref' href='#n'>this note</a>.</p>"
    )
    assert texts(book) == ["a2, see 2, this note."]
    assert book.notes_count == 1


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("notes", "<aside epub:type='footnote'><p>secret</p></aside>"),
        ("notes", "<section role='doc-endnotes'><ol><li id='n'>secret</li></ol></section>"),
        ("notes", "<p class='footnote'>secret</p>"),
        ("page-numbers", "<span epub:type='pagebreak'>[Pg 12]</span>"),
        ("page-numbers", "<div class='pagenum'>xii</div>"),
        ("code", "<pre><code>secret</code></pre>"),
        ("code", "<pre class='programlisting'>secret</pre>"),
        ("hidden", "<p hidden=''>secret</p>"),
        ("hidden", "<p style='display: none'>secret</p>"),
        ("hidden", "<p aria-hidden='true'>secret</p>"),
        ("hidden", "<pre hidden=''>secret</pre>"),
        ("licence", "<pre id='pg-header'>secret</pre>"),
        ("hidden", "<video>secret</video>"),
        ("alt-text", "<svg xmlns='http://www.w3.org/2000/svg'><title>secret</title></svg>"),
        ("bibliography", "<section epub:type='bibliography'><p>secret</p></section>"),
        ("index", "<section role='doc-index'><p>secret</p></section>"),
        ("contents", "<nav><p>secret</p></nav>"),
        ("copyright", "<section epub:type='copyright-page'><p>secret</p></section>"),
        ("title-page", "<div class='titlepage'><p>secret</p></div>"),
    ],
)
def test_what_a_listener_does_not_expect_is_left_out_unless_asked_for(tmp_path, kind, body):
    body = f"<p>before</p>{body}<p>after</p>"
    book = read_page(tmp_path, body)
    assert texts(book) == ["before", "after"]
    assert left_out(book) == {kind: 1}
    assert len(texts(read_page(tmp_path, body, read=[kind]))) == 3


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("captions", "<figure><figcaption>said</figcaption></figure>"),
        ("tables", "<table><tr><td>said</td></tr></table>"),
        ("math", "<math xmlns='http://www.w3.org/1998/Math/MathML'><mi>said</mi></math>"),
        ("dedication", "<section epub:type='dedication'><p>said</p></section>"),
        ("epigraph", "<blockquote epub:type='epigraph'><p>said</p></blockquote>"),
        ("preface", "<section epub:type='preface'><p>said</p></section>"),
    ],
)
def test_what_a_listener_expects_is_read_unless_skipped(tmp_path, kind, body):
    body = f"<p>before</p>{body}<p>after</p>"
    assert texts(read_page(tmp_path, body)) == ["before", "said", "after"]
    book = read_page(tmp_path, body, skip=[kind])
    assert texts(book) == ["before", "after"]
    assert left_out(book) == {kind: 1}


def test_headings_of_docbook_chapters_are_read(tmp_path):
    body = "<div class='chapter'><div class='titlepage'><h2>Chapter 1</h2></div><p>text</p></div>"
    assert texts(read_page(tmp_path, body)) == ["Chapter 1", "text"]


def test_boxes_beside_the_text_are_no_notes(tmp_path):
    assert texts(read_page(tmp_path, "<div epub:type='note'><h6>Note</h6><p>text</p></div>")) == ["Note", "text"]


def test_a_page_marked_as_page_break_is_read(tmp_path):
    body = "<div epub:type='pagebreak'><p>A whole page that somebody marked wrongly.</p></div>"
    assert texts(read_page(tmp_path, body)) == ["A whole page that somebody marked wrongly."]


def test_words_for_pictures_are_read_on_request(tmp_path):
    body = "<p>A <img src='a.png' alt='red cat'/>sat.</p>"
    assert left_out(read_page(tmp_path, body)) == {"alt-text": 1}
    assert texts(read_page(tmp_path, body, read=["alt-text"])) == ["A red cat sat."]


def test_formulas_are_said_as_their_alternative_text(tmp_path):
    formula = (
        "<math xmlns='http://www.w3.org/1998/Math/MathML' alttext='x squared'><msup><mi>x</mi><mn>2</mn></msup></math>"
    )
    [block] = blocks(tmp_path, f"<p>so {formula} grows</p>")
    assert block.text == "so x 2 grows"
    assert block.marks == (Mark(3, 6, MarkKind.ALIAS, "x squared"),)


def test_only_the_default_of_a_switch_is_read(tmp_path):
    body = "<epub:switch><epub:case><p>chem</p></epub:case><epub:default><p>plain</p></epub:default></epub:switch>"
    assert texts(read_page(tmp_path, body)) == ["plain"]


def test_blocks_name_the_place_they_come_from(tmp_path):
    [heading, paragraph] = blocks(tmp_path, "<h1 id='top'>T</h1><p>text</p>")
    assert (heading.source, paragraph.source) == ("OPS/one.xhtml#top", "OPS/one.xhtml")


@pytest.mark.parametrize("depth", [200, 1_500])
def test_elements_may_nest_deep(tmp_path, depth):
    body = f"<p>top</p>{'<div>' * depth}deep{'</div>' * depth}<p>end</p>"
    assert texts(read_page(tmp_path, body)) == ["top", "deep", "end"]


ELEMENTS = [
    *[
        "p",
        "div",
        "section",
        "blockquote",
        "ul",
        "li",
        "table",
        "tr",
        "td",
        "h2",
        "pre",
        "figure",
        "figcaption",
        "aside",
    ],
    *["em", "strong", "span", "a", "sup", "ruby", "rb", "rt", "rtc", "br", "hr", "img", "math", "mi", "svg", "foo:bar"],
]
ATTRIBUTES = [
    *["", "", "", "id='i'", "class='line'", "class='footnote'", "class='poem'", "class='scene-break'", "lang='fr'"],
    *["epub:type='pagebreak'", "epub:type='noteref'", "hidden=''", "ssml:ph='a'", "alt='picture'", "alttext='sum'"],
]
TEXTS = [
    "",
    " ",
    "word",
    " two words ",
    "1",
    "***",
    "\n",
    "中文",
    "e\u0301",
    "\u0301",
    "\xa0",
    "\xad",
    "\u200b",
    "한 글",
    "&lt;",
]


def random_page(chance, depth=0):
    pieces = []
    for _ in range(chance.randrange(1, 5)):
        name = chance.choice(ELEMENTS)
        inner = random_page(chance, depth + 1) if depth < 5 else ""
        text = [chance.choice(TEXTS) for _ in range(3)]
        pieces.append(f"{text[0]}<{name} {chance.choice(ATTRIBUTES)}>{text[1]}{inner}</{name}>{text[2]}")
    return "".join(pieces)


@pytest.mark.parametrize("seed", range(30))
def test_nothing_is_lost_of_any_page(tmp_path, seed):
    chance = random.Random(seed)
    kinds = chance.sample(sorted(READABLE), 6)
    body = random_page(chance)
    for block in blocks(tmp_path, body, read=kinds[:3], skip=kinds[3:]):
        assert block.text == block.text.strip()
        for outer, inner in pairwise(block.marks):
            assert (outer.start, -outer.end) <= (inner.start, -inner.end)
            assert inner.end <= outer.end or outer.end <= inner.start
        assert all(0 <= mark.start < mark.end <= len(block.text) for mark in block.marks)
