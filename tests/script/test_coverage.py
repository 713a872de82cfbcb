"""Every character of a text is spoken, part of a rewriting, or skipped with a named reason; and nothing crashes."""

import gzip
import json
import random
import string

import pytest

from cosycli.errors import CosyError, InputError
from cosycli.script import Fate, read_script

PIECES = [
    *string.ascii_letters, *"0123456789", *string.punctuation, *"—“”‘’…½²°€£№·é中文。，「」か한Ж٣Ⅷ①㎏℃",
    *" \t\n\r\v\f\x85", "\r\n", "\n\n", "\u2028", "\u2029", "\u3000", "\u200b", "\u200d", "\ufeff", "\u202e",
    "\0", "\x07", "\x1b", "\ud800", "\udfff", "\ue000", "\ufffe", "\u0301", "\u0327", "😀", "👨‍👩‍👧", "★", "ﬁ",
    "עברית", "ไทย", "हिन्दी", "[laughter]", "<strong>", "</strong>", "[style: happy]", "[/style]", "[pause 1s]",
    "read{R EH1 D}", "银行{yin2 hang2}", "Dr. ", "etc. ", "p.m. ", "www.a.com", "a@b.com", "Chapter IV", "$5.50",
    "12kg", "1984", "1/2", "10:30", "NHS", "24. Juli 2013", "z. B. ", "5,50 €", "14h30", "XIXe", "n.º 5", "M. ",
    "1984 г.", "2-й", "III", "«", "»", "9" * 20, "○", "https://a.b/c",
]  # fmt: skip


def check(script):
    """The spans tile the source, and what is skipped holds no letter that was not markup."""
    position = 0
    for span in script.spans:
        assert (span.start, span.end > span.start) == (position, True)
        assert bool(span.reason) == (span.fate is Fate.SKIPPED)
        position = span.end
    assert position == len(script.source)
    assert script.coverage.unaccounted == 0
    for skipped in script.skipped:
        assert skipped.reason == "markup" or not any(map(str.isalpha, skipped.text))
    for segment in script.segments:
        assert any(map(str.isalnum, segment.text))
        assert segment.text.isprintable() or any(ord(char) > 127 for char in segment.text)
    starts = [segment.source[0] for segment in script.segments]
    assert starts == sorted(starts)


def check_or_refuse(text, language):
    """Tags and emptiness may be refused, with a remedy."""
    try:
        script = read_script(text, language=language)
    except CosyError as error:
        return error.hint or pytest.fail(f"no remedy for {text!r}")
    return check(script)


@pytest.mark.parametrize("seed", range(20))
def test_random_texts(seed):
    source = random.Random(seed)
    for _ in range(60):
        text = "".join(source.choices(PIECES, k=source.randint(1, 80)))
        check_or_refuse(text, source.choice(["en", "de", "fr", "es", "it", "ru", "zh", "ja", "pt", "xx"]))


@pytest.mark.parametrize("seed", range(10))
def test_random_characters_of_all_unicode(seed):
    source = random.Random(seed)
    for _ in range(60):
        limit = source.choice([0x250, 0x3000, 0x110000])
        text = "".join(chr(source.randrange(limit)) for _ in range(source.randint(1, 60)))
        check(read_script(f"a{text.translate(dict.fromkeys(map(ord, '[]<>{}')))}"))


def test_sentences_of_real_books(shared):
    with gzip.open(shared / "corpus" / "text" / "train_en.txt.gz", "rt", encoding="utf-8") as file:
        lines = file.readlines()[::40]
    script = read_script("\n\n".join(lines))
    check(script)
    assert {skipped.reason for skipped in script.skipped} <= {"white space", "sign without a spoken form"}


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("pg35-the-time-machine-utf8.txt", "utf-8"),
        ("pg22367-die-verwandlung-latin1.txt", "latin-1"),
        ("aozora-chuki-sample-cp932.txt", "cp932"),
    ],
)
def test_real_books(shared, name, encoding):
    check(read_script((shared / "corpus" / "text" / name).read_bytes().decode(encoding)))


@pytest.mark.parametrize("name", ["normalization/nemo_en", "normalization/nemo_ja", "sentences/golden_rules"])
def test_difficult_sentences(shared, name):
    cases = json.loads((shared / "corpus" / f"{name}.json").read_text())["cases"]
    for case in cases:
        check_or_refuse(case["input"], case["language"])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a\0b", "control character"),
        ("\ufeffab", "invisible formatting character"),
        ("a\u200bb", "invisible formatting character"),
        ("ab\ud800", "half of a character (lone surrogate)"),
        ("ab 😀", "emoji or pictogram"),
        ("ab\ue000", "private character"),
        ("ab" + "=" * 40, "repeated punctuation"),
        ("ab\n\n***", "punctuation without words"),
        ("*ab*", "sign without a spoken form"),
        ("[pause 1s] ab", "markup"),
    ],
)
def test_what_is_skipped_has_a_named_reason(text, reason):
    script = read_script(text)
    assert reason in {skipped.reason for skipped in script.skipped}
    assert script.coverage.unaccounted == 0


@pytest.mark.parametrize(
    "text", ["", " \n\t ", "\ufeff", "?!… — .", "😀👍🏽", "\0\0", "[pause 2s]", "* * *\n\n- - -", "\ud800"]
)
def test_nothing_to_say(text):
    with pytest.raises(InputError, match=r"^The text ") as caught:
        read_script(text)
    assert "cosy speak" in caught.value.hint
    str(caught.value).encode()


@pytest.mark.parametrize("text", ["שלום עולם", "مرحبا", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢", "x", "é", "1", "٣"])
def test_the_smallest_and_strangest_texts_are_spoken(text):
    check(read_script(text))
