"""Models without weights have the sizes of the published ones."""

import pytest
import torch
from torch import nn

from cosycli.engine.synthetic_model import fill, new_language_model_of, sizes_of, synthetic_model
from cosycli.errors import MissingError
from tests.model.tiny_model import write_tiny_model


def test_a_folder_with_a_configuration_is_enough(tmp_path):
    directory = write_tiny_model(tmp_path / "tiny")
    for weights in directory.glob("*.pt"):
        weights.unlink()
    model = synthetic_model(str(directory), "cpu", "float32")
    assert model.language_model.speech_embedding.weight.shape[1] == 16
    assert model.profile.flow.num_mid_blocks == 1
    assert model.text_tokenizer.encode("Ünder") != []


def test_weights_are_the_same_each_time_and_keep_the_size_of_what_passes():
    first, second = nn.Linear(2000, 700), nn.Linear(2000, 700)
    for layer in (first, second):
        fill(layer)
    torch.testing.assert_close(first.weight, second.weight, rtol=0, atol=0)
    assert first(torch.randn(9, 2000)).std().item() == pytest.approx(1, abs=0.1)


def test_an_unknown_model_lists_the_valid_ones():
    with pytest.raises(MissingError, match=r"Did you mean 'cosyvoice2'.*cosyvoice3"):
        synthetic_model("cosyvoice22")


def test_the_language_model_has_the_published_size():
    """24 layers of 14.9 million parameters, and a table of text tokens."""
    with torch.device("meta"):
        model = new_language_model_of(sizes_of("cosyvoice2"))
    counts = {name: sum(p.numel() for p in part.parameters()) for name, part in model.llm.model.model.named_children()}
    assert counts["layers"] == pytest.approx(357.9e6, rel=1e-3)
    assert counts["embed_tokens"] == 151936 * 896
