"""Step `tokenizer`: the FSQ speech tokenizer, its recognizer and the speaker encoder, trained together.

The recognition losses (CTC, Graves et al. 2006) make the codes keep the words, as in CosyVoice 2, section 2.2: one on
letters, with Mandarin in pinyin and figures for the tones, whose head is the recognizer, and one on phones. Another
loss asks the codes and the speaker embedding, taken from another part of the recording, to give back the mel: so codes
keep how a sound is made, and the embedding who makes it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from tqdm import tqdm

from cosycli.model.masks import frame_mask
from cosycli.model.profile import ModelProfile, SpeakerEncoderProfile, SpeechTokenizerProfile
from cosycli.model.reference_encoder import SpeakerEncoder, SpeechTokenizer, standardise_mel
from cosycli.model.text_tokenizer import phoneme_tokens
from cosycli.training.batches import draw_batches, pad_mels
from cosycli.training.casting import whole_cast
from cosycli.training.corpus import Corpus, Utterance, open_corpus, shard_names
from cosycli.training.run import TrainingRun, read_average
from cosycli.training.spelling import letters_of, phones_of

MAX_FRAMES = 4000  # padded mel frames a batch: 80 s of speech
LEARNING_RATE = 1.5e-3
WARM_UP_STEPS = 100
SPEAKER_CROP = 150  # frames the speaker encoder hears in training
WEIGHTS = (0.5, 0.5, 1.0, 0.1)  # of letters, phones, reconstruction and speakers
PHONE_IDS = {token: index for index, token in enumerate(phoneme_tokens())}


class TokenizerTrainer(nn.Module):
    """The three networks that learn together, and the heads only training needs."""

    def __init__(self, tokenizer: SpeechTokenizerProfile, speaker: SpeakerEncoderProfile) -> None:
        super().__init__()
        self.tokenizer = SpeechTokenizer(tokenizer)
        self.speaker_encoder = SpeakerEncoder(speaker)
        self.to_speaker = nn.Linear(speaker.embedding, len(whole_cast()))
        self.to_phones = nn.Linear(tokenizer.width, 2 * (len(phoneme_tokens()) + 1))
        self.from_speaker = nn.Linear(speaker.embedding, tokenizer.width)
        self.to_mel = nn.Sequential(
            nn.Linear(tokenizer.width, 2 * tokenizer.width), nn.GELU(), nn.Linear(2 * tokenizer.width, 160)
        )

    def losses(
        self, mel: Tensor, num_tokens: Tensor, utterances: Sequence[Utterance], speakers: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Losses of letters, phones, reconstruction and speakers, of mel (B, num_mels, M)."""
        hidden = self.tokenizer.hidden_of(self.tokenizer.digits(mel, num_tokens), num_tokens)
        alphabet = self.tokenizer.profile.alphabet
        letters = [[alphabet.index(letter) for letter in letters_of(u, alphabet)] for u in utterances]
        phones = [[PHONE_IDS[phone] for phone in phones_of(u)] for u in utterances]
        of_letters = _ctc(self.tokenizer.letters_of(hidden), num_tokens, letters)
        of_phones = _ctc(self._phone_scores(hidden), num_tokens, phones)
        crop = mel[:, :, :SPEAKER_CROP] if random.random() < 0.5 else mel[:, :, -SPEAKER_CROP:]
        heard = (2 * num_tokens).clamp(max=crop.shape[2])
        embedding = self.speaker_encoder(crop, heard)
        rebuilt = self.to_mel(hidden + self.from_speaker(embedding)[:, None]).float()
        wanted = standardise_mel(mel).transpose(1, 2).reshape(len(mel), -1, 160)
        mask = frame_mask(num_tokens, wanted.shape[1]).transpose(1, 2)
        reconstruction = ((rebuilt - wanted).abs() * mask).sum() / (mask.sum() * 160)
        of_speaker = F.cross_entropy(10 * self.to_speaker(embedding).float(), speakers)
        return of_letters, of_phones, reconstruction, of_speaker

    def _phone_scores(self, hidden: Tensor) -> Tensor:
        """Log-probabilities (B, 2 S, phones + 1) at 50 Hz."""
        scores: Tensor = self.to_phones(hidden).view(len(hidden), 2 * hidden.shape[1], -1).float()
        return scores.log_softmax(dim=2)


def _ctc(log_probs: Tensor, num_tokens: Tensor, labels: Sequence[Sequence[int]]) -> Tensor:
    """Mean CTC loss of symbols that start at 0; the blank comes before them."""
    targets = torch.tensor([symbol + 1 for label in labels for symbol in label])
    lengths = torch.tensor([len(label) for label in labels])
    return F.ctc_loss(log_probs.transpose(0, 1), targets, 2 * num_tokens, lengths, zero_infinity=True)


def train_tokenizer(corpus_folder: Path, work_folder: Path, minutes: float, profile: ModelProfile) -> None:
    """Train for `minutes`, resuming from the checkpoint in `work_folder`."""
    corpus = open_corpus(corpus_folder)
    chosen = corpus.balanced()
    model = TokenizerTrainer(profile.speech_tokenizer, profile.speaker_encoder)
    run = TrainingRun(work_folder, model, [torch.optim.AdamW(model.parameters(), LEARNING_RATE, weight_decay=0.01)])
    batches = draw_batches([2 * corpus[i].num_tokens for i in chosen], MAX_FRAMES, random.Random(run.step))
    names = whole_cast()
    for used in run.steps(until=time.time() + 60 * minutes):
        run.scale_rates(min(1.0, (run.step + 1) / WARM_UP_STEPS) * min(1.0, 2 * (1 - used) + 0.02))
        rows = [chosen[i] for i in next(batches)]
        mel = pad_mels([corpus.mel(i) for i in rows])
        num_tokens = torch.tensor([corpus[i].num_tokens for i in rows])
        speakers = torch.tensor([names.index(corpus[i].speaker) for i in rows])
        with torch.autocast("cpu", torch.bfloat16):
            losses = model.losses(mel, num_tokens, [corpus[i] for i in rows], speakers)
        run.descend(torch.stack([weight * loss for weight, loss in zip(WEIGHTS, losses, strict=True)]).sum())
        letters, phones, reconstruction, speaker = (loss.item() for loss in losses)
        run.log(letters=letters, phones=phones, reconstruction=reconstruction, speaker=speaker)


@torch.inference_mode()
def write_tokens(corpus_folder: Path, work_folder: Path, target: Path, profile: ModelProfile) -> float:
    """Write the speech tokens and speaker embeddings of every shard that `target` lacks, a safetensors file each.

    Returns:
        The share of the codebook that occurs.
    """
    target.mkdir(parents=True, exist_ok=True)
    model = TokenizerTrainer(profile.speech_tokenizer, profile.speaker_encoder)
    model.load_state_dict(read_average(work_folder))
    model.eval()
    for shard in tqdm(shard_names(corpus_folder), desc="tokens", unit="shard"):
        if not (target / f"{shard}.safetensors").exists():
            _write_shard(model, open_corpus(corpus_folder, [shard]), target / f"{shard}.safetensors")
    used = torch.cat([load_file(path)["tokens"] for path in target.glob("*.safetensors")]).unique()
    return len(used) / profile.language_model.num_codes


def _write_shard(model: TokenizerTrainer, corpus: Corpus, target: Path) -> None:
    tokens, embeddings = [], []
    for index in range(len(corpus)):
        mel, count = corpus.mel(index)[None], torch.tensor([corpus[index].num_tokens])
        tokens.append(model.tokenizer.encode(mel, count)[0].to(torch.int16))
        embeddings.append(model.speaker_encoder(mel, 2 * count)[0])
    offsets = torch.cumsum(torch.tensor([0] + [len(t) for t in tokens]), 0)
    unfinished = target.with_suffix(".tmp")
    save_file({"tokens": torch.cat(tokens), "offsets": offsets, "embeddings": torch.stack(embeddings)}, unfinished)
    unfinished.replace(target)


@dataclass(frozen=True)
class TokenizedCorpus:
    """A corpus and what the speech tokenizer and the speaker encoder made of it.

    Attributes:
        tokens: of each utterance, (S,) int16.
        embeddings: (utterances, embedding).
    """

    corpus: Corpus
    tokens: list[Tensor]
    embeddings: Tensor


def open_tokenized(corpus_folder: Path, tokens_folder: Path, only: Sequence[str] | None = None) -> TokenizedCorpus:
    """The shards that have their tokens, or those of them that are named."""
    names = shard_names(corpus_folder) if only is None else only
    shards = [name for name in names if (tokens_folder / f"{name}.safetensors").exists()]
    tokens: list[Tensor] = []
    embeddings = []
    for shard in shards:
        content = load_file(tokens_folder / f"{shard}.safetensors")
        tokens += content["tokens"].tensor_split(content["offsets"][1:-1])
        embeddings.append(content["embeddings"])
    return TokenizedCorpus(open_corpus(corpus_folder, shards), tokens, torch.cat(embeddings))
