"""Every utterance is drawn, in batches that hold little padding."""

from __future__ import annotations

import random
from itertools import islice

import torch

from cosycli.training.batches import draw_batches, pad_mels


def test_an_epoch_holds_every_index_once() -> None:
    lengths = [random.Random(1).randint(10, 90) for _ in range(100)]
    batches = draw_batches(lengths, max_total=300, draw=random.Random(0))
    seen: list[int] = []
    while len(seen) < 100:
        batch = next(batches)
        assert len(batch) * max(lengths[i] for i in batch) <= 300
        seen += batch
    assert sorted(seen) == list(range(100))


def test_an_utterance_over_the_limit_comes_alone() -> None:
    batches = list(islice(draw_batches([5, 500, 6], 20, random.Random(0)), 2))
    assert [1] in batches


def test_mels_are_padded_with_zeros() -> None:
    padded = pad_mels([torch.ones(80, 2), torch.ones(80, 4)])
    assert padded.shape == (2, 80, 4)
    assert padded[0].sum() == 160
