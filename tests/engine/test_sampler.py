"""Repetition-aware sampling: the published nucleus, and a plain-Python twin that draws the same ids."""

import math

import pytest
import torch
from safetensors.torch import load_file

from cosycli.engine.sampler import NO_TOKEN, nucleus, sample, uniform_numbers
from cosycli.model.profile import LanguageModelProfile

PROFILE = LanguageModelProfile()


def sample_plainly(log_probs, history, uniform):
    """The same for one row, as a list of floats, step by step as the paper tells it."""
    probs = {token: math.exp(value) for token, value in enumerate(log_probs)}
    kept = {}
    for token in sorted(probs, key=probs.get, reverse=True):
        if sum(kept.values()) >= PROFILE.top_p or len(kept) == PROFILE.top_k:
            break
        kept[token] = probs[token]
    drawn = draw_plainly(kept, uniform[0])
    if history.count(drawn) >= PROFILE.repetition_window * PROFILE.repetition_ratio:
        probs[drawn] = 0.0
        drawn = draw_plainly(probs, uniform[1])
    return drawn


def draw_plainly(probs, share):
    rest = share * sum(probs.values())
    for token, prob in probs.items():
        rest -= prob
        if rest < 0:
            return token
    raise AssertionError("the shares add up to less than one")


@pytest.fixture
def batch():
    """Peaked and flat rows, with histories that hold their most probable ids."""
    generator = torch.Generator().manual_seed(3)
    sharpness = torch.tensor([0.3, 1.0, 2.0, 4.0, 8.0]).repeat(40)[:, None]
    log_probs = (sharpness * torch.randn(200, 60, generator=generator)).log_softmax(dim=1)
    history = torch.randint(0, 60, (200, 10), generator=generator)
    history[::2, 0] = log_probs[::2].argmax(dim=1)
    history[1::4] = NO_TOKEN
    return log_probs, history, torch.rand(200, 2, generator=generator)


def test_nucleus_is_the_published_one(shared):
    golden = load_file(shared / "reference" / "sampling.golden.safetensors")
    for case in "012":
        ids, probs = nucleus(golden[f"{case}.log_probs"][None], PROFILE.top_p, PROFILE.top_k)
        kept = probs[0] > 0
        assert ids[0, kept].tolist() == golden[f"{case}.nucleus_ids"].tolist()
        assert (probs[0, kept] - golden[f"{case}.nucleus_probs"]).abs().max() <= 1e-6


def test_agrees_with_plain_python(batch):
    log_probs, history, uniform = batch
    fast = sample(log_probs, history, uniform, PROFILE).tolist()
    slow = [sample_plainly(*(part.tolist() for part in row)) for row in zip(log_probs, history, uniform, strict=True)]
    assert fast == slow


def test_fixed_shapes_draw_the_same(batch):
    assert torch.equal(sample(*batch, PROFILE, has_fixed_shapes=True), sample(*batch, PROFILE))


def test_a_row_draws_the_same_alone_and_in_a_batch(batch):
    log_probs, history, uniform = batch
    together = sample(log_probs, history, uniform, PROFILE)
    for row in range(0, 200, 7):
        alone = slice(row, row + 1)
        assert sample(log_probs[alone], history[alone], uniform[alone], PROFILE) == together[row]


def test_what_was_just_said_is_not_said_again():
    log_probs = torch.tensor([[0.97, 0.01, 0.01, 0.01]]).log()
    history = torch.tensor([[0, *[NO_TOKEN] * 9]])
    drawn = {int(sample(log_probs, history, uniform_numbers(seed, 1), PROFILE)) for seed in range(50)}
    assert drawn == {1, 2, 3}


def test_forbidden_ids_are_never_drawn():
    log_probs = torch.tensor([[float("-inf"), -1.0, float("-inf"), -2.0]]).log_softmax(dim=1)
    history = torch.full((1, 10), NO_TOKEN)
    shares = torch.tensor([[0.0, 0.0], [0.5, 0.5], [1 - 2**-24, 1 - 2**-24]])
    drawn = {int(sample(log_probs, history, share[None], PROFILE)) for share in shares}
    assert drawn <= {1, 3}


def test_the_same_seed_gives_the_same_numbers_however_many_are_taken():
    assert torch.equal(uniform_numbers(7, 100)[:40], uniform_numbers(7, 40))
    assert not torch.equal(uniform_numbers(7, 40), uniform_numbers(8, 40))
