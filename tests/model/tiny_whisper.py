"""A folder laid out as openai/whisper-small is published, with few weights."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers.pre_tokenizers import ByteLevel
from transformers import (
    GenerationConfig,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
    WhisperProcessor,
    WhisperTokenizer,
)

CONTROL = ("<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|zh|>", "<|transcribe|>", "<|notimestamps|>")


def write_tiny_whisper(folder: Path) -> None:
    """Writes one that knows English and Chinese, and hears up to ten random letters."""
    letters = {letter: number for number, letter in enumerate(sorted(ByteLevel.alphabet())[:94])}  # those of ASCII
    tokenizer = WhisperTokenizer(vocab=letters, merges=[])
    tokenizer.add_tokens(list(CONTROL), special_tokens=True)
    ids = dict(zip(CONTROL, tokenizer.convert_tokens_to_ids(CONTROL), strict=True))
    end, start = ids["<|endoftext|>"], ids["<|startoftranscript|>"]
    layers = dict.fromkeys(("encoder_layers", "decoder_layers"), 1)
    heads = dict.fromkeys(("encoder_attention_heads", "decoder_attention_heads"), 2)
    widths = dict.fromkeys(("d_model", "encoder_ffn_dim", "decoder_ffn_dim"), 16)
    marks = {"bos_token_id": end, "eos_token_id": end, "pad_token_id": end, "decoder_start_token_id": start}
    lengths = {"max_target_positions": 16, "vocab_size": len(tokenizer)}
    torch.manual_seed(0)
    model = WhisperForConditionalGeneration(
        WhisperConfig(**layers, **heads, **widths, **marks, **lengths, init_std=1.0)
    )
    model.generation_config = GenerationConfig(
        **marks,
        max_length=14,
        is_multilingual=True,
        lang_to_id={name: ids[name] for name in ("<|en|>", "<|zh|>")},
        task_to_id={"transcribe": ids["<|transcribe|>"]},
        no_timestamps_token_id=ids["<|notimestamps|>"],
    )
    model.save_pretrained(folder)
    WhisperProcessor(WhisperFeatureExtractor(), tokenizer).save_pretrained(folder)
