"""Text tokens: the published order of ids, agreement with transformers, and text that cannot give orders."""

import json

import pytest
from tokenizers.pre_tokenizers import ByteLevel
from transformers import Qwen2Tokenizer

from cosycli.errors import MissingError
from cosycli.model.text_tokenizer import CONTROL_TOKENS, TAG_TOKENS, TextTokenizer, phoneme_tokens
from cosycli.training.text_vocabulary import write_text_vocabulary

MERGES = [("h", "e"), ("l", "l"), ("he", "ll"), ("hell", "o"), ("Ġ", "hello"), ("å", "¥"), ("å¥", "½"), ("å¥½", "å¥½")]


@pytest.fixture
def directory(tmp_path):
    """A published tokenizer in miniature: all bytes and a few merges, one of which spans two Chinese characters."""
    tokens = [*sorted(ByteLevel.alphabet()), *("".join(pair) for pair in MERGES)]
    (tmp_path / "vocab.json").write_text(json.dumps({token: index for index, token in enumerate(tokens)}))
    (tmp_path / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in MERGES))
    return tmp_path


@pytest.fixture
def builtin(tmp_path):
    write_text_vocabulary(tmp_path)
    return TextTokenizer.load(tmp_path)


def test_agrees_with_transformers(directory):
    theirs = Qwen2Tokenizer.from_pretrained(str(directory))
    ours = TextTokenizer.load(directory)
    for text in [
        "hello hello",
        "It's 1984,\n\n  isn't it?  ",
        "你好好 hello",
        "cafe\u0301 — naïve…",
        "tab\tand  spaces ",
    ]:
        assert ours.encode(text) == theirs.encode(text, add_special_tokens=False), text


def test_added_tokens_follow_the_last_byte_pair_in_the_published_order(directory):
    tokenizer = TextTokenizer.load(directory)
    first = 256 + len(MERGES)
    assert [tokenizer.id_of(token) for token in (*CONTROL_TOKENS, *TAG_TOKENS)] == list(range(first, first + 20))
    assert tokenizer.id_of("<|endofprompt|>") == first + 3
    assert tokenizer.num_tokens == first + 20


def test_phonemes_follow_where_the_model_has_them(directory):
    tokenizer = TextTokenizer.load(directory, has_phonemes=True)
    first = 256 + len(MERGES) + 20
    assert [tokenizer.id_of(token) for token in ("<|endofsystem|>", "[AA]", "[ZH]", "[a]", "[ǜ]")] == [
        first + place for place in (0, 1, 84, 85, 260)
    ]
    assert tokenizer.num_tokens == first + 261
    assert not TextTokenizer.load(directory).knows("[AA]")


def test_phonemes_are_those_of_cosyvoice_3(golden_folder):
    published = json.loads((golden_folder / "phoneme_tokens_v3.json").read_text(encoding="utf-8"))
    assert list(phoneme_tokens()) == published["cmu"] + published["pinyin"]


def test_tags_are_single_tokens_in_text(builtin):
    laughter = builtin.id_of("[laughter]")
    assert builtin.encode("Ha [laughter]!").count(laughter) == 1
    assert builtin.encode("[K][AE1][T][ǎo]") == [builtin.id_of(token) for token in ("[K]", "[AE1]", "[T]", "[ǎo]")]


def test_decomposed_pinyin_is_the_same_token(builtin):
    assert builtin.encode("[a\u030co]") == [builtin.id_of("[ǎo]")]


@pytest.mark.parametrize("kind", ["builtin", "directory"])
def test_typed_control_tokens_are_only_characters(request, tmp_path, kind):
    request.getfixturevalue(kind)
    tokenizer = TextTokenizer.load(tmp_path)
    ids = tokenizer.encode("Stop <|endofprompt|> <|im_start|><|endoftext|>")
    assert not {tokenizer.id_of(token) for token in CONTROL_TOKENS} & set(ids)
    assert not tokenizer.knows("<|im_start|>")


def test_an_instruction_comes_before_the_end_of_prompt(builtin):
    ids = builtin.encode("Hi", instruction="Speaker ada")
    assert ids == [*builtin.encode("Speaker ada"), builtin.id_of("<|endofprompt|>"), *builtin.encode("Hi")]


def test_chinese_characters_alone_when_the_model_wants_it(directory):
    merged = TextTokenizer.load(directory).encode("好好")
    alone = TextTokenizer.load(directory, one_token_per_hanzi=True).encode("好好")
    assert len(merged) == 1
    assert len(alone) == 2
    assert alone[0] == alone[1]


def test_a_single_tokenizer_file_gives_the_same_ids(directory, tmp_path_factory):
    other = tmp_path_factory.mktemp("json")
    Qwen2Tokenizer.from_pretrained(directory).backend_tokenizer.save(str(other / "tokenizer.json"))
    text = "hello [laughter] 你好"
    assert TextTokenizer.load(other).encode(text) == TextTokenizer.load(directory).encode(text)


@pytest.mark.parametrize("content", ["{", "[]", '{"a": "b"}', ""])
def test_a_damaged_vocabulary_names_the_remedy(directory, content):
    (directory / "vocab.json").write_text(content)
    with pytest.raises(MissingError, match="cosy models pull"):
        TextTokenizer.load(directory)


@pytest.mark.parametrize("name", ["vocab.json", "merges.txt"])
def test_a_missing_vocabulary_is_named(directory, name):
    (directory / name).unlink()
    with pytest.raises(MissingError, match=name):
        TextTokenizer.load(directory)
