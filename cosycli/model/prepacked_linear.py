"""Linear layers for the CPU: oneDNN's products over weights laid out beforehand.

On one Zen 5 core, PyTorch's own linear layer made 32 to 97 GFLOP/s of these models' products in float32, oneDNN's over
prepacked weights 93 to 207, and 350 to 460 in bfloat16.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch
from torch import Tensor, nn

from cosycli.model.convolutions import FrameConv, surrounded
from cosycli.model.streaming_state import StreamingState

__all__ = ["PrepackedFrameConv", "PrepackedLinear", "can_prepack", "prepack_layers", "without_prepacking"]

_is_wanted = ContextVar("_is_wanted", default=True)


def can_prepack(dtype: torch.dtype = torch.float32) -> bool:
    """Whether this PyTorch has oneDNN's linear layer, and it takes such numbers here; never within
    `without_prepacking`.

    oneDNN has no products in bfloat16 for CPUs that end at AVX2.
    """
    has_onednn = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")
    if not has_onednn or not _is_wanted.get():
        return False
    return dtype != torch.bfloat16 or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


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
        y: Tensor = torch.ops.mkldnn._linear_pointwise(x.to(self.dtype), self.prepacked, self.bias, "none", [], "")
        return y


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
