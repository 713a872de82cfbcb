"""The built-in model's text vocabulary: the 256 bytes without any merges, then tags and phonemes."""

from __future__ import annotations

import json
from pathlib import Path

from tokenizers.pre_tokenizers import ByteLevel

from cosycli.model.text_tokenizer import CONTROL_TOKENS, TAG_TOKENS, phoneme_tokens


def write_text_vocabulary(directory: Path) -> int:
    """Writes `vocab.json`, `merges.txt` and `added_tokens.json`; returns the number of tokens."""
    directory.mkdir(parents=True, exist_ok=True)
    vocabulary = {letter: index for index, letter in enumerate(sorted(ByteLevel.alphabet()))}
    names = (*CONTROL_TOKENS, *TAG_TOKENS, *phoneme_tokens())
    added = {name: len(vocabulary) + index for index, name in enumerate(names)}
    (directory / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
    (directory / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    (directory / "added_tokens.json").write_text(json.dumps(added, ensure_ascii=False), encoding="utf-8")
    return len(vocabulary) + len(added)
