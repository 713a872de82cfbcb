"""Step `language-model`: text in, speech tokens out, trained on both layouts of the CosyVoice 2 paper (section 2.3).

English is read in three ways: the phones that the teacher said, the phones of the dictionary, as when the model is
used, and letters mixed with them. Mandarin is read as pinyin. The shipped voices are called by name, with the rate
where it is not the usual one; other speakers have no name, and two utterances of one of them may stand in a row, as
when a voice is imitated from a clip. Only speech is learned, not text.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

from cosycli.model.language_model import NOT_LEARNED, LanguageModel, Layout, interleaved_layout, whole_text_layout
from cosycli.model.profile import TOKEN_RATE, LanguageModelProfile
from cosycli.model.qwen2 import BackboneConfig
from cosycli.model.text_tokenizer import TextTokenizer
from cosycli.script.pronunciation import spell_words
from cosycli.training.batches import draw_batches
from cosycli.training.casting import NAMES, RATE_NAMES
from cosycli.training.corpus import Utterance
from cosycli.training.run import TrainingRun
from cosycli.training.text_vocabulary import write_text_vocabulary
from cosycli.training.tokenizer import open_tokenized

MAX_POSITIONS = 3000  # padded positions a batch: about 75 s of speech and its text
SAID_SHARE, SPELLED_SHARE = 0.4, 0.4  # of utterances in the teacher's phones, and in the dictionary's
PAIR_SHARE = 0.5  # of nameless utterances that follow another one of their speaker
INTERLEAVED_SHARE = 0.15
MATRIX_RATE = 4e-3  # Muon
VECTOR_RATE = 2e-3  # AdamW: embeddings, norms and biases
WARM_UP_STEPS = 100
COOL_DOWN = 0.4  # last share of the time, in which the learning rate falls to zero
FIRST_MAX_S = 2.5  # a model learns to follow the text on short utterances first ...
GROWN_UP = 0.05  # ... and hears all of them after this share of the time; one that starts from nothing wants 0.12
INITIAL_STD = 0.03  # the narrower the network, the wider: 0.02 is usual at 896
MAX_PAIRED_TOKENS = 150  # speech tokens of an utterance that stands before another: 6 s
NUM_HELD_OUT = 48
VALIDATE_EVERY = 500


def backbone_config(num_text_tokens: int) -> BackboneConfig:
    """The size of the built-in backbone: small, so that it sees much speech in the hour of one core it is given."""
    return BackboneConfig(
        vocab_size=num_text_tokens,
        hidden_size=192,
        intermediate_size=512,
        num_hidden_layers=6,
        num_attention_heads=3,
        num_key_value_heads=3,
        rope_theta=10_000.0,
    )


def initialise(model: LanguageModel) -> None:
    """Small random numbers in the backbone, as Qwen2 begins (`initializer_range` of its configuration)."""
    for module in model.llm.modules():
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=INITIAL_STD)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)


def speaker_instruction(speaker: str, rate: float = 1.0) -> str | None:
    """What comes before the text to choose a voice (CosyVoice 2 paper, multi-speaker fine-tuning) and its rate."""
    if speaker not in NAMES:
        return None
    return f"Speaker {NAMES[speaker]}" + (f", {RATE_NAMES[rate]}" if rate in RATE_NAMES else "")


@dataclass(frozen=True)
class Example:
    """An utterance and its speech tokens."""

    utterance: Utterance
    speech: list[int]

    @property
    def num_positions(self) -> int:
        """About how long the sequence gets: a letter or phone stands for some 1.5 speech tokens."""
        return 16 + len(self.speech) * 5 // 3


@dataclass(frozen=True)
class Batch:
    """Sequences padded on the right, each tensor (B, P)."""

    tables: Tensor
    ids: Tensor
    targets: Tensor


def read_examples(corpus_folder: Path, tokens_folder: Path) -> list[Example]:
    """Every utterance, those of rare speakers several times."""
    data = open_tokenized(corpus_folder, tokens_folder)
    return [Example(data.corpus[index], data.tokens[index].tolist()) for index in data.corpus.balanced()]


def written(utterance: Utterance, draw: random.Random) -> str:
    """One of the many ways to write an utterance: as it was said, spelled by the dictionary, or partly in letters."""
    kind = draw.random()
    if utterance.language != "en" or kind < SAID_SHARE:
        return utterance.label
    share = 1.0 if kind < SAID_SHARE + SPELLED_SHARE else draw.random()
    return spell_words(utterance.text, chosen=lambda word: draw.random() < share)


def draw_layout(
    example: Example,
    before: Example | None,
    tokenizer: TextTokenizer,
    profile: LanguageModelProfile,
    draw: random.Random,
) -> Layout:
    """A example as a sequence.

    Args:
        before: another example of the same speaker, to stand before this one.
    """
    utterance, speech = example.utterance, example.speech
    text = tokenizer.encode(written(utterance, draw))
    if before:
        text, speech = [*tokenizer.encode(written(before.utterance, draw)), *text], [*before.speech, *speech]
    instruction = speaker_instruction(utterance.speaker, utterance.rate)
    opening = tokenizer.encode("", instruction) if instruction else []
    if draw.random() < INTERLEAVED_SHARE:
        return interleaved_layout(text, speech, profile, opening)
    return whole_text_layout([*opening, *text], speech, profile)


def pad(layouts: Sequence[Layout]) -> Batch:
    """Layouts of about one length side by side."""
    longest = max(len(layout.ids) for layout in layouts)

    def padded(rows: Iterator[tuple[int, ...]], value: int) -> Tensor:
        return torch.tensor([[*row, *[value] * (longest - len(row))] for row in rows])

    return Batch(
        padded((layout.tables for layout in layouts), 0),
        padded((layout.ids for layout in layouts), 0),
        padded((layout.targets for layout in layouts), NOT_LEARNED),
    )


def speech_loss(model: LanguageModel, batch: Batch) -> Tensor:
    """Mean cross-entropy of the speech tokens, in nats."""
    with torch.autocast("cpu", torch.bfloat16):
        scores = model(batch.tables, batch.ids)
    return F.cross_entropy(scores.float().flatten(0, 1), batch.targets.flatten(), ignore_index=NOT_LEARNED)


def make_optimizers(model: LanguageModel) -> list[Optimizer]:
    """Muon (Jordan et al. 2024) for the backbone's matrices, which learns in fewer steps, AdamW for all else."""
    matrices = [p for p in model.llm.model.model.layers.parameters() if p.ndim == 2]
    taken = {id(p) for p in matrices}
    others = [p for p in model.parameters() if id(p) not in taken]
    return [
        torch.optim.Muon(matrices, MATRIX_RATE, weight_decay=0.1, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, VECTOR_RATE, betas=(0.9, 0.95), weight_decay=0.01),
    ]


def rate_factor(step: int, used: float) -> float:
    """Warm up, hold, and fall to zero over the last part of the time."""
    return min(1.0, (step + 1) / WARM_UP_STEPS, (1 - used) / COOL_DOWN)


def max_duration_s(used: float) -> float:
    """The longest utterance that is heard after a share `used` of the time."""
    return FIRST_MAX_S / max(1e-3, 1 - used / GROWN_UP) if used < GROWN_UP else float("inf")


def train_language_model(
    corpus_folder: Path, tokens_path: Path, work_folder: Path, minutes: float, profile: LanguageModelProfile
) -> None:
    """Train for `minutes`, resuming from the checkpoint in `work_folder`."""
    write_text_vocabulary(work_folder / "text")
    tokenizer = TextTokenizer.load(work_folder / "text")
    examples = read_examples(corpus_folder, tokens_path)
    held_out, examples = examples[:NUM_HELD_OUT], examples[NUM_HELD_OUT:]
    nameless: dict[str, list[Example]] = {}
    for example in examples:
        if example.utterance.speaker not in NAMES and len(example.speech) < MAX_PAIRED_TOKENS:
            nameless.setdefault(example.utterance.speaker, []).append(example)
    torch.manual_seed(0)
    model = LanguageModel(profile, backbone_config(tokenizer.num_tokens))
    initialise(model)
    run = TrainingRun(work_folder, model, make_optimizers(model))
    draw = random.Random(run.step)
    batches = draw_batches([example.num_positions for example in examples], MAX_POSITIONS, draw)
    for used in run.steps(until=time.time() + 60 * minutes):
        run.scale_rates(rate_factor(run.step, used))
        rows = next(rows for rows in batches if len(examples[rows[-1]].speech) <= TOKEN_RATE * max_duration_s(used))
        layouts = []
        for example in (examples[row] for row in rows):
            others = nameless.get(example.utterance.speaker) if draw.random() < PAIR_SHARE else None
            before = draw.choice(others) if others and used > GROWN_UP else None
            layouts.append(draw_layout(example, before, tokenizer, profile, draw))
        loss = speech_loss(model, pad(layouts))
        run.descend(loss)
        run.log(loss=loss.item())
        if (run.step + 1) % VALIDATE_EVERY == 0:
            run.log(every=1, held_out=validate(model, held_out, tokenizer, profile))


@torch.inference_mode()
def validate(
    model: LanguageModel, examples: Sequence[Example], tokenizer: TextTokenizer, profile: LanguageModelProfile
) -> float:
    """The loss on utterances never trained on, in whole-text layout with every known word as phones."""
    total, count = 0.0, 0
    for start in range(0, len(examples), 8):
        layouts = []
        for example in examples[start : start + 8]:
            instruction = speaker_instruction(example.utterance.speaker, example.utterance.rate)
            ids = tokenizer.encode(spell_words(example.utterance.text), instruction)
            layouts.append(whole_text_layout(ids, example.speech, profile))
        total += speech_loss(model, pad(layouts)).item()
        count += 1
    return total / count
