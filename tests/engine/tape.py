"""A stand-in for CUDA graphs that any device has: what a step did to its tensors is done to the same tensors again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

ASKS_THE_HOST = {torch.ops.aten._local_scalar_dense.default, torch.ops.aten.nonzero.default}


class Tape(TorchDispatchMode):
    """Keeps the operations that are run within, with the very tensors that they read and wrote.

    As a CUDA graph it takes all that the host reckoned, such as sizes, for constant, and refuses what would wait for
    the device.
    """

    def __init__(self) -> None:
        super().__init__()
        self._operations: list[tuple[Any, tuple[Any, ...], dict[str, Any], Any]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        assert func not in ASKS_THE_HOST, f"{func} cannot be recorded"
        result = func(*args, **(kwargs or {}))
        self._operations.append((func, args, kwargs or {}, result))
        return result

    def play(self) -> None:
        for func, args, kwargs, result in self._operations:
            again = func(*args, **kwargs)
            memories = {leaf.untyped_storage().data_ptr() for leaf in tree_leaves((args, kwargs)) if is_tensor(leaf)}
            for old, new in zip(tree_leaves(result), tree_leaves(again), strict=True):
                if is_tensor(old) and old.untyped_storage().data_ptr() not in memories:
                    old.copy_(new)


class Recorder:
    """Records steps on tapes.

    Attributes:
        num_recorded, num_replayed: how many steps.
    """

    def __init__(self) -> None:
        self.num_recorded = self.num_replayed = 0

    def __call__(self, step: Callable[[], None]) -> Callable[[], None]:
        """Recording ran the step, which that of a CUDA graph does not; so the first replay does nothing."""
        self.num_recorded += 1
        tape, plays = Tape(), 0
        with tape:
            step()

        def replay() -> None:
            nonlocal plays
            if plays:
                self.num_replayed += 1
                tape.play()
            plays += 1

        return replay


def is_tensor(leaf: Any) -> bool:
    return isinstance(leaf, Tensor)
