"""Lessons of the language model, and a run that leaves a usable checkpoint."""

import json
import random
from dataclasses import asdict

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from cosycli.model.language_model import NOT_LEARNED, LanguageModel, Table
from cosycli.model.profile import LanguageModelProfile
from cosycli.model.qwen2 import BackboneConfig
from cosycli.model.text_tokenizer import TextTokenizer
from cosycli.training.corpus import Utterance, open_corpus
from cosycli.training.language_model import (
    Lesson,
    backbone_config,
    draw_layout,
    make_optimizers,
    pad,
    rate_factor,
    read_lessons,
    speech_loss,
    train_language_model,
)
from cosycli.training.text_vocabulary import write_text_vocabulary

PROFILE = LanguageModelProfile(num_codes=20, text_chunk=12)
TEXTS = ["A cat sat.", "Chapter 7.", "No qwrtzxy here!"]


@pytest.fixture
def tokenizer(tmp_path):
    write_text_vocabulary(tmp_path / "text")
    return TextTokenizer.load(tmp_path / "text")


@pytest.fixture
def corpus_folder(tmp_path):
    """Three utterances of half a second, silent."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    utterances = [Utterance(text, "slt", 12000 * index, 12000) for index, text in enumerate(TEXTS)]
    (folder / "shard-0000.json").write_text(json.dumps([asdict(utterance) for utterance in utterances]))
    (folder / "shard-0000.pcm").write_bytes(np.zeros(36000, np.int16).tobytes())
    (folder / "shard-0000.mel").touch()
    return folder


@pytest.fixture
def tokens_path(tmp_path):
    tokens = (torch.arange(36) % 20).to(torch.int16)
    save_file({"tokens": tokens, "offsets": torch.tensor([0, 12, 24, 36])}, tmp_path / "tokens.safetensors")
    return tmp_path / "tokens.safetensors"


def lesson(text):
    return Lesson(Utterance(text, "slt", 0, 12000), list(range(12)))


def text_of(layout):
    return [token for table, token in zip(layout.tables, layout.ids, strict=True) if table == Table.TEXT]


def test_texts_with_digits_are_left_out(corpus_folder, tokens_path):
    lessons = read_lessons(open_corpus(corpus_folder), tokens_path)
    assert [lesson.utterance.text for lesson in lessons] == [TEXTS[0], TEXTS[2]]
    assert lessons[1].speech == [i % 20 for i in range(24, 36)]


def test_words_are_spelled_in_about_half_of_the_lessons_and_mixed_in_the_rest(tokenizer):
    draw = random.Random(0)
    in_phones = tokenizer.encode("[AH0] [K][AE1][T] [S][AE1][T].", instruction="Speaker slt")
    in_letters = tokenizer.encode("A cat sat.", instruction="Speaker slt")
    drawn = [text_of(draw_layout(lesson("A cat sat."), tokenizer, PROFILE, draw)) for _ in range(300)]
    assert 0.5 <= drawn.count(in_phones) / 300 <= 0.75
    assert in_letters in drawn
    assert len({tuple(ids) for ids in drawn}) == 8  # each of the three words either way


def test_padding_is_not_learned(tokenizer):
    draw = random.Random(1)
    layouts = [draw_layout(lesson(text), tokenizer, PROFILE, draw) for text in ("No.", "A long long way.")]
    batch = pad(layouts)
    assert batch.ids.shape == batch.tables.shape == batch.targets.shape
    assert (batch.targets[0, len(layouts[0].ids) :] == NOT_LEARNED).all()
    assert (batch.targets >= 0).sum() == sum(sum(t >= 0 for t in layout.targets) for layout in layouts)


def test_a_few_steps_lower_the_loss(tokenizer):
    torch.manual_seed(0)
    sizes = {"vocab_size": tokenizer.num_tokens, "hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 1}
    model = LanguageModel(PROFILE, BackboneConfig(**sizes, num_attention_heads=2, num_key_value_heads=1))
    optimizers = make_optimizers(model)
    batch = pad([draw_layout(lesson("A cat sat."), tokenizer, PROFILE, random.Random(2))])
    losses = []
    for _ in range(12):
        loss = speech_loss(model, batch)
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]


def test_the_learning_rate_warms_up_holds_and_falls_to_zero():
    assert rate_factor(0, 0.0) < 0.05
    assert rate_factor(1000, 0.3) == 1.0
    assert rate_factor(9000, 1.0) == 0.0


def test_a_run_leaves_averaged_weights_that_load(corpus_folder, tokens_path, tmp_path):
    train_language_model(corpus_folder, tokens_path, tmp_path / "run", minutes=0, profile=PROFILE)
    saved = torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)
    tokenizer = TextTokenizer.load(tmp_path / "run" / "text")
    LanguageModel(PROFILE, backbone_config(tokenizer.num_tokens)).load_state_dict(saved["average"])
