"""Books made ready to speak: marks, lexicons, dialogue, pauses, headings, and an account of every character."""

import random
from itertools import pairwise

import pytest

from cosycli.documents.book import Alphabet, Block, BlockKind, Book, Chapter, LeftOut, Mark, MarkKind, Metadata
from cosycli.documents.reading import read_source
from cosycli.documents.reading_policy import ReadingPolicy
from cosycli.errors import InputError, UsageError
from cosycli.script import MODEL_TAGS, PHONEMES, STYLES_V2, Fate, Pauses
from cosycli.script.book_script import read_book_script
from cosycli.script.capabilities import Capabilities
from cosycli.script.duration import seconds_of_tokens
from cosycli.script.lexicon import Entry, Lexicon

CAPABILITIES = Capabilities(MODEL_TAGS, STYLES_V2, frozenset({"ada", "ben"}), PHONEMES)
BARE = Capabilities(frozenset(), None, frozenset({"ada", "ben"}), frozenset())


def block(text, *marks, kind=BlockKind.PARAGRAPH, **attributes):
    return Block(kind, text, marks=marks, **attributes)


def heading(text):
    return block(text, kind=BlockKind.HEADING, level=1)


def book(*blocks, language="en", **attributes):
    blocks = [block(item) if isinstance(item, str) else item for item in blocks]
    num_characters = sum(len("".join(item.text.split())) for item in blocks)
    return Book(
        Metadata("A Book", language=language), (Chapter("One", 1, tuple(blocks)),), num_characters, **attributes
    )


def mark(text, word, kind, value="", alphabet=None):
    start = text.index(word)
    return Mark(start, start + len(word), kind, value, alphabet)


def read(*blocks, capabilities=CAPABILITIES, language="en", obeys_markup=False, **options):
    script = read_book_script(book(*blocks, language=language, obeys_markup=obeys_markup), capabilities, **options)
    assert script.coverage.unaccounted == 0
    return script


def segments(*blocks, **options):
    return [segment for _, _, segment in read(*blocks, **options).segments()]


def said(*blocks, **options):
    return [segment.text for segment in segments(*blocks, **options)]


def said_with(text, word, kind, value="", alphabet=None, **options):
    return " ".join(said(block(text, mark(text, word, kind, value, alphabet)), **options))


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
    with pytest.raises(InputError, match="“A Book” holds no word"):
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


class TestMarks:
    def test_emphasis_where_the_model_has_it(self):
        assert said_with("A very big dog.", "very", MarkKind.EMPHASIS) == "A <strong>very</strong> big dog."
        assert said_with("A very big dog.", "very", MarkKind.EMPHASIS, capabilities=BARE) == "A very big dog."

    def test_a_paragraph_in_italics_is_not_emphasized(self):
        assert said_with("A big dog.", "A big dog.", MarkKind.EMPHASIS) == "A big dog."

    @pytest.mark.parametrize(
        ("text", "word", "value", "alphabet", "spoken"),
        [
            ("I read it.", "read", "R EH1 D", Alphabet.CMU, "I [R][EH1][D] it."),
            ("See Weena.", "Weena", "ˈwiːnə", Alphabet.IPA, "See [W][IY1][N][AH0]."),
            ("See Weena.", "Weena", '"wi:n@', Alphabet.X_SAMPA, "See [W][IY1][N][AH0]."),
            ("去银行吧。", "银行", "yin2 hang2", Alphabet.PINYIN, "去[y][ín][h][áng]吧。"),
            ("去银行吧。", "银行", "yínháng", Alphabet.RUBY, "去[y][ín][h][áng]吧。"),
            ("去银行吧。", "银行", "ㄧㄣˊ ㄏㄤˊ", Alphabet.RUBY, "去[y][ín][h][áng]吧。"),
            ("好吗。", "吗", "˙ㄇㄚ", Alphabet.RUBY, "好[m][a]。"),
            ("看狗吗。", "狗吗", "gou ma", Alphabet.RUBY, "看[g][ǒu][m][a]。"),
            ("今日は雨だ。", "今日", "きょう", Alphabet.RUBY, "きょうは雨だ。"),
        ],
    )
    def test_pronunciations(self, text, word, value, alphabet, spoken):
        assert said_with(text, word, MarkKind.PRONUNCIATION, value, alphabet) == spoken

    @pytest.mark.parametrize(
        ("text", "word", "value", "alphabet"),
        [
            ("Der Bach.", "Bach", "bɑːχ", Alphabet.IPA),
            ("一只猫。", "猫", "cat", Alphabet.RUBY),
            ("去燕京。", "燕", "yan", Alphabet.RUBY),
            ("去银行。", "银行", "yín", Alphabet.RUBY),
        ],
    )
    def test_a_pronunciation_without_a_token_is_noted_and_read_as_written(self, text, word, value, alphabet):
        script = read(block(text, mark(text, word, MarkKind.PRONUNCIATION, value, alphabet)))
        assert [segment.text for _, _, segment in script.segments()] == [text]
        (note,) = script.chapters[0].script.notes
        assert value in note.message

    def test_dots_above_characters_are_no_pronunciation(self):
        script = read(block("大事だ。", Mark(0, 2, MarkKind.PRONUNCIATION, "・・", Alphabet.RUBY)), language="ja")
        assert script.chapters[0].script.notes == ()

    def test_a_model_without_phonemes_gets_a_respelling_noted_once(self):
        text = "I read it."
        marked = block(text, mark(text, "read", MarkKind.PRONUNCIATION, "R EH1 D", Alphabet.CMU))
        script = read(marked, marked, capabilities=BARE)
        assert [segment.text for _, _, segment in script.segments()] == ["I red it."] * 2
        assert len(script.chapters[0].script.notes) == 1

    def test_an_alias_is_said_instead(self):
        spoken = said_with("The W3C met 3 men.", "W3C", MarkKind.ALIAS, "World Wide Web Consortium")
        assert spoken == "The World Wide Web Consortium met three men."
        assert said_with("See fig. A.", "fig. A", MarkKind.ALIAS, "the 2nd [figure]") == "See the second (figure)."

    @pytest.mark.parametrize(
        ("written", "interpret_as", "spoken"),
        [
            ("NATO", "characters", "N A T O"),
            ("a1-b", "spell-out", "A one dash B"),
            ("1984", "cardinal", "one thousand nine hundred and eighty four"),
            ("3", "ordinal", "third"),
            ("1984", "digits", "one nine eight four"),
            ("0160 12", "telephone", "zero one six zero, one two"),
            ("5/6/2024", "date", "May sixth, twenty twenty four"),
            ("10:30", "time", "ten thirty"),
        ],
    )
    def test_say_as(self, written, interpret_as, spoken):
        assert said_with(f"So {written} it is.", written, MarkKind.SAY_AS, interpret_as) == f"So {spoken} it is."

    def test_an_unknown_say_as_is_noted(self):
        script = read(block("A 3.", Mark(2, 3, MarkKind.SAY_AS, "riddle")))
        assert "'riddle'" in script.chapters[0].script.notes[0].message

    def test_language_of_some_words(self):
        spoken = said_with("He said: 21 Hunde, and left 21 dogs.", "21 Hunde", MarkKind.LANGUAGE, "de")
        assert spoken == "He said: einundzwanzig Hunde, and left twenty one dogs."

    def test_voice_style_and_rate_hold_for_their_characters(self):
        text = "One. Two. Three. Four."
        marks = [
            Mark(5, 22, MarkKind.VOICE, "ada"),
            Mark(10, 17, MarkKind.STYLE, "happy"),
            Mark(10, 17, MarkKind.RATE, "0.8"),
        ]
        assert [(s.text, s.voice, s.style, s.speed) for s in segments(block(text, *marks))] == [
            ("One.", None, None, 1.0),
            ("Two.", "ada", None, 1.0),
            ("Three.", "ada", STYLES_V2["happy"], 0.8),
            ("Four.", "ada", None, 1.0),
        ]

    def test_a_voice_that_does_not_exist_is_an_error_that_names_the_place(self):
        with pytest.raises(UsageError, match=r"Chapter “One”, at “A dog\.”: There is no voice 'eve'") as caught:
            read(block("A dog.", Mark(0, 6, MarkKind.VOICE, "eve")))
        assert "ada, ben" in caught.value.hint

    def test_names_around_a_pronunciation_are_read_as_names(self):
        assert said_with("He saw Dr. Weena. Weena left.", "Weena", MarkKind.ALIAS, "Weener") == (
            "He saw Doctor Weener. Weena left."
        )


class TestNotation:
    def test_brackets_are_ordinary_text_unless_the_book_obeys_markup(self):
        text = "He [laughter] said [pause 1s] so{S OW1}."
        assert said(text) == ["He (laughter) said (pause one second) so(S OW one)."]
        assert said(text, obeys_markup=True) == ["He [laughter] said", "[S][OW1]."]

    def test_code_is_never_markup(self):
        assert said(block("[laughter]", kind=BlockKind.CODE), obeys_markup=True) == ["(laughter)"]

    def test_a_voice_may_span_blocks_and_ends_with_the_chapter(self):
        chapters = tuple(Chapter("C", 1, (block(first), block("B."))) for first in ("[voice: ada]A.", "C."))
        script = read_book_script(Book(Metadata(language="en"), chapters, 20, obeys_markup=True), CAPABILITIES)
        assert [segment.voice for _, _, segment in script.segments()] == ["ada", "ada", None, None]
        assert [note.message for note in script.chapters[0].script.notes] == ["[voice: ada] is never closed."]

    def test_an_error_names_the_chapter_and_the_words(self):
        with pytest.raises(UsageError, match=r"Chapter “One”, at “\[giggle\] so.”: \[giggle\] is not a tag"):
            said("He [giggle] so.", obeys_markup=True)

    def test_a_cast_gives_roles_their_voices(self):
        text = "[voice: Alice]Oh![/voice] [voice: ben]Ah![/voice]"
        spoken = segments(text, obeys_markup=True, cast={"Alice": "ada"})
        assert [(segment.text, segment.voice) for segment in spoken] == [("Oh!", "ada"), ("Ah!", "ben")]
        with pytest.raises(UsageError, match="no voice 'eve'"):
            segments(text, obeys_markup=True, cast={"Alice": "eve"})


class TestLexicon:
    WEENA = Lexicon((Entry("Weena", tokens=("[W]", "[IY1]", "[N]", "[AH0]")), Entry("Dr. No", alias="Doctor 9")))

    def test_its_words_are_said_as_it_says(self):
        assert said("Weena met Dr. No. Weena's son ran.", lexicon=self.WEENA) == [
            "[W][IY1][N][AH0] met Doctor nine. [W][IY1][N][AH0][Z] son ran."
        ]

    def test_the_text_itself_wins(self):
        marked = block("Weena ran.", Mark(0, 5, MarkKind.ALIAS, "Anna"))
        assert said(marked, "Weena{R EH1 D} ran.", lexicon=self.WEENA, obeys_markup=True) == [
            "Anna ran.",
            "[R][EH1][D] ran.",
        ]

    def test_emphasis_does_not_hide_a_word(self):
        text = "Little Weena ran."
        assert said_with(text, "Weena", MarkKind.EMPHASIS, lexicon=self.WEENA) == (
            "Little <strong>[W][IY1][N][AH0]</strong> ran."
        )

    def test_lexicons_of_the_book_come_below_that_of_the_listener(self):
        pls = (
            b'<lexicon version="1.0" xmlns="http://www.w3.org/2005/01/pronunciation-lexicon" alphabet="ipa" '
            b'xml:lang="en"><lexeme><grapheme>Weena</grapheme><alias>Anna</alias></lexeme>'
            b"<lexeme><grapheme>Eloi</grapheme><alias>E. Loy</alias></lexeme></lexicon>"
        )
        source = book("Weena of the Eloi.", pronunciations=(pls, b"<no>"))
        script = read_book_script(source, CAPABILITIES, lexicon=self.WEENA)
        assert [segment.text for _, _, segment in script.segments()] == ["[W][IY1][N][AH0] of the E. Loy."]
        assert "A lexicon of the book is not used" in script.warnings[0]


class TestDialogue:
    @pytest.mark.parametrize(
        ("text", "quoted"),
        [
            ('"Well," he said, "go on."', ['"Well,"', '"go on."']),
            ("“It isn’t mine,” said Tom’s son.", ['"It isn\'t mine,"']),
            ("« Bonjour », dit-il.", ['"Bonjour"']),
            ("„Guten Tag“, sagte er.", ['"Guten Tag"']),
            ("»Guten Tag«, sagte er.", ['"Guten Tag"']),
            ("他说：「你好。」就走了。", ["「你好。」"]),
            ("他说：“你好。”就走了。", ["“你好。”"]),
            ("‘I don’t know,’ said the boys’ father.", ["'I don't know,'"]),
            ("He is 6'2\" and so-called ‘tall’.", []),
            ("The dogs’ dinner isn't ’ere.", []),
        ],
    )
    def test_quotes_are_spoken_by_their_own_voice(self, text, quoted):
        spoken = segments(text, dialogue_voice="ada")
        assert [segment.text for segment in spoken if segment.voice == "ada"] == quoted

    def test_speech_of_several_paragraphs(self):
        spoken = segments("He said, “One.", "“Two.” Then he left.", dialogue_voice="ada")
        assert [(segment.text, segment.voice) for segment in spoken] == [
            ("He said,", None),
            ('"One.', "ada"),
            ('"Two."', "ada"),
            ("Then he left.", None),
        ]

    def test_headings_code_and_notes_are_not_dialogue(self):
        kinds = (BlockKind.HEADING, BlockKind.CODE, BlockKind.NOTE)
        spoken = segments(*(block("“Go.”", kind=kind) for kind in kinds), dialogue_voice="ada")
        assert [segment.voice for segment in spoken] == [None] * 3

    def test_a_voice_ordered_by_the_text_wins(self):
        spoken = segments("[voice: ben]“Go.”[/voice] “No.”", obeys_markup=True, dialogue_voice="ada")
        assert [segment.voice for segment in spoken] == ["ben", "ada"]

    def test_the_voice_must_exist(self):
        with pytest.raises(UsageError, match="no voice 'eve'"):
            segments("“Go.”", dialogue_voice="eve")


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
