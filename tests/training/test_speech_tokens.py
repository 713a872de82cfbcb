"""From a corpus to speech tokens to a flow that learns from them, each step resumable."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from cosycli.model.profile import (
    ConformerFlowProfile,
    LanguageModelProfile,
    ModelProfile,
    SpeakerEncoderProfile,
    SpeechTokenizerProfile,
)
from cosycli.training.corpus import SAMPLE_RATE, Utterance, add_mels, level, open_corpus, trim
from cosycli.training.flow import train_flow
from cosycli.training.plot import plot_losses
from cosycli.training.tokenizer import spelled, train_tokenizer, write_tokens

FLOW = ConformerFlowProfile(
    num_codes=9,
    encoder_width=16,
    encoder_heads=2,
    encoder_ff=16,
    num_encoder_blocks=1,
    num_upsampled_blocks=1,
    estimator_width=16,
    estimator_heads=2,
    estimator_head_width=8,
    num_transformers=1,
    num_mid_blocks=1,
)
PROFILE = ModelProfile(
    language_model=LanguageModelProfile(num_codes=9),
    flow=FLOW,
    speech_tokenizer=SpeechTokenizerProfile(width=16, num_blocks=1, num_digits=2),
    speaker_encoder=SpeakerEncoderProfile(width=16),
)
TEXTS = ["A low tone.", "A high tone!", "Both tones, low and high."]
TENTH_OF_A_SECOND = 1 / 600  # minutes


@pytest.fixture(scope="module")
def corpus_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three utterances of one to three seconds, tones of two speakers."""
    folder = tmp_path_factory.mktemp("corpus")
    waves = [0.3 * np.sin(np.arange(SAMPLE_RATE * (i + 1)) * 0.02 * (i + 1)) for i in range(len(TEXTS))]
    starts = np.cumsum([0] + [len(wave) for wave in waves])
    utterances = [Utterance(text, ("rms", "slt")[i % 2], int(starts[i]), len(waves[i])) for i, text in enumerate(TEXTS)]
    (folder / "shard-0000.pcm").write_bytes((np.concatenate(waves) * 32767).astype(np.int16).tobytes())
    (folder / "shard-0000.json").write_text(json.dumps([asdict(utterance) for utterance in utterances]))
    add_mels(folder)
    return folder


@pytest.fixture(scope="module")
def work(corpus_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work folder with a tokenizer trained for a moment, and its tokens."""
    folder = tmp_path_factory.mktemp("work")
    train_tokenizer(corpus_folder, folder / "tokenizer", TENTH_OF_A_SECOND, PROFILE)
    write_tokens(corpus_folder, folder / "tokenizer", folder / "tokens.safetensors", PROFILE)
    return folder


def steps_of(folder: Path) -> int:
    return torch.load(folder / "checkpoint.pt", weights_only=True)["step"]


def test_a_corpus_gives_waves_and_two_mel_frames_a_token(corpus_folder: Path) -> None:
    corpus = open_corpus(corpus_folder)
    assert [corpus[i].text for i in range(len(corpus))] == TEXTS
    assert corpus.wave(1).shape == (2 * SAMPLE_RATE,)
    assert corpus.mel(1).shape == (80, 2 * corpus[1].num_tokens) == (80, 100)


def test_a_shard_without_mels_is_not_finished(corpus_folder: Path, tmp_path: Path) -> None:
    for path in corpus_folder.glob("*.[jp]*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert len(open_corpus(tmp_path)) == 0


def test_silence_around_an_utterance_is_cut_to_a_margin() -> None:
    tone = 0.5 * np.sin(np.arange(SAMPLE_RATE) * 0.1).astype(np.float32)
    padded = np.pad(tone, SAMPLE_RATE)
    assert len(trim(padded)) == pytest.approx(1.2 * SAMPLE_RATE, abs=20)
    assert np.abs(level(padded)).max() <= 0.8


def test_tokens_cover_the_corpus_in_its_order(corpus_folder: Path, work: Path) -> None:
    content = load_file(work / "tokens.safetensors")
    assert content["offsets"].tolist() == [0, 25, 75, 150]
    assert content["embeddings"].shape == (3, 192)
    assert int(content["tokens"].min()) >= 0
    assert int(content["tokens"].max()) < 9


def test_letters_a_recognizer_knows() -> None:
    assert spelled("It's  “Friday” — 9 a.m.", " 'abcdefghijklmnopqrstuvwxyz") == "it's friday a m"


def test_the_tokenizer_resumes(corpus_folder: Path, work: Path) -> None:
    before = steps_of(work / "tokenizer")
    train_tokenizer(corpus_folder, work / "tokenizer", TENTH_OF_A_SECOND, PROFILE)
    assert steps_of(work / "tokenizer") > before > 0


def test_the_flow_learns_and_resumes(corpus_folder: Path, work: Path) -> None:
    arguments = (corpus_folder, work / "tokens.safetensors", work / "flow", 3 * TENTH_OF_A_SECOND, FLOW)
    train_flow(*arguments)
    before = steps_of(work / "flow")
    train_flow(*arguments)
    assert steps_of(work / "flow") > before > 0


def test_the_flow_of_another_size_does_not_resume(corpus_folder: Path, work: Path) -> None:
    train_flow(corpus_folder, work / "tokens.safetensors", work / "other", TENTH_OF_A_SECOND, FLOW)
    wider = replace(FLOW, encoder_width=32)
    with pytest.raises(RuntimeError, match="size mismatch"):
        train_flow(corpus_folder, work / "tokens.safetensors", work / "other", TENTH_OF_A_SECOND, wider)


def test_losses_are_plotted(tmp_path: Path) -> None:
    (tmp_path / "flow").mkdir()
    lines = [{"step": step, "time": 0.0, "matching": 1 / step} for step in range(1, 9)]
    (tmp_path / "flow" / "losses.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    assert plot_losses(tmp_path).read_bytes().startswith(b"\x89PNG")
