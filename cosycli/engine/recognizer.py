"""The built-in recognizer: the CTC head of the built-in speech tokenizer.

Trained on a few synthetic voices, it spells a strange voice badly, but still finds words that were said likelier than
words that were not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from cosycli.model.checkpoint import load_weights
from cosycli.model.features import log_mel
from cosycli.model.profile import read_profile
from cosycli.model.reference_encoder import SpeechTokenizer
from cosycli.sound.recording import Recording


class Recognizer:
    """Transcribes English, or rates how well given words fit a recording."""

    def __init__(self, directory: Path) -> None:
        """Raises: MissingError: the model in `directory` has no speech tokenizer of its own, or a damaged one."""
        profile = read_profile(directory)
        self._mel = profile.mel
        self._tokenizer = SpeechTokenizer(profile.speech_tokenizer).eval()
        load_weights(self._tokenizer, directory, "speech_tokenizer")

    def negative_log_likelihoods(self, recording: Recording, wordings: Sequence[str]) -> list[float]:
        """The negative log-likelihood of each wording, in nats: the CTC loss of its letters."""
        scores = self._scores(recording).transpose(0, 1)
        return [self._loss(scores, self._letters(words)) for words in wordings]

    def _loss(self, scores: Tensor, letters: list[int]) -> float:
        lengths = torch.tensor([len(scores)]), torch.tensor([len(letters)])
        return float(F.ctc_loss(scores, torch.tensor([letters], dtype=torch.long), *lengths, reduction="sum"))

    def transcribe(self, recording: Recording) -> str:
        """The words heard, in small letters: the likeliest letter of each frame, repeats and blanks left out."""
        best = torch.unique_consecutive(self._scores(recording)[0].argmax(dim=1)).tolist()
        alphabet = self._tokenizer.profile.alphabet
        return " ".join("".join(alphabet[letter - 1] for letter in best if letter).split())

    def _letters(self, words: str) -> list[int]:
        """Ids of the alphabet, which start at 1."""
        alphabet = self._tokenizer.profile.alphabet
        unknown = f"[^{re.escape(alphabet)}]"
        spaced = " ".join(re.sub(unknown, " ", words.lower()).split())
        return [alphabet.index(letter) + 1 for letter in spaced]

    @torch.inference_mode()
    def _scores(self, recording: Recording) -> Tensor:
        """Log-probabilities of letters at 50 Hz: (1, 2 S, letters + 1)."""
        samples = torch.from_numpy(recording.resample(self._mel.sample_rate).samples)
        mel = log_mel(samples[None], self._mel)
        num_tokens = torch.tensor([mel.shape[2] // 2])
        digits = self._tokenizer.digits(mel[:, :, : 2 * int(num_tokens)], num_tokens)
        return self._tokenizer.letters_of(self._tokenizer.hidden_of(digits, num_tokens))
