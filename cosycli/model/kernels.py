"""Linear layers and products for the CPU by oneDNN, and PyTorch's own in their place.

The operators of oneDNN are private to PyTorch and may change with any version of it: no other module calls them, and
`pyproject.toml` names the versions that they were tested with. Where they are missing, or the CPU has no fast ones,
networks keep PyTorch's own layers and attention; `kernels_in_use` says which. For speeds see docs/performance.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch
from torch import Tensor, nn

from cosycli.model.convolutions import FrameConv, StreamingState, surrounded

_is_wanted = ContextVar("_is_wanted", default=True)


def can_prepack(dtype: torch.dtype = torch.float32) -> bool:
    """Whether oneDNN's linear layer is here and takes such numbers; never within `without_prepacking`.

    oneDNN has no products in bfloat16 for CPUs that end at AVX2.
    """
    if not _is_wanted.get() or not torch.backends.mkldnn.is_available():
        return False
    needed = ("_linear_pointwise", "_reorder_linear_weight", "_is_mkldnn_bf16_supported")
    if not all(hasattr(torch.ops.mkldnn, name) for name in needed):
        return False
    return dtype != torch.bfloat16 or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def kernels_in_use(device: torch.device, dtype: torch.dtype) -> str:
    """For people: whose linear layers and attention run on a device in a precision."""
    return "oneDNN, prepacked" if device.type == "cpu" and can_prepack(dtype) else "PyTorch"


def _linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x (..., in) -> (..., out), with a weight as it is or prepacked."""
    y: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return y


def products(left: Tensor, right: Tensor) -> Tensor:
    """Matrices of several heads multiplied: (H, N, K), (H, L, K) -> (H, N, L).

    For bfloat16 PyTorch has oneDNN's products of several heads at once; those that it has for float32 are slower than
    one by one.
    """
    if left.dtype != torch.float32:
        return torch.bmm(left, right.mT)
    return torch.stack([_linear(one, other) for one, other in zip(left, right.contiguous(), strict=True)])


@contextmanager
def without_prepacking() -> Iterator[None]:
    """Models that are loaded and run within use PyTorch's own linear layers and attention, to compare ours with."""
    token = _is_wanted.set(False)
    try:
        yield
    finally:
        _is_wanted.reset(token)


def prepack_layers(module: nn.Module, dtype: torch.dtype) -> None:
    """Put prepacked layers in the place of those in `module`, which is on the CPU and will not be trained.

    Args:
        dtype: in which products are taken and given.
    """
    for name, child in module.named_children():
        if type(child) is nn.Linear:
            setattr(module, name, PrepackedLinear(child.weight, child.bias, dtype))
        elif type(child) is FrameConv:
            setattr(module, name, PrepackedFrameConv(child, dtype))
        else:
            prepack_layers(child, dtype)


class PrepackedLinear(nn.Module):
    """The same map as a linear layer; its weight is in a layout of oneDNN's own.

    Args:
        weight: (out, in).
        bias: (out,) or None.
        dtype: in which products are taken; so is what comes out, as under PyTorch's autocast.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, dtype: torch.dtype) -> None:
        super().__init__()
        with torch.inference_mode():
            self.prepacked = torch.ops.mkldnn._reorder_linear_weight(weight.detach().to(dtype))
            self.bias = None if bias is None else bias.detach().to(dtype)
        self.dtype = dtype

    def forward(self, x: Tensor) -> Tensor:
        """x (..., in) -> (..., out)."""
        return _linear(x.to(self.dtype), self.prepacked, self.bias)


class PrepackedFrameConv(nn.Module):
    """The same map as a convolution over positions: a linear layer of the positions that each one sees.

    oneDNN's own convolutions give a position other sums in other batches; these products give it the same ones.
    """

    def __init__(self, conv: FrameConv, dtype: torch.dtype) -> None:
        super().__init__()
        self.behind, self.ahead = conv.behind, conv.ahead
        self.linear = PrepackedLinear(conv.weight.transpose(1, 2).flatten(1), conv.bias, dtype)

    def forward(self, x: Tensor, state: StreamingState | None = None) -> Tensor:
        """(B, L, D) -> (B, L, D')."""
        width, num_seen = x.shape[2], self.behind + 1 + self.ahead
        positions = surrounded(x.to(self.linear.dtype), self.behind, self.ahead, state).flatten(1)
        y: Tensor = self.linear(positions.unfold(1, num_seen * width, width))
        return y
