"""Each feature against the numbers of an independent implementation, and against its own batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from cosycli.model.features import kaldi_fbank, log_mel, whisper_log_mel
from cosycli.model.profile import MelProfile

V2 = MelProfile()
V3 = replace(V2, fmax=12000.0)
V1 = MelProfile(sample_rate=22050, n_fft=1024, hop=256)


@pytest.fixture(scope="module")
def golden(golden_folder: Path) -> dict[str, Tensor]:
    return load_file(golden_folder / "features.golden.safetensors")


# In quiet bands the logarithm shows how sums are rounded: by up to 2e-4 from one kind of CPU to another.
KALDI_TOLERANCE = 1e-3


def assert_same(actual: Tensor, expected: Tensor, tolerance: float = 1e-4) -> None:
    torch.testing.assert_close(actual, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize(
    ("name", "wave", "profile"),
    [("mel24k_v2", "wave24k", V2), ("mel24k_v3", "wave24k", V3), ("mel22k_v1", "wave22k", V1)],
)
def test_log_mel_of_each_model(golden: dict[str, Tensor], name: str, wave: str, profile: MelProfile) -> None:
    assert_same(log_mel(golden[wave], profile), golden[name])


def test_whisper_log_mel(golden: dict[str, Tensor]) -> None:
    assert_same(whisper_log_mel(golden["wave16k"]), golden["whisper_log_mel128"])


def test_kaldi_fbank(golden: dict[str, Tensor]) -> None:
    assert_same(kaldi_fbank(golden["wave16k"])[0], golden["kaldi_fbank80"], KALDI_TOLERANCE)


def test_kaldi_fbank_without_its_mean(golden: dict[str, Tensor]) -> None:
    features = kaldi_fbank(golden["wave16k"], subtract_mean=True)[0]
    assert_same(features, golden["kaldi_fbank80_cmn"], KALDI_TOLERANCE)


def test_one_mel_frame_per_hop() -> None:
    for num_samples in (4800, 4801, 5279, 5280):
        assert log_mel(torch.zeros(1, num_samples), V2).shape == (1, 80, num_samples // V2.hop)


def test_a_pure_tone_lights_the_band_that_holds_it() -> None:
    seconds = torch.arange(24000) / 24000
    low, high = (log_mel(torch.sin(2 * torch.pi * hz * seconds)[None], V2)[0, :, 25] for hz in (300.0, 3000.0))
    assert int(low.argmax()) < int(high.argmax())
    assert float(low.max()) - float(low[-1]) > 5


@pytest.mark.parametrize("feature", [lambda wave: log_mel(wave, V2), whisper_log_mel, kaldi_fbank])
def test_a_row_does_not_depend_on_its_batch(feature: Callable[[Tensor], Tensor]) -> None:
    loud = torch.randn(1, 16000, generator=torch.Generator().manual_seed(1))
    quiet = loud.flip(1) * 0.001
    both = feature(torch.cat([loud, quiet]))
    assert_same(both[:1], feature(loud))
    assert_same(both[1:], feature(quiet))


def test_a_filterbank_first_used_without_gradients_serves_training_later():
    with torch.inference_mode():
        log_mel(torch.zeros(1, 4000), MelProfile(num_mels=7))
    wave = torch.randn(1, 4000, requires_grad=True)
    log_mel(wave, MelProfile(num_mels=7)).sum().backward()
    assert wave.grad is not None
