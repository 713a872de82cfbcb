"""Step `tokenizer`: the FSQ speech tokenizer, its recognizer and the speaker encoder, trained together.

The recognition loss (CTC on letters, Graves et al. 2006) makes the codes keep the words, as in CosyVoice 2, section
2.2. A second loss asks the codes and the speaker embedding, taken from another part of the recording, to give back
the mel: so codes keep how a sound is made, and the embedding who makes it.
"""

from __future__ import annotations

import random
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor, nn
from tqdm import tqdm

from cosycli.model.masks import frame_mask
from cosycli.model.profile import ModelProfile, SpeakerEncoderProfile, SpeechTokenizerProfile
from cosycli.model.speaker_encoder import SpeakerEncoder
from cosycli.model.speech_tokenizer import SpeechTokenizer, standardise_mel
from cosycli.training.batches import draw_batches, pad_mels
from cosycli.training.corpus import SPEAKERS, open_corpus
from cosycli.training.run import TrainingRun, read_average

__all__ = ["TokenizerTrainer", "train_tokenizer", "write_tokens"]

MAX_FRAMES = 4000  # padded mel frames a batch: 80 s of speech
LEARNING_RATE = 1.5e-3
WARM_UP_STEPS = 100
SPEAKER_CROP = 100  # frames the speaker encoder hears in training


class TokenizerTrainer(nn.Module):
    """The three networks that learn together, and the heads only training needs."""

    def __init__(self, tokenizer: SpeechTokenizerProfile, speaker: SpeakerEncoderProfile) -> None:
        super().__init__()
        self.tokenizer = SpeechTokenizer(tokenizer)
        self.speaker_encoder = SpeakerEncoder(speaker)
        self.to_speaker = nn.Linear(speaker.embedding, len(SPEAKERS))
        self.from_speaker = nn.Linear(speaker.embedding, tokenizer.width)
        self.to_mel = nn.Sequential(
            nn.Linear(tokenizer.width, 2 * tokenizer.width), nn.GELU(), nn.Linear(2 * tokenizer.width, 160)
        )

    def losses(
        self, mel: Tensor, num_tokens: Tensor, texts: list[str], speakers: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Recognition, reconstruction and speaker losses of mel (B, num_mels, M)."""
        hidden = self.tokenizer.hidden_of(self.tokenizer.digits(mel, num_tokens), num_tokens)
        recognition = _ctc(self.tokenizer.letters_of(hidden), num_tokens, texts, self.tokenizer.profile.alphabet)
        crop = mel[:, :, :SPEAKER_CROP] if random.random() < 0.5 else mel[:, :, -SPEAKER_CROP:]
        heard = torch.full_like(num_tokens, crop.shape[2])
        embedding = self.speaker_encoder(crop, heard)
        rebuilt = self.to_mel(hidden + self.from_speaker(embedding)[:, None]).float()
        wanted = standardise_mel(mel).transpose(1, 2).reshape(len(mel), -1, 160)
        mask = frame_mask(num_tokens, wanted.shape[1]).transpose(1, 2)
        reconstruction = ((rebuilt - wanted).abs() * mask).sum() / (mask.sum() * 160)
        return recognition, reconstruction, F.cross_entropy(10 * self.to_speaker(embedding).float(), speakers)


def _ctc(log_probs: Tensor, num_tokens: Tensor, texts: list[str], alphabet: str) -> Tensor:
    targets = [torch.tensor([alphabet.index(letter) + 1 for letter in text]) for text in texts]
    lengths = torch.tensor([len(target) for target in targets])
    return F.ctc_loss(log_probs.transpose(0, 1), torch.cat(targets), 2 * num_tokens, lengths, zero_infinity=True)


def spelled(text: str, alphabet: str) -> str:
    """The letters of a text that the recognizer knows: lower case, one space between words."""
    return " ".join("".join(c if c in alphabet else " " for c in text.lower()).split())


def train_tokenizer(corpus_folder: Path, work_folder: Path, minutes: float, profile: ModelProfile) -> None:
    """Train for `minutes`, resuming from the checkpoint in `work_folder`."""
    corpus = open_corpus(corpus_folder)
    chosen = [i for i in range(len(corpus)) if not any(c.isdigit() for c in corpus[i].text)]
    model = TokenizerTrainer(profile.speech_tokenizer, profile.speaker_encoder)
    run = TrainingRun(work_folder, model, [torch.optim.AdamW(model.parameters(), LEARNING_RATE, weight_decay=0.01)])
    batches = draw_batches([2 * corpus[i].num_tokens for i in chosen], MAX_FRAMES, random.Random(run.step))
    names = list(SPEAKERS)
    for used in run.steps(until=time.time() + 60 * minutes):
        run.scale_rates(min(1.0, (run.step + 1) / WARM_UP_STEPS) * min(1.0, 2 * (1 - used) + 0.02))
        rows = [chosen[i] for i in next(batches)]
        mel = pad_mels([corpus.mel(i) for i in rows])
        num_tokens = torch.tensor([corpus[i].num_tokens for i in rows])
        texts = [spelled(corpus[i].text, profile.speech_tokenizer.alphabet) for i in rows]
        speakers = torch.tensor([names.index(corpus[i].speaker) for i in rows])
        with torch.autocast("cpu", torch.bfloat16):
            recognition, reconstruction, speaker = model.losses(mel, num_tokens, texts, speakers)
        run.descend(recognition + reconstruction + 0.1 * speaker)
        run.log(recognition=recognition.item(), reconstruction=reconstruction.item(), speaker=speaker.item())


@torch.inference_mode()
def write_tokens(corpus_folder: Path, work_folder: Path, target: Path, profile: ModelProfile) -> float:
    """Speech tokens and speaker embeddings of the whole corpus, in its order, into the safetensors file `target`.

    Returns:
        The share of the codebook that occurs.
    """
    corpus = open_corpus(corpus_folder)
    model = TokenizerTrainer(profile.speech_tokenizer, profile.speaker_encoder)
    model.load_state_dict(read_average(work_folder))
    model.eval()
    tokens, embeddings = [], []
    for index in tqdm(range(len(corpus)), desc="tokens"):
        mel = corpus.mel(index)[None]
        count = torch.tensor([corpus[index].num_tokens])
        tokens.append(model.tokenizer.encode(mel, count)[0].to(torch.int16))
        embeddings.append(model.speaker_encoder(mel, 2 * count)[0])
    offsets = torch.cumsum(torch.tensor([0] + [len(t) for t in tokens]), 0)
    content = {"tokens": torch.cat(tokens), "offsets": offsets, "embeddings": torch.stack(embeddings)}
    unfinished = target.with_suffix(".tmp")
    save_file(content, unfinished)
    unfinished.replace(target)
    return len(content["tokens"].unique()) / profile.language_model.num_codes
