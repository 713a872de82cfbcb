"""The vocoder's training: its losses, and that it can be stopped, resumed and read back."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from cosycli.model.profile import SourceFilterVocoderProfile
from cosycli.model.source_filter_vocoder import SourceFilterVocoder
from cosycli.training.discriminators import Discriminators, adversarial_loss, discriminator_loss, feature_loss
from cosycli.training.run import read_average
from cosycli.training.vocoder import RESOLUTIONS, refine_vocoder, roughen, spectra, spectral_loss, train_vocoder

TINY = SourceFilterVocoderProfile(width=16, f0_width=8, num_frame_blocks=1, num_filter_blocks=1)
MOMENT = 0.005  # minutes, enough for a step


def noise(*shape: int, seed: int = 0) -> Tensor:
    return 0.1 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_training_resumes_and_leaves_weights_that_load(corpus_folder: Path, tmp_path: Path) -> None:
    work = tmp_path / "vocoder"
    steps = []
    for train in (train_vocoder, train_vocoder, refine_vocoder):
        train(corpus_folder, work, MOMENT, TINY)
        steps.append(torch.load(work / "checkpoint.pt", weights_only=True)["step"])
    assert 0 < steps[0] < steps[1] < steps[2]
    SourceFilterVocoder(TINY).load_state_dict(read_average(work))


def test_spectral_loss_hears_pitch_but_not_phase() -> None:
    seconds = torch.arange(19200) / 24000
    tone, shifted, higher = (
        0.1 * torch.sin(2 * torch.pi * hz * seconds + phase)[None] for hz, phase in ((200, 0), (200, 2), (300, 0))
    )
    assert spectral_loss(tone, tone) == 0
    assert spectral_loss(shifted, tone) < 0.3 * spectral_loss(higher, tone)


def test_discriminators_learn_to_tell_and_their_features_draw_together() -> None:
    torch.manual_seed(0)
    discriminators = Discriminators(spectra, [n_fft // 2 + 1 for n_fft, _ in RESOLUTIONS])
    real, made = noise(2, 9600, seed=1), noise(2, 9600, seed=2).cumsum(1) * 0.05
    optimizer = torch.optim.AdamW(discriminators.parameters(), 3e-3)
    losses = []
    for _ in range(8):
        losses.append(discriminator_loss(discriminators(real), discriminators(made)))
        optimizer.zero_grad()
        losses[-1].backward()
        optimizer.step()
    assert losses[-1] < losses[0]
    assert adversarial_loss(discriminators(real)) < adversarial_loss(discriminators(made))
    assert feature_loss(discriminators(real), discriminators(real)) == 0
    assert feature_loss(discriminators(real), discriminators(made)) > 0


def test_roughening_blurs_a_mel_without_moving_it() -> None:
    mel = torch.zeros(1, 80, 40)
    mel[0, 40, 20] = 10.0
    rough = torch.cat([roughen(mel, torch.Generator().manual_seed(seed)) for seed in range(20)]).mean(dim=0)
    assert rough.shape == mel.shape[1:]
    assert int(rough.argmax()) == 40 * 40 + 20
    assert 0.1 < float(rough[39, 20]) < 5.0
