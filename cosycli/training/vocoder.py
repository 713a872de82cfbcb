"""Step `vocoder`: the source-filter vocoder learns to give back the waveform of a mel.

First by its spectra at several resolutions (Yamamoto et al. 2020, "Parallel WaveGAN"), while its F0 predictor
learns the measured F0, which drives the source; later the predicted F0 drives it. Then against discriminators (step
`refine-vocoder`), with mels that are roughened a little or come from the flow.
"""

from __future__ import annotations

import math
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from cosycli.model.features import log_mel
from cosycli.model.profile import MelProfile
from cosycli.model.profile_parts import SourceFilterVocoderProfile
from cosycli.model.source_filter_vocoder import SourceFilterVocoder
from cosycli.training.corpus import Corpus, open_corpus, shard_names
from cosycli.training.discriminators import Discriminators, adversarial_loss, discriminator_loss, feature_loss
from cosycli.training.pitch import measure_f0
from cosycli.training.run import TrainingRun

BATCH_SIZE = 12
WINDOW = 40  # mel frames, 0.8 s
FLOW_SHARE = 0.5  # of the windows that are heard from the flow's mels, once these exist
GAIN_DB = (-6.0, 4.0)
MAX_PEAK = 0.95  # of a window that is made louder
ENDS_SHARE = 0.15  # of the windows lie at an end of a recording, to learn to begin and end without a click
F0_CONTEXT = 5  # frames around a window that its F0 is measured with
EDGE = 2  # frames at both ends of a window whose spectra would need samples outside it
LEARNING_RATE = 8e-4
REFINING_RATE = 3e-4
BETAS = (0.8, 0.99)
WARM_UP_STEPS = 100
RESOLUTIONS = ((2048, 512), (1024, 256), (512, 128), (256, 64), (128, 32))  # n_fft, hop
FLOOR = 3e-4  # STFT magnitude of noise near -90 dBFS
MEASURED_SHARE = 0.3  # of the training, before the source follows the predicted F0
ADVERSARIAL_WEIGHT = 0.1  # both small beside the spectral losses, which carry the words
FEATURE_WEIGHT = 0.3
MAX_BLUR = 0.5  # how much of a mel is blurred by one frame and one band
MAX_ROUGHNESS = 0.1  # standard deviation in nepers, small beside the 0.26 by which copy-synthesis is off


@dataclass(frozen=True)
class Window:
    """A batch of cuts from recordings.

    Attributes:
        mel: (B, num_mels, M), the recordings'.
        given: the same, or for some rows what the flow made of their speech tokens.
        wave: (B, N), the same stretch.
        f0: (B, M) in Hz as measured, 0 where unvoiced.
    """

    mel: Tensor
    given: Tensor
    wave: Tensor
    f0: Tensor


def draw_windows(corpus: Corpus, flow_mels: Path | None, profile: MelProfile, draw: random.Random) -> Iterator[Window]:
    """Endless random windows; a speaker of whom there is a tenth as much is heard a sixth as often.

    Args:
        flow_mels: the folder of the flow's mels of the corpus, for half of the windows.
    """
    long_enough = [i for i in range(len(corpus)) if 2 * corpus[i].num_tokens > WINDOW]
    weights = speaker_weights([corpus[i].speaker for i in long_enough])
    while True:
        mels, given, waves, pitches = [], [], [], []
        for index in draw.choices(long_enough, weights, k=BATCH_SIZE):
            last = 2 * corpus[index].num_tokens - WINDOW
            start = draw.choice([0, last]) if draw.random() < ENDS_SHARE else draw.randrange(last)
            frames = slice(start, start + WINDOW)
            mels.append(corpus.mel(index)[:, frames])
            from_flow = flow_mels is not None and draw.random() < FLOW_SHARE
            given.append(corpus.mel(index, flow_mels)[:, frames] if from_flow else mels[-1])
            whole = corpus.wave(index)
            waves.append(torch.from_numpy(whole[start * profile.hop : (start + WINDOW) * profile.hop]))
            before = min(start, F0_CONTEXT)
            heard = whole[(start - before) * profile.hop : (start + WINDOW + F0_CONTEXT) * profile.hop]
            pitches.append(measure_f0(heard, profile.sample_rate, profile.hop)[before : before + WINDOW])
        wave = torch.stack(waves)
        gain = _gains(wave, draw)
        wave, louder = wave * gain, gain.log()[:, :, None]
        yield Window(torch.stack(mels) + louder, torch.stack(given) + louder, wave, torch.stack(pitches))


def _gains(wave: Tensor, draw: random.Random) -> Tensor:
    """A random factor for each row of (B, N), (B, 1): the corpus has one level, clips and flows have many."""
    drawn = torch.tensor([[10 ** (draw.uniform(*GAIN_DB) / 20)] for _ in wave])
    return drawn.minimum(MAX_PEAK / wave.abs().amax(dim=1, keepdim=True).clamp(min=1e-3))


def _with_mels(corpus_folder: Path, flow_mels: Path | None) -> Corpus:
    """The shards of which the flow's mels exist, or all of them where none are asked for."""
    if flow_mels is None:
        return open_corpus(corpus_folder)
    return open_corpus(
        corpus_folder, [name for name in shard_names(corpus_folder) if (flow_mels / f"{name}.mel").exists()]
    )


def speaker_weights(speakers: list[str]) -> list[float]:
    """How often each utterance is drawn, by its speaker, so that rare speakers are not drowned."""
    counts = Counter(speakers)
    return [counts[speaker] ** -0.25 for speaker in speakers]


def train_vocoder(
    corpus_folder: Path,
    work_folder: Path,
    minutes: float,
    profile: SourceFilterVocoderProfile,
    flow_mels: Path | None = None,
) -> None:
    """Train on spectra for `minutes`, resuming from the checkpoint in `work_folder`."""
    vocoder = SourceFilterVocoder(profile)
    run = TrainingRun(work_folder, vocoder, [torch.optim.AdamW(vocoder.parameters(), LEARNING_RATE, BETAS)])
    mel_profile = MelProfile()
    windows = draw_windows(_with_mels(corpus_folder, flow_mels), flow_mels, mel_profile, random.Random(run.step))
    noise = torch.Generator().manual_seed(run.step)
    for used in run.steps(until=time.time() + 60 * minutes):
        run.scale_rates(_rate(run.step, used))
        window = next(windows)
        ready = used > MEASURED_SHARE
        wave, f0_loss = _speak(vocoder, window, window.given, noise, follow_predicted=ready)
        spectral, mel = spectral_loss(wave, window.wave), _mel_loss(wave, window.mel, mel_profile)
        run.descend(spectral + mel + f0_loss)
        run.log(spectral=spectral.item(), mel=mel.item(), f0=f0_loss.item())


def _rate(step: int, used: float) -> float:
    """Warm-up, then a cosine down to a tenth."""
    return min(1.0, (step + 1) / WARM_UP_STEPS) * (0.55 + 0.45 * math.cos(math.pi * used))


def _speak(
    vocoder: SourceFilterVocoder, window: Window, mel: Tensor, noise: torch.Generator, follow_predicted: bool
) -> tuple[Tensor, Tensor]:
    """The vocoder's waveform (B, N) of `mel`, and how far its F0 in nepers and its voicing in nats are off."""
    log_f0, voicing = vocoder.pitch(mel)
    voiced = (window.f0 > 0).float()
    distance = (log_f0 - window.f0.clamp(min=1.0).log()).abs() * voiced
    inner = slice(EDGE, -EDGE)
    f0_loss = distance[:, inner].sum() / voiced[:, inner].sum().clamp(min=1.0)
    voicing_loss = F.binary_cross_entropy_with_logits(voicing[:, inner], voiced[:, inner])
    guided = log_f0.detach().exp()
    if follow_predicted:
        f0 = guided * torch.where(voicing.detach() > 0, 1.0, -1.0)
    else:
        f0 = torch.where(window.f0 > 0, window.f0, -guided)
    return vocoder.decode(mel, vocoder.source(f0, [noise] * len(mel))), f0_loss + voicing_loss


def spectra(wave: Tensor) -> list[Tensor]:
    """STFT magnitudes of (B, N) at every resolution, each (B, frequencies, frames), not below `FLOOR`."""
    return [_magnitude(wave, n_fft, hop) for n_fft, hop in RESOLUTIONS]


def _magnitude(wave: Tensor, n_fft: int, hop: int) -> Tensor:
    spectrum = torch.stft(wave, n_fft, hop, window=torch.hann_window(n_fft), return_complex=True)
    return (spectrum.real.square() + spectrum.imag.square()).clamp(min=FLOOR**2).sqrt()


def spectral_loss(wave: Tensor, target: Tensor) -> Tensor:
    """Spectral convergence plus the mean distance of log magnitudes, averaged over resolutions."""
    total = torch.zeros(())
    for made, wanted in zip(spectra(wave), spectra(target), strict=True):
        convergence = (wanted - made).norm() / wanted.norm()
        total = total + convergence + (wanted.log() - made.log()).abs().mean()
    return total / len(RESOLUTIONS)


def _mel_loss(wave: Tensor, mel: Tensor, profile: MelProfile) -> Tensor:
    """Mean distance in nepers, without the edges of the window."""
    inner = slice(EDGE, -EDGE)
    return F.l1_loss(log_mel(wave, profile)[..., inner], mel[..., inner])


def refine_vocoder(
    corpus_folder: Path,
    work_folder: Path,
    minutes: float,
    profile: SourceFilterVocoderProfile,
    flow_mels: Path | None = None,
) -> None:
    """Train on against discriminators for `minutes`, from the checkpoint that `train_vocoder` left in `work_folder`."""
    vocoder = SourceFilterVocoder(profile)
    mel_profile = MelProfile()
    discriminators = Discriminators(spectra, [n_fft // 2 + 1 for n_fft, _ in RESOLUTIONS])
    run = TrainingRun(work_folder, vocoder, [torch.optim.AdamW(vocoder.parameters(), REFINING_RATE, BETAS)])
    judge_optimizer = torch.optim.AdamW(discriminators.parameters(), REFINING_RATE, BETAS)
    discriminators_run = TrainingRun(work_folder / "discriminators", discriminators, [judge_optimizer])
    windows = draw_windows(_with_mels(corpus_folder, flow_mels), flow_mels, mel_profile, random.Random(run.step))
    noise = torch.Generator().manual_seed(run.step)
    until = time.time() + 60 * minutes
    for used, _ in zip(run.steps(until), discriminators_run.steps(math.inf), strict=False):  # the first one ends both
        for each in (run, discriminators_run):
            each.scale_rates(_rate(discriminators_run.step, used))
        window = next(windows)
        wave, f0_loss = _speak(vocoder, window, roughen(window.given, noise), noise, follow_predicted=True)
        real = discriminators(window.wave)
        judging = discriminator_loss(real, discriminators(wave.detach()))
        discriminators_run.descend(judging)
        made = discriminators.requires_grad_(False)(wave)
        discriminators.requires_grad_(True)
        spectral, mel = spectral_loss(wave, window.wave), _mel_loss(wave, window.mel, mel_profile)
        deceiving, features = adversarial_loss(made), feature_loss(real, made)
        run.descend(spectral + mel + f0_loss + ADVERSARIAL_WEIGHT * deceiving + FEATURE_WEIGHT * features)
        run.log(
            spectral=spectral.item(),
            mel=mel.item(),
            f0=f0_loss.item(),
            discriminators=judging.item(),
            adversarial=deceiving.item(),
            features=features.item(),
        )
    discriminators_run.save()


def roughen(mel: Tensor, noise: torch.Generator) -> Tensor:
    """Mel (B, num_mels, M) with the faults of a mel that was not measured but made: blurred, and a little off."""
    strengths = torch.rand(2, len(mel), 1, 1, generator=noise)
    blurred = F.avg_pool2d(mel[:, None], 3, stride=1, padding=1, count_include_pad=False)[:, 0]
    error = MAX_ROUGHNESS * strengths[1] * torch.randn(mel.shape, generator=noise)
    return torch.lerp(mel, blurred, MAX_BLUR * strengths[0]) + error
