"""Packed layers are the layers they replace."""

import pytest
import torch
from torch import nn

from cosycli.model.packed_linear import PackedLinear, can_pack, pack_linears, without_packing

pytestmark = pytest.mark.skipif(not can_pack(), reason="this PyTorch has no oneDNN")


@pytest.mark.parametrize("shape", [(7, 24), (2, 7, 24), (2, 3, 7, 24), (1, 1, 24)])
@pytest.mark.parametrize("has_bias", [True, False])
@torch.inference_mode()
def test_it_maps_as_the_linear_layer_does(shape, has_bias):
    linear = nn.Linear(24, 40, bias=has_bias)
    x = torch.randn(shape)
    torch.testing.assert_close(PackedLinear(linear, torch.float32)(x), linear(x), atol=1e-5, rtol=1e-5)


@torch.inference_mode()
def test_it_takes_parts_of_larger_tensors():
    linear = nn.Linear(24, 40)
    x = torch.randn(5, 24, 30).transpose(1, 2)[:, 3:9]
    torch.testing.assert_close(PackedLinear(linear, torch.float32)(x), linear(x), atol=1e-5, rtol=1e-5)


@torch.inference_mode()
def test_in_half_precision_it_rounds_and_gives_back_what_it_was_given():
    linear = nn.Linear(256, 40)
    x = torch.randn(9, 256)
    halved = PackedLinear(linear, torch.bfloat16)(x)
    assert halved.dtype == torch.float32
    assert (halved - linear(x)).abs().max() < 0.02


@torch.inference_mode()
def test_every_linear_layer_of_a_network_is_packed_and_nothing_else():
    network = nn.Sequential(nn.Linear(8, 8), nn.ModuleDict({"inner": nn.Linear(8, 8), "norm": nn.LayerNorm(8)}))
    pack_linears(network, torch.float32)
    kinds = [type(module).__name__ for module in network.modules()]
    assert kinds.count("PackedLinear") == 2
    assert "Linear" not in kinds
    assert "LayerNorm" in kinds


def test_packing_can_be_done_without():
    with without_packing():
        assert not can_pack()
    assert can_pack()
