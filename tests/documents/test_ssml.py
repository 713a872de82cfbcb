"""SSML 1.1 as a book."""

import random

import pytest

from cosycli.documents.book import Alphabet, MarkKind
from cosycli.documents.ssml import read_ssml
from cosycli.errors import InputError
from tests.documents.accounts import left_out, marked, texts, unaccounted


def read(inside, attributes='version="1.1" xml:lang="en-US" xmlns="http://www.w3.org/2001/10/synthesis"'):
    book = read_ssml(f'<?xml version="1.0"?>\n<speak {attributes}>{inside}</speak>'.encode(), "talk.ssml")
    assert unaccounted(book) == 0
    return book


def test_paragraphs_and_sentences():
    book = read("<p><s>One.</s><s>Two.</s></p> Between. <p>Three\n  four.</p>")
    assert texts(book) == ["One.\nTwo.", "Between.", "Three four."]
    assert (book.metadata.title, book.metadata.language) == ("talk", "en-US")
    assert not book.obeys_markup


@pytest.mark.parametrize(
    ("inside", "marks"),
    [
        ("<emphasis>so</emphasis>", [("emphasis", "", "so")]),
        ('<emphasis level="none">so</emphasis>', []),
        ('<sub alias="World Wide Web">WWW</sub>', [("alias", "World Wide Web", "WWW")]),
        ('<say-as interpret-as="date" format="ymd">2020</say-as>', [("say-as", "date", "2020")]),
        ('<lang xml:lang="fr-FR">oui</lang>', [("language", "fr", "oui")]),
        ('<voice name="ada ben">Hi</voice>', [("voice", "ada", "Hi")]),
        ('<prosody rate="80%">Hi</prosody>', [("rate", "0.8", "Hi")]),
        ('<prosody rate="fast">Hi</prosody>', [("rate", "1.25", "Hi")]),
        ('<prosody rate="-20%">Hi</prosody>', [("rate", "0.8", "Hi")]),
        ('<prosody rate="1.5">Hi</prosody>', [("rate", "1.5", "Hi")]),
        ("<w>one</w> <token>two</token> <mark name='here'/>", []),
    ],
)
def test_elements_are_marks(inside, marks):
    assert marked(read(f"<p>{inside}</p>")) == marks


@pytest.mark.parametrize(
    ("alphabet", "read_as"),
    [
        ('alphabet="ipa"', Alphabet.IPA),
        ("", Alphabet.IPA),
        ('alphabet="x-sampa"', Alphabet.X_SAMPA),
        ('alphabet="x-cmu"', Alphabet.CMU),
        ('alphabet="x-pinyin"', Alphabet.PINYIN),
    ],
)
def test_alphabets_of_phonemes(alphabet, read_as):
    mark = read(f'<phoneme {alphabet} ph="R EH1 D">read</phoneme>').chapters[0].blocks[0].marks[0]
    assert (mark.kind, mark.value, mark.alphabet) == (MarkKind.PRONUNCIATION, "R EH1 D", read_as)


@pytest.mark.parametrize(
    ("pause", "seconds"),
    [
        ('time="300ms"', "0.3"),
        ('time="1.5s"', "1.5"),
        ('strength="none"', "0"),
        ('strength="x-strong"', "1.6"),
        ("", "0.4"),
    ],
)
def test_pauses(pause, seconds):
    block = read(f"<p>One <break {pause}/> two.</p>").chapters[0].blocks[0]
    assert (block.text, block.marks[0].start, block.marks[0].value) == ("One two.", 3, seconds)


def test_a_pause_between_paragraphs_follows_the_first():
    first, second = read('<p>One.</p><break time="2s"/><p>Two.</p>').chapters[0].blocks
    assert [(mark.kind, mark.start, mark.value) for mark in first.marks] == [(MarkKind.PAUSE, 4, "2")]
    assert second.marks == ()


def test_a_voice_lasts_over_paragraphs():
    assert marked(read('<voice name="ada"><p>One.</p><p>Two.</p></voice>')) == [
        ("voice", "ada", "One."),
        ("voice", "ada", "Two."),
    ]


def test_what_describes_is_left_out_and_what_is_for_silence_is_read():
    book = read("<metadata><title>My talk</title></metadata><audio src='a.wav'><desc>A bell.</desc>Ding!</audio>")
    assert (book.metadata.title, texts(book)) == ("My talk", ["Ding!"])
    assert left_out(book) == {"metadata": 1, "hidden": 1}


@pytest.mark.parametrize(
    ("inside", "warning"),
    [
        ("<sing>La</sing>", "<sing> is not an element of SSML 1.1"),
        ('<prosody pitch="high">La</prosody>', "ignores pitch"),
        ('<prosody rate="brisk">La</prosody>', "'brisk'> is not a rate"),
        ('<lexicon uri="http://a.b/c.pls"/>La', "--lexicon"),
        ('<break time="soon"/>La', "300ms"),
        ('<break time="9999s"/>La', "cut to 60 s"),
        ('<phoneme alphabet="klingon" ph="x">La</phoneme>', "supported are ipa"),
        ('<voice gender="female">La</voice>', "without a name"),
    ],
)
def test_what_is_not_heard_is_warned_of_and_its_words_are_read(inside, warning):
    book = read(inside)
    assert texts(book) == ["La"]
    assert warning in book.warnings[0]


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"<speak>One", "not well-formed"),
        (b"<speak>a & b</speak>", "not well-formed"),
        (b"<html>One</html>", "its root is <html>"),
        (b'<!DOCTYPE speak [<!ENTITY a "b">]><speak>&a;</speak>', "not well-formed"),
        (b"<speak>" + b"<s>" * 10_000 + b"x" + b"</s>" * 10_000 + b"</speak>", "not well-formed"),
    ],
)
def test_what_is_not_ssml_is_refused(data, complaint):
    with pytest.raises(InputError, match=complaint):
        read_ssml(data, "talk.ssml")


def test_a_file_too_large_is_refused(monkeypatch):
    monkeypatch.setattr("cosycli.documents.ssml.MAX_BYTES", 1 << 20)
    with pytest.raises(InputError, match="larger than 1 MB"):
        read_ssml(b"<speak>" + b" " * (1 << 20) + b"</speak>", "talk.ssml")


PIECES = [
    *(
        "<p>One</p>",
        "<s>two</s>",
        "text ",
        "<break/>",
        "<p/>",
        "<foo>x</foo>",
        "<desc>d</desc>",
        "<metadata>m</metadata>",
    ),
    *(
        '<voice name="a"><p>v</p>w</voice>',
        '<sub alias="a"/>',
        "é",
        "e\u0301",
        "&#x301;",
        "&amp;",
        " ",
        "\n",
        "<!-- c -->",
    ),
    *('<prosody rate="2"><p>r</p><break/></prosody>', "\x84", "你好"),
]


def test_any_document_is_accounted_for():
    draw = random.Random(3)
    for _ in range(200):
        read("".join(draw.choice(PIECES) for _ in range(draw.randrange(20))))
