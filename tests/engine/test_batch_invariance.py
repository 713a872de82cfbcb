"""A segment sounds the same whatever is rendered beside it; `batch_invariance.py` shows it with the built-in model."""

from __future__ import annotations

from pathlib import Path

import torch

import cosycli
from tests.engine.batch_invariance import compare
from tests.model.tiny_model import write_tiny_model

FEW_STEPS = "\ncosy:\n  flow: {num_steps: 2}\n  language_model: {max_speech_per_text: 3}\n"


def test_a_segment_is_the_same_alone_in_any_batch_and_in_any_order(tmp_path: Path) -> None:
    directory = write_tiny_model(tmp_path / "tiny")
    with (directory / "cosyvoice2.yaml").open("a") as config:
        config.write(FEW_STEPS)
    torch.save({"meg": {"embedding": torch.randn(1, 192)}}, directory / "spk2info.pt")
    outcome = compare(cosycli.load(str(directory), "cpu", "float32"), "meg", num_segments=24, max_words=4)
    assert outcome.num_takes == 3 * 24
    assert outcome.num_other_tokens == 0
    assert outcome.max_difference == 0
