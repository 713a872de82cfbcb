"""Books made ready to speak: chapters, pauses, headings, and an account of every character."""

import random
from itertools import pairwise

import pytest

from cosycli.documents.book import Alphabet, BlockKind, Book, Chapter, LeftOut, Mark, MarkKind, Metadata
from cosycli.documents.reading_policy import ReadingPolicy
from cosycli.documents.sources import read_source
from cosycli.errors import InputError
from cosycli.script import Fate, Pauses
from cosycli.script.book_script import read_book_script
from cosycli.script.lexicon import Entry, Lexicon
from cosycli.script.timing import seconds_of_tokens
from tests.script.scripts_of_blocks import CAPABILITIES, block, book, heading, read, said, segments


def test_segments_are_numbered_by_chapter_and_name_their_block():
    chapters = (Chapter("One", 1, (heading("One"), block("A dog."))), Chapter("Two", 1, (block("A cat."),)))
    script = read_book_script(Book(Metadata(language="en"), chapters, 13), CAPABILITIES)
    assert [(chapter, number, segment.text) for chapter, number, segment in script.segments()] == [
        (1, 1, "One"),
        (1, 2, "A dog."),
        (2, 1, "A cat."),
    ]
    first = script.chapters[0]
    assert first.block_starts == (0, 5)
    assert first.script.source == "One\n\nA dog."
    assert [first.script.source[slice(*segment.source)] for segment in first.script.segments] == ["One", "A dog."]


def test_a_chapter_without_words_is_kept_and_a_book_without_words_is_refused():
    chapters = (Chapter("Plates", 1, ()), Chapter("One", 1, (block("A dog."),)), Chapter("Stars", 1, (block("* * *"),)))
    script = read_book_script(Book(Metadata(language="en"), chapters, 8), CAPABILITIES)
    assert [number for number, _, _ in script.segments()] == [2]
    assert script.coverage.unaccounted == 0
    with pytest.raises(InputError, match="“A Book” contains no words"):
        read_book_script(book("* * *"), CAPABILITIES)


class TestPauses:
    PAUSES = Pauses(sentence_s=0.4, paragraph_s=0.8, heading_s=1.2, scene_break_s=1.6, chapter_s=2.5)

    def pauses(self, *blocks, **options):
        return [segment.pause_after_s for segment in segments(*blocks, pauses=self.PAUSES, **options)]

    def test_by_what_ends(self):
        item = block("An item", kind=BlockKind.LIST_ITEM, level=1)
        scene = block("", kind=BlockKind.SCENE_BREAK)
        blocks = [heading("One"), "A dog.", "A cat.", scene, "A cow.", heading("Two"), item, item, "A hen."]
        assert self.pauses(*blocks) == [1.2, 0.8, 1.6, 1.2, 1.2, 0.4, 0.8, 2.5]

    def test_a_row_of_stars_is_a_scene_break(self):
        assert self.pauses("A dog.", "* * *", "A cat.") == [1.6, 2.5]

    def test_a_pause_ordered_by_a_mark(self):
        text = "A dog. A cat."
        assert self.pauses(block(text, Mark(6, 6, MarkKind.PAUSE, "3.5"))) == [3.5, 2.5]

    def test_a_pause_before_the_first_word_is_kept(self):
        first = segments(block("A dog.", Mark(0, 0, MarkKind.PAUSE, "1.5")))[0]
        assert (first.pause_before_s, first.text) == (1.5, "A dog.")
        assert segments("[pause 2s] A dog.", obeys_markup=True)[0].pause_before_s == 2.0


def test_coverage_counts_non_space_characters_and_what_the_documents_left_out():
    left_out = (LeftOut("notes", "Notes", "notes are not read", 2, 7),)
    source = book("[breath] It cost $5.\n😀", obeys_markup=True)
    source = Book(source.metadata, source.chapters, 19 + 7, obeys_markup=True, left_out=left_out)
    script = read_book_script(source, CAPABILITIES)
    coverage = script.coverage
    assert (coverage.source, coverage.spoken, coverage.rewritten, coverage.skipped) == (26, 7, 10, 8)
    assert [(item.kind, item.reason, item.count, item.characters) for item in script.skipped] == [
        ("notes", "notes are not read", 2, 7),
        ("signs", "emoji or pictogram", 1, 1),
    ]


def test_a_character_that_the_documents_lost_is_unaccounted_for():
    source = book("A dog.")
    script = read_book_script(Book(source.metadata, source.chapters, 8), CAPABILITIES)
    assert script.coverage.unaccounted == 3


@pytest.mark.parametrize(
    ("language", "written", "spoken"),
    [
        ("en", "III", "three"),
        ("en", "I", "one"),
        ("en", "iv.", "four."),
        ("en", "I. The Ferry", "one. The Ferry"),
        ("en", "II — Night", "two -- Night"),
        ("en", "XI The Ferry", "eleven The Ferry"),
        ("en", "Chapter IV: Rain", "Chapter four: Rain"),
        ("en", "I Remember", "I Remember"),
        ("en", "Mix and Civil", "Mix and Civil"),
        ("de", "III. Der Fluss", "drei. Der Fluss"),
        ("de", "Kapitel IV", "Kapitel vier"),
        ("fr", "Chapitre XII", "Chapitre douze"),
        ("es", "Capítulo V", "Capítulo cinco"),
        ("it", "Capitolo V", "Capitolo cinque"),
        ("ru", "Глава IV", "Глава четыре"),
        ("ru", "III", "три"),
        ("zh", "IV", "四"),
    ],
)
def test_roman_numerals_of_headings(language, written, spoken):
    assert said(heading(written), language=language) == [spoken]


def test_roman_numerals_elsewhere_are_letters():
    assert said("Then I came. XI was his name, XI Smith.") == ["Then I came. XI was his name, XI Smith."]


@pytest.mark.parametrize(
    "name",
    [
        *("se-the-time-machine", "se-meditations", "zh-guwenguanzhi", "zh-epub-style-demo", "de-calibre-quick-start"),
        *("idpf-kusamakura-japanese-vertical-writing", "idpf-childrens-literature", "epubjs-alice"),
    ],
)
def test_every_character_of_a_real_epub_is_accounted_for(shared, name):
    check_source(shared / "corpus" / "epub" / f"{name}.epub")


def test_every_character_of_the_conformance_books_is_accounted_for(shared):
    sources = sorted((shared / "corpus" / "epub" / "w3c").glob("*.epub"))
    assert sources
    for source in sources:
        check_source(source)


@pytest.mark.parametrize(
    "name",
    [
        *("text/pg35-the-time-machine-utf8.txt", "text/pg22367-die-verwandlung-latin1.txt"),
        *("text/aozora-chuki-sample-cp932.txt", "html/pg22367-die-verwandlung.htm"),
        *("markdown/rust-book", "markdown/rust-book-zh"),
    ],
)
def test_every_character_of_other_real_books_is_accounted_for(shared, name):
    check_source(shared / "corpus" / name)


def check_source(source):
    """None is lost, none is skipped without a reason, and all segments are of a speakable length."""
    script = read_book_script(read_source(source, ReadingPolicy()), CAPABILITIES)
    assert script.coverage.unaccounted == 0
    assert all(item.reason for item in script.skipped)
    assert max(seconds_of_tokens(segment.text) for _, _, segment in script.segments()) <= 15.5
    for chapter in script.chapters:
        position = 0
        for span in chapter.script.spans:
            assert span.start == position
            position = span.end
        assert position == len(chapter.script.source)


VALUES = {
    MarkKind.EMPHASIS: ("", None),
    MarkKind.LANGUAGE: ("de", None),
    MarkKind.PRONUNCIATION: ("R EH1 D", Alphabet.CMU),
    MarkKind.ALIAS: ("Doctor 9", None),
    MarkKind.SAY_AS: ("characters", None),
    MarkKind.VOICE: ("ada", None),
    MarkKind.STYLE: ("happy", None),
    MarkKind.RATE: ("0.8", None),
    MarkKind.PAUSE: ("0.5", None),
    MarkKind.LITERAL: ("", None),
}
WORDS = [
    "Nemo",
    "Dr. ",
    "“",
    "”",
    '"',
    " ",
    "\n",
    "3.5",
    "中文",
    "。",
    "é",
    "😀",
    "a. ",
    "[pause 1s]",
    "read{R EH1 D}",
    "IV",
]


def nested_marks(source, start, end, depth=0):
    """Random marks within `start` to `end`, the outer one first."""
    while start < end and depth < 4 and source.random() < 0.7:
        first = source.randint(start, end)
        last = source.randint(first, end)
        kind = source.choice(list(VALUES))
        yield Mark(first, first if kind is MarkKind.PAUSE else last, kind, *VALUES[kind])
        if kind is not MarkKind.PAUSE:
            yield from nested_marks(source, first, last, depth + 1)
        start = last + 1


@pytest.mark.parametrize("seed", range(8))
def test_every_character_of_random_blocks_is_accounted_for(seed):
    source = random.Random(seed)
    lexicon = Lexicon((Entry("Nemo", alias="Captain 1"), Entry("中文", tokens=("[zh]", "[ōng]", "[w]", "[én]"))))
    for _ in range(40):
        blocks = [block("A word.")]
        for _ in range(source.randint(1, 5)):
            text = "".join(source.choices(WORDS, k=source.randint(0, 25)))
            kind = source.choice(list(BlockKind))
            blocks.append(block(text, *nested_marks(source, 0, len(text)), kind=kind))
        script = read(*blocks, obeys_markup=source.random() < 0.5, lexicon=lexicon, dialogue_voice="ben")
        spans = [span for chapter in script.chapters for span in chapter.script.spans]
        assert all(before.end == after.start for before, after in pairwise(spans))
        assert all(span.reason or span.fate is not Fate.SKIPPED for span in spans)
