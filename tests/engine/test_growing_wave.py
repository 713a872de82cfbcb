"""A waveform made while its mel grows is the waveform of the whole mel."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from cosycli.engine.growing_mel import GrowingWave
from cosycli.model.checkpoint import load_weights
from cosycli.model.library import BUILTIN, model_folder
from cosycli.model.loading import AnyVocoder
from cosycli.model.profile import CausalVocoderProfile, SourceFilterVocoderProfile, VocoderProfile
from cosycli.model.source_filter_vocoder import SourceFilterVocoder
from cosycli.model.vocoder import CausalVocoder, Vocoder
from tests.model.test_vocoder import audible, generators


def built_in() -> SourceFilterVocoder:
    vocoder = SourceFilterVocoder(SourceFilterVocoderProfile()).eval()
    load_weights(vocoder, model_folder(BUILTIN), SourceFilterVocoderProfile.weights)
    return vocoder


VOCODERS = {
    "centred": lambda: audible(Vocoder(VocoderProfile(width=32, f0_width=16))),
    "causal": lambda: audible(CausalVocoder(CausalVocoderProfile(width=32, f0_width=16))),
    "built-in": built_in,
}


@pytest.fixture(scope="module", params=VOCODERS)
def vocoder(request: pytest.FixtureRequest) -> AnyVocoder:
    torch.manual_seed(0)
    return VOCODERS[request.param]()


@pytest.fixture(scope="module")
def mel() -> torch.Tensor:
    return torch.randn(80, 200, generator=generators(1)[0]) - 3


def grown(vocoder: AnyVocoder, mel: torch.Tensor, lengths: list[int]) -> list[np.ndarray]:
    wave = GrowingWave(vocoder, seed=3)
    return [wave.take(mel[:, :length], is_last=length == mel.shape[1]) for length in lengths]


@torch.inference_mode()
@pytest.mark.parametrize("lengths", [[200], [50, 100, 200], [1, 2, 30, 31, 32, 131, 200], [50, 50, 200]])
def test_it_is_the_wave_of_the_whole_mel(vocoder: AnyVocoder, mel: torch.Tensor, lengths: list[int]) -> None:
    whole = vocoder(mel[None], torch.tensor([200]), generators(3))[0].numpy()
    assert np.abs(whole).max() > 0.01
    np.testing.assert_allclose(np.concatenate(grown(vocoder, mel, lengths)), whole, atol=1e-5)


def test_no_more_is_held_back_than_the_network_looks_ahead(vocoder: AnyVocoder, mel: torch.Tensor) -> None:
    packets = grown(vocoder, mel, [50, 100, 200])
    ahead = vocoder.frames_ahead
    assert ahead <= 24
    ends = [0, 50 - ahead, 100 - ahead, 200]
    assert [len(packet) for packet in packets] == [480 * (end - start) for start, end in pairwise(ends)]


@torch.inference_mode()
def test_frames_that_are_given_out_do_not_hear_what_follows(vocoder: AnyVocoder, mel: torch.Tensor) -> None:
    """The numbers of frames that a vocoder names are enough: what is farther away changes nothing."""
    first, last = mel.clone(), mel.clone()
    last[:, 100 + vocoder.frames_ahead :] += 5
    source = vocoder.source(vocoder.predict_f0(mel[None]), generators(3))
    whole = vocoder.decode(mel[None], source)
    changed = vocoder(last[None], torch.tensor([200]), generators(3))
    torch.testing.assert_close(changed[:, : 100 * 480], whole[:, : 100 * 480], rtol=0, atol=1e-5)
    first[:, : 100 - vocoder.frames_behind] += 5
    heard = vocoder.decode(first[None], source)
    torch.testing.assert_close(heard[:, 100 * 480 :], whole[:, 100 * 480 :], rtol=0, atol=1e-5)
