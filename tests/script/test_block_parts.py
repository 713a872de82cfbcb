"""Parts of a block: what its notation, its lexicon and its quotes say of them, and which of them wins."""

import pytest

from cosycli.documents.book import BlockKind, Book, Chapter, Mark, MarkKind, Metadata
from cosycli.errors import UsageError
from cosycli.script.book_script import read_book_script
from cosycli.script.lexicon import Entry, Lexicon
from tests.script.scripts_of_blocks import CAPABILITIES, block, book, said, said_with, segments


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

    def test_its_words_are_kept_beside_their_sounds(self):
        (segment,) = segments("Weena’s son met Dr. No.", lexicon=self.WEENA)
        assert segment.words == "Weena's son met Doctor nine."

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
