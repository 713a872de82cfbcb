"""CosyVoice 1's text tokens: merged by rank as tiktoken does, and refused by name where the vocabulary is not there."""

from __future__ import annotations

import base64
import importlib
from itertools import pairwise
from pathlib import Path

import pytest

from cosycli.errors import MissingError
from cosycli.model.text_tokenizer import load_whisper_tokenizer
from tests.model.tiny_model_v1 import MERGED, NUM_TEXT_IDS, write_vocabulary

RANKS = {token: rank for rank, token in enumerate([*(bytes([byte]) for byte in range(256)), *MERGED])}


def merged_by_rank(word: bytes) -> list[int]:
    """Byte pairs as tiktoken merges them: again and again the pair whose joint token has the lowest rank."""
    parts = [bytes([byte]) for byte in word]
    while True:
        pairs = [(RANKS[a + b], place) for place, (a, b) in enumerate(pairwise(parts)) if a + b in RANKS]
        if not pairs:
            return [RANKS[part] for part in parts]
        place = min(pairs)[1]
        parts[place : place + 2] = [parts[place] + parts[place + 1]]


@pytest.mark.parametrize(
    "words",
    [["hello"], ["hello", " hello"], ["the", " cat", " hears", " the", " hellish", " heat"], ["你好你好"], ["12345"]],
    ids=" ".join,
)
def test_text_is_merged_by_rank(tmp_path: Path, words: list[str]) -> None:
    write_vocabulary(tmp_path)
    tokenizer = load_whisper_tokenizer(tmp_path, NUM_TEXT_IDS)
    assert tokenizer.encode("".join(words)) == [rank for word in words for rank in merged_by_rank(word.encode())]


def test_text_is_read_as_it_is_composed(tmp_path: Path) -> None:
    write_vocabulary(tmp_path)
    tokenizer = load_whisper_tokenizer(tmp_path, NUM_TEXT_IDS)
    assert tokenizer.encode("caf\u00e9") == [*merged_by_rank(b"caf"), 0xC3, 0xA9]
    assert tokenizer.encode("cafe\u0301") == [*merged_by_rank(b"cafe"), 0xCC, 0x81]


def test_language_tags_follow_the_last_rank_in_whispers_order(tmp_path: Path) -> None:
    write_vocabulary(tmp_path)
    tokenizer = load_whisper_tokenizer(tmp_path, NUM_TEXT_IDS)
    first = len(RANKS) + 2
    ids = [tokenizer.id_of(f"<|{language}|>") for language in ("en", "zh", "ko", "ja", "yue")]
    assert ids == [first, first + 1, first + 5, first + 7, first + 99]


def test_a_tag_that_is_typed_is_spelled_out(tmp_path: Path) -> None:
    write_vocabulary(tmp_path)
    tokenizer = load_whisper_tokenizer(tmp_path, NUM_TEXT_IDS)
    assert max(tokenizer.encode("<|en|>hello")) < len(RANKS)


def test_the_end_of_an_instruction_is_spelled_out(tmp_path: Path) -> None:
    write_vocabulary(tmp_path)
    tokenizer = load_whisper_tokenizer(tmp_path, NUM_TEXT_IDS)
    told = tokenizer.encode("hello", instruction="Speak, hare!")
    assert told == [*tokenizer.encode("Speak, hare!<|endofprompt|>"), *tokenizer.encode("hello")]


def test_the_vocabulary_of_an_installed_whisper_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "packages" / "whisper"
    (package / "assets").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    write_vocabulary(package / "assets")
    monkeypatch.syspath_prepend(package.parent)
    importlib.invalidate_caches()
    assert load_whisper_tokenizer(tmp_path, NUM_TEXT_IDS).encode("hello") == [RANKS[b"hello"]]


def test_a_missing_vocabulary_says_where_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cosycli.model.text_tokenizer.find_spec", lambda _name: None)
    with pytest.raises(MissingError, match="published without one") as caught:
        load_whisper_tokenizer(tmp_path, NUM_TEXT_IDS)
    assert "multilingual.tiktoken" in str(caught.value.hint)
    assert "pip install openai-whisper" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"aGVsbG8=", "cannot be read"),
        (b"!!!!! 0", "not a complete vocabulary|cannot be read"),
        (base64.b64encode(b"hello") + b" 0", "not a complete vocabulary"),
        ("höllo 0".encode(), "cannot be read"),
    ],
)
def test_a_damaged_vocabulary_is_refused(tmp_path: Path, content: bytes, complaint: str) -> None:
    (tmp_path / "multilingual.tiktoken").write_bytes(content)
    with pytest.raises(MissingError, match=complaint):
        load_whisper_tokenizer(tmp_path, NUM_TEXT_IDS)


def test_a_vocabulary_of_another_model_is_refused(tmp_path: Path) -> None:
    write_vocabulary(tmp_path)
    with pytest.raises(MissingError, match="too many for a model of 300 ids"):
        load_whisper_tokenizer(tmp_path, 300)
