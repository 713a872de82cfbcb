"""Which words of a book are suggested for its lexicon."""

import re

from cosycli.documents.book import Block, BlockKind, Book, Chapter, Metadata
from cosycli.script.lexicon_files import parse_yaml
from cosycli.script.suggestion import SuggestionKind, lexicon_of, suggest


def suggestions(*paragraphs, language="en"):
    blocks = tuple(Block(BlockKind.PARAGRAPH, text) for text in paragraphs)
    book = Book(Metadata(language=language), (Chapter("One", 1, blocks),), sum(map(len, paragraphs)))
    return suggest(book)


def of_kind(kind, *paragraphs, language="en"):
    return [item.word for item in suggestions(*paragraphs, language=language) if item.kind is kind]


def test_a_name_that_no_dictionary_has_is_guessed():
    (weena,) = suggestions("I saw that Weena slept. Weena’s hand was cold; I called her Weena.")
    assert (weena.word, weena.kind, weena.count, weena.say) == ("Weena", SuggestionKind.NAME, 3, "W IY1 N AH0")
    assert "saw that Weena slept" in weena.context


def test_a_capital_at_the_start_of_a_sentence_makes_no_name():
    text = "Clambering up, he fell. “Clambering again?” she asked, and he was clambering."
    assert of_kind(SuggestionKind.WORD, text) == ["Clambering"]
    assert of_kind(SuggestionKind.NAME, text) == []


def test_names_that_the_dictionary_has_come_with_its_pronunciation():
    (london,) = suggestions("They went to London by train.")
    assert (london.word, london.kind, london.say) == ("London", SuggestionKind.KNOWN_NAME, "L AH1 N D AH0 N")


def test_the_plural_of_a_known_word_sounds_like_it():
    (greeneries,) = suggestions("We saw the Morlocks there.")
    assert greeneries.say == "M AO1 R L AH0 K S"


def test_acronyms_are_spelled():
    (acronym,) = suggestions("The UTF is one of them.")
    assert (acronym.kind, acronym.say) == (SuggestionKind.ACRONYM, "Y UW1 T IY1 EH1 F")


def test_headings_and_numerals_in_capitals_are_no_acronyms():
    assert suggestions("CHAPTER XIV", "THE QUORL", "He shut the book at page XIV.") == suggestions("THE QUORL")
    assert of_kind(SuggestionKind.ACRONYM, "THE QUORL") == []


def test_what_is_met_oftenest_comes_first():
    text = "There was Filbert Quorl, and Wurple, and Wurple again."
    assert of_kind(SuggestionKind.NAME, text) == ["Wurple", "Quorl"]


def test_rare_characters_have_a_reading():
    (char,) = suggestions("顏斶說齊王。", language="zh")
    assert (char.word, char.kind, char.say) == ("斶", SuggestionKind.RARE, "chù")


def test_characters_that_phrases_read_in_two_ways_are_named_with_both():
    (char,) = suggestions("他去银行。", language="zh")
    assert (char.word, char.kind, char.say) == ("行", SuggestionKind.POLYPHONE, "xíng or háng")


def test_english_names_in_chinese_are_found():
    assert of_kind(SuggestionKind.NAME, "他和Weena去了。", language="zh") == ["Weena"]


def test_other_languages_are_not_judged():
    assert suggestions("Als Gregor Samsa eines Morgens erwachte", language="de") == []
    assert suggestions("行きます", language="ja") == []


def test_the_lexicon_counts_once_its_comment_signs_are_removed():
    found = suggestions("I saw that Weena slept near the greenish Quorl, in London.", "他和Weena去斶。")
    text = lexicon_of(found, "A Book")
    assert parse_yaml(text, "names.yaml").entries == ()
    uncommented = re.sub(r"(?m)^# (?=\S+: .* # \d+ ×)", "", text)
    assert {entry.word for entry in parse_yaml(uncommented, "names.yaml").entries} == {item.word for item in found}


def test_names_of_a_novel(shared):
    text = (shared / "corpus/text/pg35-the-time-machine-utf8.txt").read_text(encoding="utf-8")
    names = of_kind(SuggestionKind.NAME, *(" ".join(paragraph.split()) for paragraph in text.split("\n\n")))
    assert names[:2] == ["Weena", "Morlocks"]
    assert {"Eloi", "Banstead", "Linnæan"} <= set(names)
