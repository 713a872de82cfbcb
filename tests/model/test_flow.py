"""The flow gives the mel that the authors' code gives, alone or in a batch, at once or in chunks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from cosycli.model.estimator import Mish
from cosycli.model.flow import EMPTY_CACHE, Flow, FlowInput
from cosycli.model.loading import new_flow
from cosycli.model.masks import FlowMask, attention_mask
from cosycli.model.profile import ConformerFlowProfile, TransformerFlowProfile
from tests.model.synthetic import synthetic_state

PUBLISHED = {"v2": ConformerFlowProfile(), "v3": TransformerFlowProfile()}
SMALL = {
    "v2": ConformerFlowProfile(
        num_codes=100,
        encoder_width=32,
        encoder_heads=2,
        encoder_ff=64,
        num_encoder_blocks=1,
        num_upsampled_blocks=1,
        estimator_width=32,
        estimator_heads=2,
        estimator_head_width=16,
        num_transformers=1,
        num_mid_blocks=1,
        num_steps=3,
    ),
    "v3": TransformerFlowProfile(
        num_codes=100,
        lookahead_width=32,
        estimator_width=32,
        estimator_heads=2,
        estimator_head_width=16,
        num_blocks=2,
        num_steps=3,
    ),
}


@pytest.fixture(scope="module", params=PUBLISHED)
def version(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def published(golden_folder: Path, version: str) -> Flow:
    """A version's flow at full size, every published tensor name filled and no other."""
    flow = new_flow(PUBLISHED[version])
    flow.load_state_dict(synthetic_state(golden_folder / f"{version}.flow.manifest.json"))
    return flow.eval()


@pytest.fixture(scope="module")
def golden(golden_folder: Path, version: str) -> dict[str, Tensor]:
    return load_file(golden_folder / f"{version}.golden.safetensors")


@pytest.fixture(scope="module")
def small(version: str) -> Flow:
    torch.manual_seed(1)
    return new_flow(SMALL[version]).eval()


def random_input(num_tokens: int, num_prompt: int, seed: int = 0) -> FlowInput:
    draw = torch.Generator().manual_seed(seed)
    return FlowInput(
        tokens=torch.randint(100, (num_tokens,), generator=draw),
        speaker=torch.randn(192, generator=draw),
        prompt_tokens=torch.randint(100, (num_prompt,), generator=draw),
        prompt_mel=torch.randn(80, 2 * num_prompt, generator=draw),
    )


@torch.inference_mode()
@pytest.mark.parametrize("version", ["v2"], indirect=True)
@pytest.mark.parametrize(("entry", "chunk"), [("offline", None), ("stream", 25)])
def test_token_encoder_matches_the_reference(
    published: Flow, golden: dict[str, Tensor], entry: str, chunk: int | None
) -> None:
    """The second row of the batch ends at 31 tokens, but there the look-ahead layer heard the 3 tokens after them."""
    rows = published.input_embedding(golden["encoder.token"])
    whole, cut = golden[f"encoder.{entry}"]
    hidden = published.encoder(rows[:1], torch.tensor([40]), chunk)
    torch.testing.assert_close(hidden[0], whole, atol=1e-4, rtol=0)
    hidden = published.encoder(rows[1:, :34], torch.tensor([34]), chunk, num_ahead=3)
    torch.testing.assert_close(hidden[0], cut[:62], atol=1e-4, rtol=0)


@torch.inference_mode()
@pytest.mark.parametrize(("entry", "chunk"), [("offline", None), ("stream", 50)])
def test_velocity_matches_the_reference(
    published: Flow, golden: dict[str, Tensor], entry: str, chunk: int | None
) -> None:
    x, mu, speaker, cond, t, mask = (golden[f"estimator.{name}"] for name in ("x", "mu", "spks", "cond", "t", "mask"))
    lengths = mask.sum(dim=(1, 2)).long()
    velocity = published.decoder.estimator(x, mu, speaker, cond, t, lengths, chunk)
    for ours, theirs, length in zip(velocity, golden[f"estimator.{entry}"], lengths.tolist(), strict=True):
        torch.testing.assert_close(ours[:, :length], theirs[:, :length], atol=1e-4, rtol=0)
        assert not ours[:, length:].any()  # version 3's code leaves something there, which no one reads


def golden_input(golden: dict[str, Tensor], entry: str) -> FlowInput:
    return FlowInput(
        tokens=golden[f"{entry}.token"][0],
        speaker=golden[f"{entry}.embedding"][0],
        prompt_tokens=golden[f"{entry}.prompt_token"][0],
        prompt_mel=golden[f"{entry}.prompt_feat"][0].T,
    )


@pytest.mark.parametrize("entry", ["flow_offline", "flow_offline_noprompt"])
def test_mel_matches_the_reference(published: Flow, golden: dict[str, Tensor], entry: str) -> None:
    (mel,) = published.mels([golden_input(golden, entry)], FlowMask.FULL)
    torch.testing.assert_close(mel, golden[f"{entry}.mel"][0], atol=1e-3, rtol=0)


def test_the_mel_of_a_beginning_matches_the_reference(published: Flow, golden: dict[str, Tensor]) -> None:
    item = golden_input(golden, "flow_stream_chunk")
    mel, _ = published.extend(item, FlowMask.CHUNK, EMPTY_CACHE, is_last=False)
    spoken = mel[:, item.prompt_mel.shape[1] :]
    torch.testing.assert_close(spoken, golden["flow_stream_chunk.mel"][0], atol=1e-3, rtol=0)


def test_a_mel_that_goes_on_matches_the_reference(published: Flow, golden: dict[str, Tensor]) -> None:
    item = golden_input(golden, "flow_stream_last")
    beginning = replace(item, tokens=item.tokens[:53])
    first, cache = published.extend(beginning, FlowMask.CHUNK, EMPTY_CACHE, is_last=False)
    rest, _ = published.extend(item, FlowMask.CHUNK, cache, is_last=True)
    spoken = torch.cat([first, rest], dim=1)[:, item.prompt_mel.shape[1] :]
    assert cache.num_frames == 150
    torch.testing.assert_close(spoken, golden["flow_stream_last.mel"][0], atol=1e-3, rtol=0)


def test_noise_matches_the_reference(published: Flow, golden: dict[str, Tensor]) -> None:
    torch.testing.assert_close(published.noise[0, :8, :8], golden["noise.first8"], atol=0, rtol=0)


@pytest.mark.parametrize("mask", FlowMask)
def test_batch_composition_does_not_change_an_utterance(small: Flow, mask: FlowMask) -> None:
    inputs = [random_input(30, 0, seed=1), random_input(11, 9, seed=2), random_input(61, 4, seed=3)]
    together = small.mels(inputs, mask)
    for item, mel in zip(inputs, together, strict=True):
        (alone,) = small.mels([item], mask)
        assert mel.shape == (80, 2 * len(item.tokens))
        torch.testing.assert_close(mel, alone, atol=1e-4, rtol=0)


@pytest.mark.parametrize(("mask", "chunk"), [(FlowMask.CAUSAL, 1), (FlowMask.CHUNK, 25), (FlowMask.DOUBLE_CHUNK, 50)])
def test_a_chunk_is_not_changed_by_what_follows(small: Flow, mask: FlowMask, chunk: int) -> None:
    long = random_input(150, 0)
    short = FlowInput(long.tokens[: chunk + small.profile.lookahead], long.speaker, long.prompt_tokens, long.prompt_mel)
    beginning, _ = small.extend(short, mask, EMPTY_CACHE, is_last=False)
    (whole,) = small.mels([long], mask)
    assert beginning.shape[1] == 2 * chunk
    torch.testing.assert_close(beginning, whole[:, : 2 * chunk], atol=1e-4, rtol=0)


@pytest.mark.parametrize("mask", [FlowMask.CAUSAL, FlowMask.CHUNK, FlowMask.DOUBLE_CHUNK])
def test_a_prompt_need_not_be_gone_through_again(small: Flow, mask: FlowMask) -> None:
    first = random_input(61, num_prompt=90)
    second = replace(first, tokens=random_input(140, 0, seed=4).tokens)
    _, cache = small.extend(replace(first, tokens=first.tokens[:0]), mask, EMPTY_CACHE, is_last=False)
    assert cache.num_frames >= 100
    for mel, expected in zip(small.mels([first, second], mask, cache), small.mels([first, second], mask), strict=True):
        torch.testing.assert_close(mel, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("mask", [FlowMask.CAUSAL, FlowMask.CHUNK, FlowMask.DOUBLE_CHUNK])
def test_a_mel_in_parts_is_the_mel_in_one_piece(small: Flow, mask: FlowMask) -> None:
    item, parts, cache = random_input(170, num_prompt=30), [], EMPTY_CACHE
    for num_tokens in (10, 75, 76, 170):
        part, cache = small.extend(replace(item, tokens=item.tokens[:num_tokens]), mask, cache, num_tokens == 170)
        parts.append(part)
    (whole,) = small.mels([item], mask)
    torch.testing.assert_close(torch.cat(parts, dim=1)[:, 60:], whole, atol=1e-4, rtol=0)


def test_the_full_mask_lets_the_beginning_hear_the_end(small: Flow) -> None:
    long = random_input(150, 0)
    short = FlowInput(long.tokens[:28], long.speaker, long.prompt_tokens, long.prompt_mel)
    beginning, _ = small.extend(short, FlowMask.FULL, EMPTY_CACHE, is_last=False)
    (whole,) = small.mels([long], FlowMask.FULL)
    assert (beginning - whole[:, :50]).abs().max() > 1e-3


def test_a_frame_sees_to_the_end_of_its_chunk() -> None:
    mask = attention_mask(torch.tensor([5, 3]), 5, chunk=2)
    assert mask is not None
    assert mask[0, 0].int().tolist() == [
        [1, 1, 0, 0, 0],
        [1, 1, 0, 0, 0],
        [1, 1, 1, 1, 0],
        [1, 1, 1, 1, 0],
        [1, 1, 1, 1, 1],
    ]
    assert mask[1, 0, 4].int().tolist() == [1, 1, 1, 0, 0]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_mish_is_the_function_of_pytorch(dtype):
    x = torch.linspace(-100, 100, 20_001, dtype=dtype)
    torch.testing.assert_close(Mish()(x), torch.nn.functional.mish(x), atol=1e-5, rtol=1e-5)
