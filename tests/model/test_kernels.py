"""Packed layers are the layers they replace."""

import pytest
import torch
from torch import nn

from cosycli.model.convolutions import FrameConv
from cosycli.model.kernels import PrepackedFrameConv, PrepackedLinear, can_prepack, prepack_layers, without_prepacking

pytestmark = pytest.mark.skipif(not can_prepack(), reason="this PyTorch has no oneDNN")


@pytest.fixture(autouse=True)
def chance():
    torch.manual_seed(0)


@pytest.mark.parametrize("shape", [(7, 24), (2, 7, 24), (2, 3, 7, 24), (1, 1, 24)])
@pytest.mark.parametrize("has_bias", [True, False])
@torch.inference_mode()
def test_it_maps_as_the_linear_layer_does(shape, has_bias):
    linear = nn.Linear(24, 40, bias=has_bias)
    x = torch.randn(shape)
    torch.testing.assert_close(
        PrepackedLinear(linear.weight, linear.bias, torch.float32)(x), linear(x), atol=1e-5, rtol=1e-5
    )


@torch.inference_mode()
def test_it_takes_parts_of_larger_tensors():
    linear = nn.Linear(24, 40)
    x = torch.randn(5, 24, 30).transpose(1, 2)[:, 3:9]
    torch.testing.assert_close(
        PrepackedLinear(linear.weight, linear.bias, torch.float32)(x), linear(x), atol=1e-5, rtol=1e-5
    )


@pytest.mark.skipif(not can_prepack(torch.bfloat16), reason="this CPU has no products in bfloat16")
@torch.inference_mode()
def test_in_half_precision_it_rounds_as_autocast_does():
    linear = nn.Linear(256, 40)
    x = torch.randn(9, 256)
    halved = PrepackedLinear(linear.weight, linear.bias, torch.bfloat16)(x)
    assert halved.dtype == torch.bfloat16
    assert (halved - linear(x)).abs().max() < 0.02


@pytest.mark.parametrize(("behind", "ahead"), [(0, 0), (2, 0), (1, 1), (0, 3)])
@torch.inference_mode()
def test_convolutions_over_frames_are_prepacked_as_linear_layers(behind, ahead):
    conv = FrameConv(24, 40, behind=behind, ahead=ahead)
    x = torch.randn(3, 11, 24)
    torch.testing.assert_close(PrepackedFrameConv(conv, torch.float32)(x), conv(x), atol=1e-5, rtol=1e-5)


@torch.inference_mode()
def test_a_prepacked_convolution_does_not_care_for_what_pads_the_batch():
    prepacked = PrepackedFrameConv(FrameConv(160, 160, behind=2), torch.float32)
    x = torch.randn(1, 90, 160)
    alone, beside = prepacked(x), prepacked(torch.cat([x, torch.zeros(1, 70, 160)], dim=1))
    assert torch.equal(alone, beside[:, :90])


@torch.inference_mode()
def test_every_layer_that_can_be_prepacked_is_and_nothing_else():
    inner = nn.ModuleDict({"linear": nn.Linear(8, 8), "norm": nn.LayerNorm(8), "frames": FrameConv(8, 8, behind=1)})
    network = nn.Sequential(nn.Linear(8, 8), inner)
    prepack_layers(network, torch.float32)
    kinds = [type(module).__name__ for module in network.modules()]
    assert kinds.count("PrepackedLinear") == 3  # one is the prepacked convolution's
    assert "PrepackedFrameConv" in kinds
    assert "Linear" not in kinds
    assert "LayerNorm" in kinds


def test_prepacking_can_be_done_without():
    with without_prepacking():
        assert not can_prepack()
    assert can_prepack()
