"""`cosy lexicon`."""

import json
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def write(text, name="names.yaml"):
    Path(name).write_text(text, encoding="utf-8")
    return name


def test_check_says_what_the_model_is_told(cosy):
    ended = cosy("lexicon", "check", write("Weena: W IY1 N AH0\nW3C: {alias: the web people}"))
    assert ended.status == 0
    assert ended.out.decode().splitlines() == [
        "exact        Weena: [W][IY1][N][AH0]",
        "exact        W3C: the web people",
    ]


@pytest.mark.parametrize(
    ("model", "fits"),
    [
        ("fun-cosyvoice3-0.5b-2512", ["exact        Weena: [W][IY1][N][AH0]", "exact        银行: [y][ín][h][áng]"]),
        ("cosyvoice2-0.5b", ["approximate  Weena: weenuh", "approximate  银行: 银航"]),
        ("cosyvoice-300m", ["approximate  Weena: weenuh", "approximate  银行: 银航"]),
    ],
)
def test_check_tells_for_any_published_model_here_or_not(cosy, model, fits):
    ended = cosy("lexicon", "check", write("Weena: W IY1 N AH0\n银行: yínháng"), "--model", model)
    assert ended.status == 0
    assert ended.out.decode().splitlines() == fits


def test_check_says_that_a_lexicon_has_no_entries(cosy):
    ended = cosy("lexicon", "check", write("# Weena: W IY1 N AH0"))
    assert ended.status == 0
    assert ended.out.decode() == "names.yaml has no entries.\n"


def test_check_as_json(cosy):
    ended = cosy("lexicon", "check", write("Weena: W IY1 N AH0"), "--json")
    assert json.loads(ended.out) == {
        "model": "builtin",
        "entries": [{"word": "Weena", "fit": "exact", "told": "[W][IY1][N][AH0]"}],
        "warnings": [],
    }


def test_check_names_the_line_of_a_mistake(cosy):
    ended = cosy("lexicon", "check", write("Weena: W IY1 N AH0\nEloi: eeloy"))
    assert ended.status == 3
    assert "names.yaml, line 2: 'eeloy' is not a pronunciation of 'Eloi'" in ended.err


@pytest.mark.parametrize(("entry", "model"), [("欸: ěi", "cosyvoice2-0.5b"), ("银行: yínháng", "builtin")])
def test_check_tells_what_the_model_cannot_say(cosy, entry, model):
    ended = cosy("lexicon", "check", write(entry), "--model", model)
    assert ended.status == 3
    assert ended.out.decode().startswith(f"impossible   {entry[0]}")
    assert f"The model {model} cannot pronounce {entry.partition(':')[0]} as" in ended.err


def test_check_reads_pls_and_warns_of_what_it_leaves_out(cosy):
    namespace = "http://www.w3.org/2005/01/pronunciation-lexicon"
    lexemes = (
        "<lexeme><grapheme>Weena</grapheme><phoneme>ˈwiːnə</phoneme></lexeme>"
        "<lexeme><grapheme>tu</grapheme><phoneme>ty</phoneme></lexeme>"
    )
    ended = cosy("lexicon", "check", write(f'<lexicon xmlns="{namespace}">{lexemes}</lexicon>', "names.pls"))
    assert ended.status == 0
    assert ended.out.decode() == "exact        Weena: [W][IY1][N][AH0]\n"
    assert "Warning: names.pls, line 1: 'tu' is ignored" in ended.err


def test_check_knows_its_models(cosy):
    ended = cosy("lexicon", "check", write("Weena: W IY1 N AH0"), "--model", "absent")
    assert ended.status == 4


def test_lookup_tells_sounds_and_what_the_model_is_told(cosy):
    ended = cosy("lexicon", "lookup", "read", "Weena", "银行", "Ж")
    assert ended.out.decode().splitlines() == [
        "read: R EH1 D | R IY1 D  (CMU dictionary)",
        "  builtin            [R][EH1][D]",
        "Weena: W IY1 N AH0  (guess)",
        "  builtin            [W][IY1][N][AH0]",
        "银行: yín háng  (pypinyin)",
        "  builtin            银航",
        "Ж: -  (unknown)",
    ]


def test_lookup_as_json(cosy):
    (read,) = json.loads(cosy("lexicon", "lookup", "read", "--json").out)
    assert read["ways"] == ["R EH1 D", "R IY1 D"]
    assert read["told"] == {"builtin": "[R][EH1][D]"}


@pytest.mark.parametrize("name", ["book.txt", "book.md"])
def test_suggestions_become_a_lexicon(cosy, name):
    write("I saw that Weena slept, and I saw Weena wake.", name)
    ended = cosy("lexicon", "suggest", name, "-o", "names.yaml")
    assert ended.status == 0
    assert ended.out == b""
    assert "Suggestions in names.yaml: 1." in ended.err
    text = Path("names.yaml").read_text(encoding="utf-8")
    assert "# Weena: W IY1 N AH0" in text
    write(text.replace("# Weena", "Weena"))
    assert cosy("lexicon", "check", "names.yaml").out.startswith(b"exact        Weena")


def test_suggestions_through_a_pipe(cosy):
    ended = cosy("lexicon", "suggest", "-", stdin=b"I saw that Weena slept.")
    assert ended.status == 0
    assert b"# Weena: W IY1 N AH0" in ended.out


def test_a_book_that_is_not_there(cosy):
    ended = cosy("lexicon", "suggest", "absent.epub")
    assert ended.status == 3
    assert "absent.epub" in ended.err


def test_the_example_is_exact(cosy):
    ended = cosy("lexicon", "check", EXAMPLES / "names.yaml")
    assert ended.status == 0
    assert all(line.startswith("exact") for line in ended.out.decode().splitlines())
