"""Lexicon files: what they say of words, and their mistakes."""

import pytest

from cosycli.errors import InputError
from cosycli.script.lexicon_files import parse_pls, parse_yaml, read_lexicon


def lexicon(text):
    return parse_yaml(text, "names.yaml")


def said(text, entries, language="en"):
    """What is said for which characters of `text`."""
    found = list(lexicon(entries).find(text, language))
    return {
        text[item.start : item.end]: item.entry.alias or " ".join(token.strip("[]") for token in item.entry.tokens)
        for item in found
    }


@pytest.mark.parametrize(
    ("written", "sounds"),
    [
        ("W IY1 N AH0", "W IY1 N AH0"),
        ("W IY N AH", "W IY N AH"),
        ("/ˈwiːnə/", "W IY1 N AH0"),
        ("{say: W IY1 N AH0}", "W IY1 N AH0"),
        ("{alias: the little one}", "the little one"),
    ],
)
def test_ways_to_say_a_name(written, sounds):
    assert said("I slept, and Weena woke me.", f"Weena: {written}") == {"Weena": sounds}


@pytest.mark.parametrize("written", ["yin2 hang2", "yin2hang2", "yín háng", "yínháng"])
def test_pinyin_for_chinese_characters(written):
    assert said("他去银行了。", f"银行: {written}", "zh") == {"银行": "y ín h áng"}


def test_words_that_yaml_takes_for_other_things():
    assert said("No, the year 1984.", "no: N OW1\n1984: {alias: nineteen eighty-four}") == {
        "No": "N OW1",
        "1984": "nineteen eighty-four",
    }


@pytest.mark.parametrize(
    ("entries", "line", "told"),
    [
        ("Weena: weener", 1, "'weener' is not a pronunciation of 'Weena'"),
        ("Weena: /tyʁ/", 1, "'/tyʁ/' is not a pronunciation"),
        ("Weena: W IY1 N AH0\nEloi:", 2, "`say` is not a text"),
        ("- word: Weena\n  sya: W IY1 N AH0", 2, "Did you mean 'say'?"),
        ("- word: Weena", 1, "needs either `say` or `alias`"),
        ("Weena: {say: W IY1, alias: who}", 1, "needs either `say` or `alias`"),
        ("- say: W IY1 N AH0", 1, "no word"),
        ("'--': W IY1 N AH0", 1, "is not a word"),
        ("- {word: Weena, say: W IY1, case: no}", 1, "Write `case: exact`"),
        ("- {word: Weena, say: W IY1, after: [[a]]}", 1, "`after/before` is not a text"),
        ("银行: yin2", 1, "for each Chinese character a syllable"),
        ("家: jie5", 1, "the nearest is 'jiè'"),
        ("Li: lǐ", 1, "for each Chinese character a syllable"),
        ("Weena: W QQ1", 1, "Phones: AA AE"),
        ("Müller: /myːlɐ/", 1, "a sound that English lacks"),
        ("Weena: W IY1\nEloi: IY1\nWeena: W EH1", 3, "already in line 1"),
        ("Weena", 1, "not a lexicon"),
        ("- Weena", 1, "not an entry"),
        ("Weena: W IY1\nEloi: [", 2, "not valid YAML"),
        ("a: &a {alias: x}\nb: *a", 2, "anchors and aliases are not allowed"),
    ],
)
def test_mistakes_are_named_with_their_line(entries, line, told):
    with pytest.raises(InputError) as error:
        lexicon(entries)
    assert f"names.yaml, line {line}: " in str(error.value)
    assert told in str(error.value)


@pytest.mark.parametrize("entries", ["[" * 5000, "Weena: \x00"])
def test_hostile_yaml_is_refused(entries):
    with pytest.raises(InputError, match="not valid YAML"):
        lexicon(entries)


def pls(lexemes, attributes='alphabet="ipa" xml:lang="en-US"'):
    namespace = 'xmlns="http://www.w3.org/2005/01/pronunciation-lexicon"'
    return f"<lexicon version='1.0' {namespace} {attributes}>{lexemes}</lexicon>".encode()


def spoken(data, text):
    return [" ".join(found.entry.tokens) or found.entry.alias for found in parse_pls(data).find(text, "en")]


def test_a_pls_lexeme_has_graphemes_and_a_sound():
    data = pls("<lexeme><grapheme>Weena</grapheme><grapheme>Wina</grapheme><phoneme>ˈwiːnə</phoneme></lexeme>")
    assert spoken(data, "Weena, Wina") == ["[W] [IY1] [N] [AH0]"] * 2
    assert list(parse_pls(data).find("Weena", "de")) == []


def test_a_pls_lexeme_can_be_an_alias():
    data = pls("<lexeme><grapheme>W3C</grapheme><alias>World Wide Web Consortium</alias></lexeme>")
    assert spoken(data, "the W3C") == ["World Wide Web Consortium"]


@pytest.mark.parametrize(
    ("alphabet", "word", "phoneme", "tokens"),
    [
        ("x-sampa", "jet", "dZEt", "[JH] [EH1] [T]"),
        ("x-cmu", "jet", "JH EH1 T", "[JH] [EH1] [T]"),
        ("x-pinyin", "银行", "yin2 hang2", "[y] [ín] [h] [áng]"),
    ],
)
def test_pls_alphabets(alphabet, word, phoneme, tokens):
    own = f"<lexeme><grapheme>{word}</grapheme><phoneme alphabet='{alphabet}'>{phoneme}</phoneme></lexeme>"
    assert spoken(pls(own), word) == [tokens]
    inherited = f"<lexeme><grapheme>{word}</grapheme><phoneme>{phoneme}</phoneme></lexeme>"
    assert spoken(pls(inherited, f"alphabet='{alphabet}'"), word) == [tokens]


def test_the_preferred_sound_counts_then_the_first():
    ways = "<phoneme>ˈiːðə</phoneme><phoneme {}>ˈaɪðə</phoneme>"
    either = "<lexeme><grapheme>either</grapheme>" + ways + "</lexeme>"
    assert spoken(pls(either.format("")), "either") == ["[IY1] [DH] [AH0]"]
    assert spoken(pls(either.format("prefer='true'")), "either") == ["[AY1] [DH] [AH0]"]


def test_of_lexemes_told_apart_by_role_the_first_counts():
    noun = "<lexeme role='x:noun'><grapheme>refuse</grapheme><phoneme>ˈɹɛfjuːs</phoneme></lexeme>"
    verb = "<lexeme role='x:verb'><grapheme>refuse</grapheme><phoneme>ɹɪˈfjuːz</phoneme></lexeme>"
    assert spoken(pls(noun + verb, "xmlns:x='urn:x'"), "refuse") == ["[R] [EH1] [F] [Y] [UW0] [S]"]


def test_sounds_that_english_lacks_are_told():
    made = parse_pls(pls("<lexeme><grapheme>tu</grapheme><phoneme>ty</phoneme></lexeme>"))
    assert made.entries == ()
    assert "line 1: 'tu' is ignored" in made.warnings[0]


@pytest.mark.parametrize(
    "lexeme",
    [
        "<grapheme>Li</grapheme><phoneme alphabet='x-pinyin'>lǐ</phoneme>",
        "<grapheme>!</grapheme><alias>bang</alias>",
        "<grapheme>Li</grapheme>",
        "<phoneme>liː</phoneme>",
    ],
)
def test_lexemes_that_cannot_be_used_are_told(lexeme):
    made = parse_pls(pls(f"<lexeme>{lexeme}</lexeme>"))
    assert made.entries == ()
    assert len(made.warnings) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<lexicon",
        b"<html/>",
        b"<!DOCTYPE l [<!ENTITY a 'b'>]><lexicon><lexeme><grapheme>&a;</grapheme></lexeme></lexicon>",
        b"<!DOCTYPE l [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><lexicon>&a;</lexicon>",
        b"<lexicon>" * 1000,
    ],
)
def test_broken_and_hostile_pls_is_refused(data):
    with pytest.raises(InputError):
        parse_pls(data)


def test_files_of_either_form_are_read(tmp_path):
    yaml, xml = tmp_path / "names.yaml", tmp_path / "names.pls"
    yaml.write_text("Weena: W IY1 N AH0", encoding="utf-8")
    lexeme = "<lexeme><grapheme>Weena</grapheme><phoneme>ˈwiːnə</phoneme></lexeme>"
    xml.write_bytes(b'\xef\xbb\xbf<?xml version="1.0"?>' + pls(lexeme))
    assert read_lexicon(yaml).entries[0].tokens == read_lexicon(xml).entries[0].tokens
    xml.write_text('<?xml version="1.0" encoding="utf-16"?>' + pls(lexeme).decode(), encoding="utf-16")
    assert read_lexicon(xml).entries[0].word == "Weena"


def test_files_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(InputError, match=r"absent\.yaml cannot be read"):
        read_lexicon(tmp_path / "absent.yaml")
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * (1 << 20) + b"\n")
    with pytest.raises(InputError, match="larger than 1 MB"):
        read_lexicon(large)
