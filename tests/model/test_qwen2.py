"""The backbone is the Qwen2 of transformers, number for number, and its cache changes nothing."""

import json

import pytest
import torch

from cosycli.errors import MissingError
from cosycli.model.key_value_cache import KeyValueCache
from cosycli.model.plain_qwen2 import plain_qwen2
from cosycli.model.qwen2 import Backbone, BackboneConfig, join_projections, read_backbone_config

SIZES = {"vocab_size": 50, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 3}
HEADS = {"num_attention_heads": 4, "num_key_value_heads": 2}


@pytest.fixture
def ours():
    torch.manual_seed(0)
    return Backbone(BackboneConfig(**SIZES, **HEADS, rms_norm_eps=1e-3, rope_theta=1e4)).eval()


@torch.inference_mode()
@pytest.mark.parametrize("is_joined", [False, True])
def test_it_is_the_network_of_transformers(ours, is_joined):
    vectors = torch.randn(2, 17, 64)
    if is_joined:
        join_projections(ours)
    theirs = plain_qwen2(ours)
    assert type(theirs).__module__.startswith("transformers.")
    torch.testing.assert_close(ours(vectors), theirs(inputs_embeds=vectors).last_hidden_state)


@torch.inference_mode()
def test_joined_projections_are_the_same_network(ours):
    vectors = torch.randn(2, 17, 64)
    apart = ours(vectors)
    num_values = sum(parameter.numel() for parameter in ours.parameters())
    join_projections(ours)
    torch.testing.assert_close(ours(vectors), apart)
    assert sum(parameter.numel() for parameter in ours.parameters()) == num_values
    assert sum(isinstance(module, torch.nn.Linear) for module in ours.modules()) == 3 * 4  # 7 a layer apart


@torch.inference_mode()
def test_going_on_step_by_step_gives_what_reading_at_once_gives(ours):
    vectors = torch.randn(2, 17, 64)
    cache = KeyValueCache(ours.config.cache_shape, 2, like=ours.norm.weight)
    read = [torch.cat([ours(row[None, :10], cache.allocate([10])) for row in vectors])]
    for place in range(10, 17):
        cache.reserve()
        read.append(ours(vectors[:, [place]], cache.next_slots()))
    torch.testing.assert_close(torch.cat(read, dim=1), ours(vectors), atol=1e-5, rtol=1e-5)


@torch.inference_mode()
def test_half_precision_stays_near(ours):
    vectors = torch.randn(1, 17, 64)
    exact = ours(vectors)
    halved = ours.to(torch.bfloat16)(vectors.to(torch.bfloat16)).float()
    assert (halved - exact).abs().mean() < 0.05 * exact.abs().mean()


@pytest.fixture(params=[["h e"], []], ids=["published", "bytes alone"])
def folder(request, tmp_path):
    """The folder of a backbone, with the merges of its text vocabulary."""
    (tmp_path / "merges.txt").write_text("\n".join(["#version: 0.2", *request.param]))
    return tmp_path


@pytest.mark.parametrize("rope", [{"rope_theta": 5e5}, {"rope_parameters": {"rope_theta": 5e5}}])
def test_the_size_is_read_from_config_json_of_any_age(folder, rope):
    (folder / "config.json").write_text(json.dumps({**SIZES, **HEADS, **rope, "model_type": "qwen2"}))
    config = read_backbone_config(folder)
    assert (config.hidden_size, config.head_width, config.rope_theta) == (64, 16, 5e5)


@pytest.mark.parametrize("content", [None, "{", "[1]", "{}"])
def test_a_damaged_config_names_the_remedy(folder, content):
    if content is not None:
        (folder / "config.json").write_text(content)
    with pytest.raises(MissingError, match="cosy models pull"):
        read_backbone_config(folder)


def test_a_published_size_that_is_no_number_is_named(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({**SIZES, **HEADS, "hidden_size": "64"}))
    with pytest.raises(MissingError, match="hidden_size"):
        read_backbone_config(tmp_path)
