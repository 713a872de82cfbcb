"""Linear layers for the CPU: oneDNN's products over weights laid out beforehand.

On one Zen 5 core, PyTorch's own linear layer made 32 to 97 GFLOP/s of these models' products in float32, oneDNN's over
packed weights 93 to 207, and 350 to 460 in bfloat16.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch
from torch import Tensor, nn

__all__ = ["PackedLinear", "can_pack", "pack_linears", "without_packing"]

_is_wanted = ContextVar("_is_wanted", default=True)


def can_pack() -> bool:
    """Whether this PyTorch has oneDNN's linear layer, outside of `without_packing`."""
    has_onednn = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")
    return has_onednn and _is_wanted.get()


@contextmanager
def without_packing() -> Iterator[None]:
    """Models that are loaded and run within use PyTorch's own linear layers and attention, to compare ours with."""
    token = _is_wanted.set(False)
    try:
        yield
    finally:
        _is_wanted.reset(token)


def pack_linears(module: nn.Module, dtype: torch.dtype) -> None:
    """Put packed layers in the place of all linear ones in `module`, which is on the CPU and will not be trained.

    Args:
        dtype: in which products are taken; inputs and outputs keep theirs.
    """
    for name, child in module.named_children():
        if type(child) is nn.Linear:
            setattr(module, name, PackedLinear(child, dtype))
        else:
            pack_linears(child, dtype)


class PackedLinear(nn.Module):
    """The same map as a linear layer; its weight is in a layout of oneDNN's own."""

    def __init__(self, linear: nn.Linear, dtype: torch.dtype) -> None:
        super().__init__()
        with torch.inference_mode():
            self.packed = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach().to(dtype))
            self.bias = None if linear.bias is None else linear.bias.detach().to(dtype)
        self.dtype = dtype

    def forward(self, x: Tensor) -> Tensor:
        """x (..., in) -> (..., out)."""
        y: Tensor = torch.ops.mkldnn._linear_pointwise(x.to(self.dtype), self.packed, self.bias, "none", [], "")
        return y.to(x.dtype)
