"""From a corpus to speech tokens to a flow that learns from them, each step resumable."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from cosycli.model.profile import (
    ConformerFlowProfile,
    LanguageModelProfile,
    ModelProfile,
    SpeakerEncoderProfile,
    SpeechTokenizerProfile,
)
from cosycli.training.corpus import level, open_corpus, shard_names, trim
from cosycli.training.flow import train_flow
from cosycli.training.plot import plot_losses
from cosycli.training.teacher import SAMPLE_RATE
from cosycli.training.tokenizer import open_tokenized, train_tokenizer, write_tokens

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
TENTH_OF_A_SECOND = 1 / 600  # minutes


@pytest.fixture(scope="module")
def work(corpus_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work folder with a tokenizer trained for a moment, and its tokens."""
    folder = tmp_path_factory.mktemp("work")
    train_tokenizer(corpus_folder, folder / "tokenizer", TENTH_OF_A_SECOND, PROFILE)
    write_tokens(corpus_folder, folder / "tokenizer", folder / "tokens", PROFILE)
    return folder


def steps_of(folder: Path) -> int:
    return torch.load(folder / "checkpoint.pt", weights_only=True)["step"]


def test_a_corpus_gives_waves_and_two_mel_frames_a_token(corpus_folder: Path) -> None:
    corpus = open_corpus(corpus_folder)
    first = corpus[0]
    assert {corpus[i].speaker for i in range(len(corpus))} == {"heart", "af_sarah"}
    assert corpus.wave(0).shape == (first.num_samples,)
    assert corpus.mel(0).shape == (80, 2 * first.num_tokens)
    assert first.num_tokens == first.num_samples // 960


def test_a_shard_without_its_list_is_not_finished_and_is_made_again(corpus_folder: Path, tmp_path: Path) -> None:
    for path in corpus_folder.glob("guest*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "guest-0000.json").rename(tmp_path / "guest-0000.tmp")
    assert shard_names(tmp_path) == []
    assert len(open_corpus(tmp_path)) == 0


def test_a_rare_speaker_is_heard_more_often_than_there_is_of_them(corpus_folder: Path) -> None:
    corpus = open_corpus(corpus_folder, ["guest-0000", "heart-0000", "heart-0000", "heart-0000", "heart-0000"])
    heard = Counter(corpus[i].speaker for i in corpus.balanced())
    assert heard["heart"] / heard["af_sarah"] == pytest.approx(2, rel=0.3)


def test_silence_around_an_utterance_is_cut_to_a_margin() -> None:
    tone = 0.5 * np.sin(np.arange(SAMPLE_RATE) * 0.1).astype(np.float32)
    padded = np.pad(tone, SAMPLE_RATE)
    assert len(trim(padded)) == pytest.approx(1.2 * SAMPLE_RATE, abs=20)
    assert np.abs(level(padded)).max() <= 0.8


def test_tokens_cover_the_corpus_in_its_order(corpus_folder: Path, work: Path) -> None:
    data = open_tokenized(corpus_folder, work / "tokens")
    assert [len(tokens) for tokens in data.tokens] == [data.corpus[i].num_tokens for i in range(len(data.corpus))]
    assert data.embeddings.shape == (len(data.corpus), 192)
    assert int(torch.cat(data.tokens).max()) < 9


def test_shards_without_tokens_wait(corpus_folder: Path, work: Path, tmp_path: Path) -> None:
    (tmp_path / "heart-0000.safetensors").write_bytes((work / "tokens" / "heart-0000.safetensors").read_bytes())
    data = open_tokenized(corpus_folder, tmp_path)
    assert {data.corpus[i].speaker for i in range(len(data.corpus))} == {"heart"}


def test_the_tokenizer_resumes(corpus_folder: Path, work: Path) -> None:
    before = steps_of(work / "tokenizer")
    train_tokenizer(corpus_folder, work / "tokenizer", TENTH_OF_A_SECOND, PROFILE)
    assert steps_of(work / "tokenizer") > before > 0


def test_the_flow_learns_and_resumes(corpus_folder: Path, work: Path) -> None:
    arguments = (corpus_folder, work / "tokens", work / "flow", 3 * TENTH_OF_A_SECOND, FLOW)
    train_flow(*arguments)
    before = steps_of(work / "flow")
    train_flow(*arguments)
    assert steps_of(work / "flow") > before > 0


def test_the_flow_of_another_size_does_not_resume(corpus_folder: Path, work: Path) -> None:
    train_flow(corpus_folder, work / "tokens", work / "other", TENTH_OF_A_SECOND, FLOW)
    wider = replace(FLOW, encoder_width=32)
    with pytest.raises(RuntimeError, match="size mismatch"):
        train_flow(corpus_folder, work / "tokens", work / "other", TENTH_OF_A_SECOND, wider)


def test_losses_are_plotted(tmp_path: Path) -> None:
    (tmp_path / "flow").mkdir()
    lines = [{"step": step, "time": 0.0, "matching": 1 / step} for step in range(1, 9)]
    (tmp_path / "flow" / "losses.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    assert plot_losses(tmp_path).read_bytes().startswith(b"\x89PNG")
