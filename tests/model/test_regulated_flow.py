"""CosyVoice 1's flow gives the mel that the authors' code gives, whatever the batch is composed of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from cosycli.model.convolutions import FrameGroupNorm
from cosycli.model.flow import FlowInput
from cosycli.model.masks import FlowMask
from cosycli.model.profile import RegulatedFlowProfile
from cosycli.model.regulated_flow import RegulatedFlow
from tests.model.synthetic import synthetic_state

SMALL = RegulatedFlowProfile(
    num_codes=100,
    encoder_width=32,
    encoder_heads=2,
    encoder_ff=64,
    num_encoder_blocks=1,
    estimator_width=32,
    estimator_heads=2,
    estimator_head_width=16,
    num_transformers=1,
    num_mid_blocks=1,
    num_steps=3,
)


@pytest.fixture(scope="module")
def published(golden_folder: Path) -> RegulatedFlow:
    """The flow at full size, every published tensor name filled and no other."""
    flow = RegulatedFlow(RegulatedFlowProfile())
    flow.load_state_dict(synthetic_state(golden_folder / "v1.flow.manifest.json"))
    return flow.eval()


@pytest.fixture(scope="module")
def golden(golden_folder: Path) -> dict[str, Tensor]:
    return load_file(golden_folder / "v1.golden.safetensors")


@pytest.fixture(scope="module")
def small() -> RegulatedFlow:
    torch.manual_seed(1)
    return RegulatedFlow(SMALL).eval()


def golden_input(golden: dict[str, Tensor]) -> FlowInput:
    return FlowInput(
        tokens=golden["flow_offline.token"][0],
        speaker=golden["flow_offline.embedding"][0],
        prompt_tokens=golden["flow_offline.prompt_token"][0],
        prompt_mel=golden["flow_offline.prompt_feat"][0].T,
    )


def random_input(num_tokens: int, num_prompt: int, seed: int = 0) -> FlowInput:
    draw = torch.Generator().manual_seed(seed)
    return FlowInput(
        tokens=torch.randint(100, (num_tokens,), generator=draw),
        speaker=torch.randn(192, generator=draw),
        prompt_tokens=torch.randint(100, (num_prompt,), generator=draw),
        prompt_mel=torch.randn(80, SMALL.num_frames(num_prompt), generator=draw),
        seed=seed,
    )


@torch.inference_mode()
def test_token_encoder_matches_the_reference(published: RegulatedFlow, golden: dict[str, Tensor]) -> None:
    hidden = published.encode(golden["encoder.token"], torch.tensor([150]), None)
    torch.testing.assert_close(hidden.transpose(1, 2), golden["encoder.out"], atol=1e-4, rtol=0)


@torch.inference_mode()
def test_length_regulator_matches_the_reference(published: RegulatedFlow, golden: dict[str, Tensor]) -> None:
    """Prompt, head, middle and tail are stretched apart from each other."""
    item = golden_input(golden)
    assert [item.prompt_mel.shape[1], published.profile.num_frames(100)] == golden["regulator.mel_len"].tolist()
    frames = published.stretched(golden["encoder.out"][0].T, item)
    mu = published.length_regulator(frames[None], torch.tensor([frames.shape[1]]))
    torch.testing.assert_close(mu.transpose(1, 2), golden["regulator.out"], atol=1e-4, rtol=0)


@torch.inference_mode()
def test_velocity_matches_the_reference(
    published: RegulatedFlow, golden: dict[str, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second row is padded from 50 to 70 frames, and was recorded with norms over the padding too.

    The authors' code never pads, and our norms leave padding out; here they are widened likewise to be compared.
    """
    inputs = [golden[f"estimator.{name}"] for name in ("x", "mu", "spks", "cond", "t")]
    lengths = golden["estimator.mask"].sum(dim=(1, 2)).long()
    ours = published.decoder.estimator(*inputs, lengths, None)
    torch.testing.assert_close(ours[0], golden["estimator.offline"][0], atol=1e-4, rtol=0)
    monkeypatch.setattr(FrameGroupNorm, "forward", lambda self, x, _mask: torch.nn.GroupNorm.forward(self, x))
    ours = published.decoder.estimator(*inputs, lengths, None)
    torch.testing.assert_close(ours, golden["estimator.offline"], atol=1e-4, rtol=0)


@torch.inference_mode()
def test_padding_does_not_change_the_velocity(published: RegulatedFlow, golden: dict[str, Tensor]) -> None:
    x, mu, speaker, cond, t = (golden[f"estimator.{name}"] for name in ("x", "mu", "spks", "cond", "t"))
    together = published.decoder.estimator(x, mu, speaker, cond, t, torch.tensor([70, 47]), None)[1:, :, :47]
    cut = (x[1:, :, :47], mu[1:, :, :47], speaker[1:], cond[1:, :, :47], t[1:])
    alone = published.decoder.estimator(*cut, torch.tensor([47]), None)
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=0)


def test_mel_matches_the_reference(
    published: RegulatedFlow, golden: dict[str, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published, "initial_noise", lambda _inputs, _num_frames: golden["flow_offline.noise"])
    (mel,) = published.mels([golden_input(golden)], FlowMask.FULL)
    torch.testing.assert_close(mel, golden["flow_offline.mel"][0], atol=1e-3, rtol=0)


def test_batch_composition_does_not_change_an_utterance(small: RegulatedFlow) -> None:
    inputs = [random_input(30, 0, seed=1), random_input(11, 9, seed=2), random_input(61, 4, seed=3)]
    together = small.mels(inputs, FlowMask.FULL)
    for item, mel in zip(inputs, together, strict=True):
        (alone,) = small.mels([item], FlowMask.FULL)
        assert mel.shape == (80, SMALL.num_frames(len(item.tokens)))
        torch.testing.assert_close(mel, alone, atol=1e-4, rtol=0)


def test_a_seed_gives_the_same_mel_and_another_seed_another(small: RegulatedFlow) -> None:
    item = random_input(20, 5)
    first, again, other = small.mels([item, item, replace(item, seed=7)], FlowMask.FULL)
    torch.testing.assert_close(first, again)
    assert (first - other).abs().max() > 0.1


@pytest.mark.parametrize(("num_tokens", "num_frames"), [(1, 1), (20, 34), (41, 70), (50, 86), (100, 172), (256, 441)])
def test_frames_of_tokens_are_those_of_the_published_code(num_tokens: int, num_frames: int) -> None:
    assert RegulatedFlowProfile().num_frames(num_tokens) == num_frames
