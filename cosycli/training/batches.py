"""Batches of utterances of about one length, so that little is padding."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

POOL_BATCHES = 40  # sorted by length together: large enough to fill batches evenly, small enough to stay random


def draw_batches(lengths: Sequence[int], max_total: int, draw: random.Random) -> Iterator[list[int]]:
    """Endless batches of indices whose padded length, count times longest, stays within `max_total`."""
    mean = max(1, sum(lengths) // len(lengths))
    pool_size = POOL_BATCHES * max(1, max_total // mean)
    while True:
        order = list(range(len(lengths)))
        draw.shuffle(order)
        for start in range(0, len(order), pool_size):
            pool = sorted(order[start : start + pool_size], key=lengths.__getitem__)
            batches = list(_cut(pool, lengths, max_total))
            draw.shuffle(batches)
            yield from batches


def _cut(pool: list[int], lengths: Sequence[int], max_total: int) -> Iterator[list[int]]:
    """Consecutive runs of a pool sorted by rising length."""
    batch: list[int] = []
    for index in pool:
        if batch and (len(batch) + 1) * lengths[index] > max_total:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def pad_mels(mels: Sequence[Tensor]) -> Tensor:
    """Mels (num_mels, M_i) -> (B, num_mels, max M), zeros after each."""
    padded = torch.zeros(len(mels), mels[0].shape[0], max(mel.shape[1] for mel in mels))
    for row, mel in zip(padded, mels, strict=True):
        row[:, : mel.shape[1]] = mel
    return padded
