"""Step `flow`: conditional flow matching from speech tokens to mel (CosyVoice 2, section 2.4).

Each utterance draws one of the four masks, a prompt of 0 to 30 % of its mel (so 70 to 100 % is masked) and, with
probability 0.2, no conditions at all, as classifier-free guidance needs. The encoder also learns to guess the mel by
itself, a prior loss (Popov et al. 2021, section 3.4), so that it learns before the estimator does.
"""

from __future__ import annotations

import math
import random
import time
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from cosycli.model.flow import Conditions, Flow
from cosycli.model.loading import new_flow
from cosycli.model.masks import FlowMask, frame_mask
from cosycli.model.profile import FlowProfile
from cosycli.training.batches import draw_batches, pad_mels
from cosycli.training.run import TrainingRun
from cosycli.training.tokenizer import TokenizedCorpus, open_tokenized

MAX_FRAMES = 3000  # padded mel frames a batch: one minute of speech
MUON_RATE, ADAM_RATE = 0.01, 1e-3
WARM_UP_STEPS = 100
DROP_CONDITIONS = 0.2
MAX_PROMPT_SHARE = 0.3
PRIOR_WEIGHT = 0.3
MEAN_LOG_MEL = -6.0  # where the velocity's mean starts; the corpus measures -4.8, which training finds by itself


def train_flow(
    corpus_folder: Path, tokens_folder: Path, work_folder: Path, minutes: float, profile: FlowProfile
) -> None:
    """Train for `minutes`, resuming from the checkpoint in `work_folder`."""
    data = open_tokenized(corpus_folder, tokens_folder)
    chosen = data.corpus.balanced()
    flow = new_flow(profile)
    if not (work_folder / "checkpoint.pt").exists():
        flow.get_parameter("decoder.estimator.final_proj.bias").data.fill_(MEAN_LOG_MEL)
    run = TrainingRun(work_folder, flow, make_optimizers(flow))
    batches = draw_batches([2 * len(data.tokens[i]) for i in chosen], MAX_FRAMES, random.Random(run.step))
    for used in run.steps(until=time.time() + 60 * minutes):
        run.scale_rates(min(1.0, (run.step + 1) / WARM_UP_STEPS) * min(1.0, 2 * (1 - used) + 0.02))
        mel, tokens, num_tokens, speaker = _load(data, [chosen[i] for i in next(batches)])
        with torch.autocast("cpu", torch.bfloat16):
            matching, prior = flow_losses(flow, mel, tokens, num_tokens, speaker, random.choice(list(FlowMask)))
        run.descend(matching + PRIOR_WEIGHT * prior)
        run.log(matching=matching.item(), prior=prior.item())


def make_optimizers(flow: Flow) -> list[torch.optim.Optimizer]:
    """Muon (Jordan et al. 2024) for the matrices inside, AdamW for embeddings, convolutions, norms and biases."""
    inner = {n: p for n, p in flow.named_parameters() if p.ndim == 2 and not n.startswith(("input_", "spk_"))}
    rest = [p for n, p in flow.named_parameters() if n not in inner]
    return [
        torch.optim.Muon(list(inner.values()), lr=MUON_RATE, weight_decay=0.01),
        torch.optim.AdamW(rest, lr=ADAM_RATE, weight_decay=0.0),
    ]


def _load(data: TokenizedCorpus, rows: list[int]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Mel (B, num_mels, M), tokens (B, S), valid tokens (B,) and speaker embeddings of a batch."""
    mel = pad_mels([data.corpus.mel(i) for i in rows])
    tokens = pad_sequence([data.tokens[i].long() for i in rows], batch_first=True)
    num_tokens = torch.tensor([len(data.tokens[i]) for i in rows])
    return mel, tokens, num_tokens, data.embeddings[rows]


def flow_losses(
    flow: Flow, mel: Tensor, tokens: Tensor, num_tokens: Tensor, speaker: Tensor, mask: FlowMask
) -> tuple[Tensor, Tensor]:
    """Mean squared error of the velocity, and of the encoder's own guess, over valid mel values."""
    lengths = 2 * num_tokens
    valid = frame_mask(lengths, mel.shape[2])
    mu = flow.encode(tokens, num_tokens, mask.chunk_tokens(flow.profile.chunk))
    told = (torch.rand(len(mel), 1, 1) >= DROP_CONDITIONS).float()
    conditions = Conditions(
        mu * told, flow.project_speaker(speaker) * told[:, :, 0], _random_prompt(mel, lengths) * told, lengths
    )
    t = 1 - torch.cos(torch.rand(len(mel)) * math.pi / 2)
    noise = torch.randn_like(mel)
    at = t[:, None, None]
    velocity = flow.velocity((1 - at) * noise + at * mel, t, conditions, mask)
    share = 1 / (valid.sum() * mel.shape[1])
    matching = ((velocity.float() - (mel - noise)).square() * valid).sum() * share
    prior = ((mu.float() - mel).square() * valid).sum() * share
    return matching, prior


def _random_prompt(mel: Tensor, lengths: Tensor) -> Tensor:
    """The first frames of each mel and zeros after; half of the rows get no prompt at all."""
    shares = torch.rand(len(mel)) * MAX_PROMPT_SHARE * (torch.rand(len(mel)) < 0.5)
    return mel * frame_mask((shares * lengths).long(), mel.shape[2])
