"""The vocoder against the published network's numbers, and a padded batch against its rows alone."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from cosycli.model.harmonic_source import SampledSource
from cosycli.model.loading import new_vocoder
from cosycli.model.profile import CausalVocoderProfile, SampledVocoderProfile, VocoderProfile
from cosycli.model.vocoder import CausalVocoder, Vocoder
from cosycli.model.vocoder_layers import Snake
from tests.model.synthetic import synthetic_state

V2 = VocoderProfile()
V1 = SampledVocoderProfile()
SMALL = VocoderProfile(width=32, f0_width=16)
SMALL_CAUSAL = CausalVocoderProfile(width=32, f0_width=16)


def load_synthetic(vocoder: Vocoder, manifest: Path) -> Vocoder:
    vocoder.load_state_dict(synthetic_state(manifest))
    return vocoder.eval()


@pytest.fixture(scope="module")
def golden(golden_folder: Path) -> dict[str, Tensor]:
    return load_file(golden_folder / "v2.golden.safetensors")


@pytest.fixture(scope="module")
def published(golden_folder: Path) -> Vocoder:
    return load_synthetic(Vocoder(V2), golden_folder / "v2.hift.manifest.json")


@pytest.fixture(scope="module")
def golden_causal(golden_folder: Path) -> dict[str, Tensor]:
    return load_file(golden_folder / "v3.golden.safetensors")


@pytest.fixture(scope="module")
def published_causal(golden_folder: Path) -> Vocoder:
    vocoder = CausalVocoder(CausalVocoderProfile())
    return load_synthetic(vocoder, golden_folder / "v3.hift.manifest.json")


@pytest.fixture(scope="module")
def small() -> Vocoder:
    torch.manual_seed(0)
    return audible(Vocoder(SMALL))


@pytest.fixture(scope="module")
def small_causal() -> Vocoder:
    torch.manual_seed(0)
    return audible(CausalVocoder(SMALL_CAUSAL))


@torch.no_grad()
def audible(vocoder: Vocoder) -> Vocoder:
    """Untrained, but neither unvoiced nor silent."""
    vocoder.f0_predictor.classifier.bias.fill_(150.0)
    vocoder.conv_post.bias.fill_(1.0)
    return vocoder.eval()


def generators(*seeds: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in seeds]


@torch.inference_mode()
def test_f0_is_the_published_one(published: Vocoder, golden: dict[str, Tensor]) -> None:
    torch.testing.assert_close(published.predict_f0(golden["hift.mel"]), golden["hift.f0"], rtol=1e-4, atol=0)


@torch.inference_mode()
def test_wave_is_the_published_one(published: Vocoder, golden: dict[str, Tensor]) -> None:
    wave = published.decode(golden["hift.mel"], golden["hift.source"])
    torch.testing.assert_close(wave, golden["hift.wav"], rtol=0, atol=1e-5)


@torch.inference_mode()
def test_the_vocoder_of_cosyvoice_1_is_the_published_one(golden_folder: Path) -> None:
    golden = load_file(golden_folder / "v1.golden.safetensors")
    vocoder = load_synthetic(new_vocoder(V1), golden_folder / "v1.hift.manifest.json")
    torch.testing.assert_close(vocoder.predict_f0(golden["hift.mel"]), golden["hift.f0"], rtol=1e-4, atol=0)
    wave = vocoder.decode(golden["hift.mel"], golden["hift.source"])
    torch.testing.assert_close(wave, golden["hift.wav"], rtol=0, atol=1e-5)


@torch.inference_mode()
def test_causal_f0_is_the_published_one(published_causal: Vocoder, golden_causal: dict[str, Tensor]) -> None:
    f0 = published_causal.predict_f0(golden_causal["hift.mel"])
    torch.testing.assert_close(f0, golden_causal["hift.f0"], rtol=1e-4, atol=0)
    torch.testing.assert_close(f0[:, :37], golden_causal["hift.f0_chunk"], rtol=1e-4, atol=0)


@torch.inference_mode()
def test_causal_wave_is_the_published_one(published_causal: Vocoder, golden_causal: dict[str, Tensor]) -> None:
    """A stream that goes on has given all but the last 5 of its 40 frames."""
    wave = published_causal.decode(golden_causal["hift.mel"], golden_causal["hift.source"])
    torch.testing.assert_close(wave, golden_causal["hift.wav"], rtol=0, atol=1e-5)
    torch.testing.assert_close(wave[:, : 35 * 480], golden_causal["hift.wav_chunk"], rtol=0, atol=1e-5)


@torch.inference_mode()
@pytest.mark.parametrize(("version", "kind"), [("v2", "published"), ("v3", "published_causal")])
def test_the_source_is_the_published_one(
    version: str, kind: str, golden_folder: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recorded without noise: 40 frames, and what comes after 293."""
    vocoder: Vocoder = request.getfixturevalue(kind)
    monkeypatch.setattr(vocoder.m_source, "_noise", lambda _generators, sizes: torch.zeros(1, 1, max(sizes)))
    golden = load_file(golden_folder / "source.golden.safetensors")
    short, long = (vocoder.source(golden[f"{version}.f0_{size}"], generators(0)) for size in (40, 333))
    torch.testing.assert_close(short, golden[f"{version}.source_40"], rtol=0, atol=1e-5)
    torch.testing.assert_close(long[..., -40 * 480 :], golden[f"{version}.source_333_end"], rtol=0, atol=1e-5)


@torch.inference_mode()
@pytest.mark.parametrize(
    "profile", [V1, VocoderProfile(random_phases=True)], ids=["CosyVoice 1", "as its profile says"]
)
def test_models_trained_with_random_phases_keep_them(profile: VocoderProfile) -> None:
    source = new_vocoder(replace(profile, width=32, f0_width=16, noise_std=0.0)).m_source
    first, again, other = (source(torch.full((1, 10), 200.0), generators(seed), None) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert (first - other).abs().max() > 1e-3


@torch.inference_mode()
def test_what_follows_does_not_change_a_causal_wave(small_causal: Vocoder) -> None:
    mel, length = torch.randn(1, 80, 40, generator=generators(1)[0]), torch.tensor([30])
    whole = small_causal(mel, torch.tensor([40]), generators(0))
    beginning = small_causal(mel[:, :, :30], length, generators(0))
    end = (30 - SMALL_CAUSAL.lookahead - 1) * small_causal.hop
    torch.testing.assert_close(beginning[:, :end], whole[:, :end], rtol=0, atol=1e-5)
    assert (beginning[:, end:] - whole[:, end : beginning.shape[1]]).abs().max() > 1e-3


@torch.inference_mode()
@pytest.mark.parametrize("kind", ["small", "small_causal"])
def test_a_padded_batch_equals_its_rows_alone(kind: str, request: pytest.FixtureRequest) -> None:
    small: Vocoder = request.getfixturevalue(kind)
    lengths = torch.tensor([23, 7, 40, 1])
    mels = [torch.randn(1, 80, length, generator=generators(length)[0]) for length in lengths.tolist()]
    padded = torch.full((4, 80, 40), 5.0)  # whatever stands in the padding must not be heard
    for row, mel in enumerate(mels):
        padded[row, :, : mel.shape[2]] = mel[0]
    waves = small(padded, lengths, generators(0, 1, 2, 3))
    for row, mel in enumerate(mels):
        alone = small(mel, lengths[row : row + 1], generators(row))
        end = mel.shape[2] * small.hop
        assert alone.abs().max() > 1e-3
        torch.testing.assert_close(waves[row : row + 1, :end], alone, rtol=0, atol=1e-4)
        assert not waves[row, end:].any()


@torch.inference_mode()
def test_the_source_hums_at_f0_and_hisses_where_unvoiced(small: Vocoder) -> None:
    f0 = torch.full((1, 100), 240.0)
    f0[:, 50:] = 0
    source = small.source(f0, generators(0))[0, 0]
    voiced, unvoiced = source[2400:21600], source[26400:45600]
    bins = torch.fft.rfft(voiced - voiced.mean()).abs()
    loudest = bins.topk(9).indices.sort().values * 24000 / len(voiced)
    torch.testing.assert_close(loudest, 240.0 * torch.arange(1, 10), rtol=0, atol=2.0)
    flat = torch.fft.rfft(unvoiced - unvoiced.mean()).abs()
    assert flat.max() < 6 * flat.mean()


@torch.inference_mode()
def test_the_causal_source_steps_from_frame_to_frame(small_causal: Vocoder) -> None:
    f0 = torch.full((1, 100), 215.0)
    f0[:, 50:] = 0
    source = small_causal.source(f0, generators(0))[0, 0]
    voiced, unvoiced = source[:24000].view(50, 480), source[24000:]
    assert voiced.std(dim=1).max() < 0.02 < voiced.mean(dim=1).std()
    assert unvoiced.std() > 2 * voiced.std(dim=1).max()


@torch.inference_mode()
def test_the_sampled_source_counts_cycles_sample_by_sample() -> None:
    source = SampledSource(SampledVocoderProfile(noise_std=0.0), hop=256)
    source.l_linear.weight.zero_()[0, 0] = 1  # the fundamental alone
    source.l_linear.bias.zero_()
    f0 = torch.tensor([[200.0, 210.0, 190.0, 400.0]])
    phase, wanted = 0.0, []
    for hz in f0[0].repeat_interleave(256).tolist():
        phase += 2 * math.pi * hz / 22050
        wanted.append(math.tanh(0.1 * math.sin(phase)))
    torch.testing.assert_close(source(f0, generators(0), None)[0, 0], torch.tensor(wanted), rtol=0, atol=1e-5)


@torch.inference_mode()
def test_a_seed_gives_the_same_wave_and_another_seed_another(small: Vocoder) -> None:
    mel, lengths = torch.randn(1, 80, 10, generator=generators(5)[0]), torch.tensor([10])
    first, again, other = (small(mel, lengths, generators(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_snake_and_its_gradient_are_those_of_the_formula() -> None:
    snake = Snake(3)
    torch.nn.init.uniform_(snake.alpha, 0.5, 2.0)
    x = torch.randn(2, 3, 50, requires_grad=True)
    alpha = snake.alpha[:, None]
    plain = x + torch.sin(alpha * x) ** 2 / (alpha + 1e-9)
    torch.testing.assert_close(snake(x), plain)
    fast, slow = (torch.autograd.grad(y.sin().sum(), [x, snake.alpha]) for y in (snake(x), plain))
    torch.testing.assert_close(fast, slow, rtol=1e-4, atol=1e-4)
