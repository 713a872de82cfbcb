"""Work that does not fit into memory is divided."""

from __future__ import annotations

import pytest
import torch

from cosycli.engine.memory import MemoryBudget, OutOfMemoryError


class Work:
    """Counts items, a part at a time; parts of more than `most` do not fit."""

    def __init__(self, most: int, error: Exception) -> None:
        self.most, self.error = most, error
        self.sizes: list[int] = []

    def __call__(self, together: int) -> list[int]:
        self.sizes.append(together)
        if together > self.most:
            raise self.error
        return list(range(10))


ERRORS = (
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    MemoryError(),
    RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate(handle)"),
)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_where_memory_runs_out_half_is_tried_and_then_half_of_that(error: Exception) -> None:
    work = Work(2, error)
    assert MemoryBudget(100).fill(work, num_items=10, item_bytes=10) == list(range(10))
    assert work.sizes == [10, 5, 2]


def test_what_fitted_is_remembered() -> None:
    budget, work = MemoryBudget(100), Work(2, MemoryError())
    budget.fill(work, 10, 10)
    work.sizes.clear()
    budget.fill(work, 10, 5)
    assert work.sizes == [4, 2]


def test_no_more_is_taken_than_there_is_room_for() -> None:
    work = Work(10, MemoryError())
    MemoryBudget(35).fill(work, num_items=10, item_bytes=10)
    assert work.sizes == [3]


def test_a_single_item_that_does_not_fit_is_an_error_that_says_so() -> None:
    with pytest.raises(OutOfMemoryError, match="not enough memory for a single segment"):
        MemoryBudget(100).fill(Work(0, MemoryError()), 10, 10)


def test_an_item_larger_than_the_room_is_tried_alone() -> None:
    assert MemoryBudget(5).fill(Work(1, MemoryError()), 10, 10)


def test_other_errors_are_not_taken_for_it() -> None:
    with pytest.raises(RuntimeError, match="shapes"):
        MemoryBudget(100).fill(Work(0, RuntimeError("shapes cannot be multiplied")), 10, 10)


def test_pytorch_s_own_allocator_is_understood() -> None:
    def work(together: int) -> int:
        return torch.empty((1 << 60) if together > 1 else 1, dtype=torch.uint8).numel()

    assert MemoryBudget(100).fill(work, 2, 1) == 1
