"""Repetition-aware sampling (RAS; VALL-E 2, Chen et al. 2024, section 3.2), for a whole batch at once.

B rows, V output ids, K ids of the nucleus. Each row draws from numbers of its own, so its tokens do not depend on
the rows beside it.
"""

from __future__ import annotations

import torch
from torch import Tensor

from cosycli.model.profile import LanguageModelProfile

NO_TOKEN = -1  # fills a history shorter than the window


def uniform_numbers(seed: int, num_steps: int) -> Tensor:
    """Random numbers of a row, (num_steps, 2) in [0, 1), the same on every machine."""
    return torch.rand(num_steps, 2, generator=torch.Generator().manual_seed(seed))


def sample(
    log_probs: Tensor, history: Tensor, uniform: Tensor, profile: LanguageModelProfile, has_fixed_shapes: bool = False
) -> Tensor:
    """Samples one id per row: from the nucleus, or from all other ids where that one was repeated too often.

    Args:
        log_probs: (B, V) float32; -inf where an id is forbidden.
        history: (B, window) the latest ids, `NO_TOKEN` where there are none.
        uniform: (B, 2) of `uniform_numbers`, for the first and the second draw.
        has_fixed_shapes: draw again for every row, so that nothing depends on how many need it.

    Returns:
        Ids (B,) int64.
    """
    ids, probs = nucleus(log_probs, profile.top_p, profile.top_k)
    drawn = ids.gather(1, _draw(probs, uniform[:, :1]))
    num_said = (history == drawn).sum(dim=1)
    is_repeated = num_said >= profile.repetition_window * profile.repetition_ratio
    if has_fixed_shapes:
        return torch.where(is_repeated, _draw_other(log_probs, drawn, uniform)[:, 0], drawn[:, 0])
    again = is_repeated.nonzero()[:, 0]
    if len(again):
        drawn[again] = _draw_other(log_probs[again], drawn[again], uniform[again])
    return drawn[:, 0]


def nucleus(log_probs: Tensor, top_p: float, top_k: int) -> tuple[Tensor, Tensor]:
    """The most probable ids, the lowest first of equal ones, added while their sum so far is below `top_p`.

    Args:
        log_probs: (B, V) float32.
        top_k: how many at most.

    Returns:
        Ids (B, K) by falling probability, and their renormalised probabilities (B, K): 0 for those left out.
    """
    all_probs = log_probs.softmax(dim=1)
    ids = _most_probable(all_probs, min(top_k, log_probs.shape[1]))
    probs = all_probs.gather(1, ids)
    sum_before = probs.cumsum(dim=1) - probs
    kept = probs * (sum_before < top_p)
    return ids, kept / kept.sum(dim=1, keepdim=True)


def _most_probable(probs: Tensor, count: int) -> Tensor:
    """Ids (B, count) by falling probability, those of equal probabilities (B, V) by rising id.

    `topk` promises no order of equals, and a stable sort of all ids is slow. As float32 numbers from 0 up are in the
    order of their bits, the integer of these bits and, below them, the place from the end is larger where the id comes
    first, and no two are equal.
    """
    num_ids = probs.shape[1]
    from_end = torch.arange(num_ids - 1, -1, -1, device=probs.device)
    order = probs.view(torch.int32).long() * num_ids + from_end
    return num_ids - 1 - order.topk(count).values % num_ids


def _draw_other(log_probs: Tensor, drawn: Tensor, uniform: Tensor) -> Tensor:
    """Ids (B, 1) from all but those drawn (B, 1)."""
    others = log_probs.scatter(1, drawn, float("-inf")).softmax(dim=1)
    return _draw(others, uniform[:, 1:])


def _draw(probs: Tensor, uniform: Tensor) -> Tensor:
    """Indices (B, 1) where the cumulated probabilities (B, V) first exceed the share `uniform` (B, 1) of their sum.

    In float64 the share stays below the whole, so that an id of probability 0 is never drawn.
    """
    cumulated = probs.double().cumsum(dim=1)
    return torch.searchsorted(cumulated, uniform * cumulated[:, -1:], right=True)
