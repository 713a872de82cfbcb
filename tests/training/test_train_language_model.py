"""Examples of the language model, and a run that leaves a usable checkpoint."""

import random

import pytest
import torch
from safetensors.torch import save_file

from cosycli.model.language_model import NOT_LEARNED, LanguageModel, Table
from cosycli.model.profile import LanguageModelProfile
from cosycli.model.qwen2 import BackboneConfig
from cosycli.model.text_tokenizer import TextTokenizer
from cosycli.training.corpus import Utterance, open_corpus, shard_names
from cosycli.training.language_model import (
    Example,
    backbone_config,
    draw_layout,
    make_optimizers,
    pad,
    rate_factor,
    read_examples,
    speech_loss,
    train_language_model,
)
from cosycli.training.text_vocabulary import write_text_vocabulary

PROFILE = LanguageModelProfile(num_codes=20, text_chunk=12)


@pytest.fixture
def tokenizer(tmp_path):
    write_text_vocabulary(tmp_path / "text")
    return TextTokenizer.load(tmp_path / "text")


@pytest.fixture
def tokens_folder(corpus_folder, tmp_path):
    for name in shard_names(corpus_folder):
        corpus = open_corpus(corpus_folder, [name])
        counts = [corpus[i].num_tokens for i in range(len(corpus))]
        tokens = (torch.arange(sum(counts)) % 20).to(torch.int16)
        offsets = torch.tensor([0, *counts]).cumsum(0)
        save_file(
            {"tokens": tokens, "offsets": offsets, "embeddings": torch.zeros(len(corpus), 192)},
            tmp_path / f"{name}.safetensors",
        )
    return tmp_path


def example(text, label="[DH][AH0].", speaker="heart", rate=1.0, language="en"):
    return Example(Utterance(text, label, language, speaker, rate, 0, 12000), list(range(12)))


def drawn(given, tokenizer, before=None, count=300):
    draw = random.Random(0)
    return [text_of(draw_layout(given, before, tokenizer, PROFILE, draw)) for _ in range(count)]


def text_of(layout):
    return [token for table, token in zip(layout.tables, layout.ids, strict=True) if table == Table.TEXT]


def test_every_utterance_is_an_example_with_its_tokens(corpus_folder, tokens_folder):
    examples = read_examples(corpus_folder, tokens_folder)
    assert {example.utterance.speaker for example in examples} == {"heart", "af_sarah"}
    assert all(len(example.speech) == example.utterance.num_tokens for example in examples)


def test_english_is_read_as_it_was_said_as_the_dictionary_spells_it_and_in_letters(tokenizer):
    sequences = drawn(example("A cat sat.", label="[EY1] [K][AE1][T] [S][AE1][T]."), tokenizer)
    said = tokenizer.encode("[EY1] [K][AE1][T] [S][AE1][T].", instruction="Speaker heart")
    spelled = tokenizer.encode("[AH0] [K][AE1][T] [S][AE1][T].", instruction="Speaker heart")
    letters = tokenizer.encode("A cat sat.", instruction="Speaker heart")
    assert 0.3 <= sequences.count(said) / 300 <= 0.5
    assert 0.4 <= sequences.count(spelled) / 300 <= 0.6
    assert letters in sequences
    assert len({tuple(ids) for ids in sequences}) == 9  # as said, and each of the three words either way


def test_mandarin_is_read_as_pinyin(tokenizer):
    sequences = drawn(example("银行。", label="[y][ín][h][áng]。", speaker="zf_xiaoxiao", language="zh"), tokenizer)
    wanted = tokenizer.encode("[y][ín][h][áng]。", instruction="Speaker xiaoxiao")
    assert {tuple(ids) for ids in sequences} == {tuple(wanted)}


def test_a_rate_is_told_by_name_and_other_speakers_are_not_named(tokenizer):
    label = "[DH][AH0]."
    fast = drawn(example("The.", label, rate=1.6), tokenizer)
    assert tokenizer.encode(label, instruction="Speaker heart, very fast") in fast
    assert tokenizer.encode(label) in drawn(example("The.", label, speaker="af_sarah"), tokenizer)


def test_a_nameless_utterance_may_follow_another_of_its_speaker(tokenizer):
    before = example("A.", label="[EY1].", speaker="af_sarah")
    sequences = drawn(example("The.", "[DH][AH0].", speaker="af_sarah"), tokenizer, before)
    assert tokenizer.encode("[EY1].[DH][AH0].") in sequences


def test_padding_is_not_learned(tokenizer):
    draw = random.Random(1)
    layouts = [draw_layout(example(text), None, tokenizer, PROFILE, draw) for text in ("No.", "A long long way.")]
    batch = pad(layouts)
    assert batch.ids.shape == batch.tables.shape == batch.targets.shape
    assert (batch.targets[0, len(layouts[0].ids) :] == NOT_LEARNED).all()
    assert (batch.targets >= 0).sum() == sum(sum(t >= 0 for t in layout.targets) for layout in layouts)


def test_a_few_steps_lower_the_loss(tokenizer):
    torch.manual_seed(0)
    sizes = {"vocab_size": tokenizer.num_tokens, "hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 1}
    model = LanguageModel(PROFILE, BackboneConfig(**sizes, num_attention_heads=2, num_key_value_heads=1))
    optimizers = make_optimizers(model)
    batch = pad([draw_layout(example("A cat sat."), None, tokenizer, PROFILE, random.Random(2))])
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


def test_a_run_leaves_averaged_weights_that_load(corpus_folder, tokens_folder, tmp_path):
    train_language_model(corpus_folder, tokens_folder, tmp_path / "run", minutes=0, profile=PROFILE)
    saved = torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)
    tokenizer = TextTokenizer.load(tmp_path / "run" / "text")
    LanguageModel(PROFILE, backbone_config(tokenizer.num_tokens)).load_state_dict(saved["average"])
