"""The built-in model's vocoder: its pulses, its pitch, its silence, and that a batch does not change a row."""

from __future__ import annotations

import pytest
import soundfile
import torch

from cosycli.model.checkpoint import load_weights
from cosycli.model.features import log_mel
from cosycli.model.library import BUILTIN, model_folder
from cosycli.model.loading import placed_vocoder
from cosycli.model.profile import MelProfile, SourceFilterVocoderProfile, read_profile
from cosycli.model.source_filter_vocoder import SourceFilterVocoder, pulse_train
from cosycli.training.pitch import measure_f0
from cosycli.voices import REFERENCE, voice_folders

SAMPLE_RATE = 24000


@pytest.fixture(scope="module")
def built_in() -> SourceFilterVocoder:
    vocoder = SourceFilterVocoder(SourceFilterVocoderProfile()).eval()
    load_weights(vocoder, model_folder(BUILTIN), SourceFilterVocoderProfile.weights)
    return vocoder


def generators(*seeds: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def test_the_built_in_profile_names_it() -> None:
    assert isinstance(read_profile(model_folder(BUILTIN)).vocoder, SourceFilterVocoderProfile)


def test_pulses_are_the_sum_of_all_harmonics_in_phase() -> None:
    f0 = torch.full((1, 4800), 130.0)
    phase = 2 * torch.pi * (f0.double() / SAMPLE_RATE).cumsum(dim=1)
    count = 11500 // 130
    summed = sum(torch.cos(k * phase) for k in range(1, count + 1)) * (2 / count) ** 0.5
    torch.testing.assert_close(pulse_train(f0, SAMPLE_RATE, 11500.0), summed.float(), rtol=0, atol=2e-3)


@pytest.mark.parametrize("hz", [70.0, 180.0, 420.0])
def test_pulses_have_unit_power_at_every_pitch(hz: float) -> None:
    power = pulse_train(torch.full((1, SAMPLE_RATE), hz), SAMPLE_RATE, 11500.0).square().mean()
    torch.testing.assert_close(power, torch.tensor(1.0), rtol=0.02, atol=0)


@torch.inference_mode()
def test_a_padded_batch_equals_its_rows_alone(built_in: SourceFilterVocoder) -> None:
    mel = torch.randn(2, 80, 60, generator=generators(1)[0]) - 4
    lengths = torch.tensor([60, 37])
    together = built_in(mel, lengths, generators(2, 3))
    for row, (length, seed) in enumerate(zip(lengths.tolist(), (2, 3), strict=True)):
        alone = built_in(mel[row : row + 1, :, :length], torch.tensor([length]), generators(seed))
        torch.testing.assert_close(together[row, : length * 480], alone[0], rtol=0, atol=1e-4)
        assert not together[row, length * 480 :].any()


@torch.inference_mode()
def test_prepacked_layers_give_the_same_wave(built_in: SourceFilterVocoder) -> None:
    placed = SourceFilterVocoder(SourceFilterVocoderProfile()).eval()
    placed.load_state_dict(built_in.state_dict())
    mel = torch.randn(1, 80, 40, generator=generators(1)[0]) - 4
    source = built_in.source(built_in.predict_f0(mel), generators(0))
    wave = placed_vocoder(placed, torch.device("cpu")).decode(mel, source)
    torch.testing.assert_close(wave, built_in.decode(mel, source), rtol=0, atol=1e-4)


@torch.inference_mode()
def test_a_seed_gives_the_same_wave_and_another_seed_other_noise(built_in: SourceFilterVocoder) -> None:
    mel = torch.randn(1, 80, 40, generator=generators(1)[0]) - 4
    first, again, other = (built_in(mel, torch.tensor([mel.shape[2]]), generators(seed)) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@torch.inference_mode()
def test_silence_stays_below_60_db(built_in: SourceFilterVocoder) -> None:
    silence = log_mel(torch.zeros(1, SAMPLE_RATE), MelProfile())
    wave = built_in(silence, torch.tensor([silence.shape[2]]), generators(0))
    assert wave.square().mean().sqrt() < 10 ** (-60 / 20)


@torch.inference_mode()
@pytest.mark.parametrize("voice", [name for name, folder in voice_folders().items() if (folder / REFERENCE).is_file()])
def test_a_shipped_clip_comes_back_at_its_pitch_and_level(built_in: SourceFilterVocoder, voice: str) -> None:
    clip = torch.from_numpy(soundfile.read(voice_folders()[voice] / REFERENCE, dtype="float32")[0])[None]
    mel = log_mel(clip, MelProfile())
    wave = built_in(mel, torch.tensor([mel.shape[2]]), generators(0))
    predicted, measured = built_in.predict_f0(mel)[0], measure_f0(clip[0].numpy(), SAMPLE_RATE, 480)
    voiced = (measured > 0) & (predicted[: len(measured)] > 0)
    ratio = predicted[: len(measured)][voiced] / measured[voiced]
    assert voiced.sum() > 0.8 * (measured > 0).sum()
    assert ((ratio - 1).abs() < 0.1).float().mean() > 0.9
    assert 0.7 < wave.std() / clip.std() < 1.4
