"""The built-in model's speech tokenizer and recognizer: mel -> FSQ codes -> letters.

Finite scalar quantisation (CosyVoice 2, section 2.2): a frame is projected to a few numbers, each squashed by tanh and
rounded to -1, 0 or 1; the digits written in base 3 are the speech token. Behind the codes a second network spells
what was said; it teaches the codes to keep the words, and serves as the built-in recognizer.

Shapes: B batch, M mel frames (50 Hz), S = M / 2 speech tokens (25 Hz), D width.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cosycli.model.masks import frame_mask
from cosycli.model.profile import SpeechTokenizerProfile

__all__ = ["ConvBlock", "SpeechTokenizer", "standardise_mel"]

NUM_LEVELS = 3  # -1, 0, 1
MEL_MEAN, MEL_STD = -6.0, 2.5  # what the weights were trained with; the corpus measures -4.8 and 2.2


def standardise_mel(mel: Tensor) -> Tensor:
    """Natural-log mel (B, num_mels, M) -> about zero mean and unit variance."""
    return (mel - MEL_MEAN) / MEL_STD


class ConvBlock(nn.Module):
    """Depthwise convolution over time, then a feed-forward over channels, residual (ConvNeXt, Liu et al. 2022)."""

    def __init__(self, width: int, kernel: int = 7) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.norm = nn.LayerNorm(width)
        self.expand = nn.Linear(width, 3 * width)
        self.shrink = nn.Linear(3 * width, width)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, D, M), (B, 1, M) -> (B, D, M)."""
        hidden = self.norm(self.depthwise(x).transpose(1, 2))
        hidden = self.shrink(F.gelu(self.expand(hidden))).transpose(1, 2)
        return (x + hidden) * mask


class SpeechTokenizer(nn.Module):
    """Encoder, quantiser and CTC head; ids of the alphabet start at 1, 0 is the CTC blank."""

    place_values: Tensor

    def __init__(self, profile: SpeechTokenizerProfile) -> None:
        super().__init__()
        self.profile = profile
        width = profile.width
        self.stem = nn.Conv1d(profile.num_mels, width, 5, padding=2)
        self.frame_blocks = nn.ModuleList(ConvBlock(width) for _ in range(2))
        self.halve = nn.Conv1d(width, width, 2, stride=2)
        self.token_blocks = nn.ModuleList(ConvBlock(width) for _ in range(profile.num_blocks))
        self.to_digits = nn.Linear(width, profile.num_digits)
        self.from_digits = nn.Linear(profile.num_digits, width)
        self.speller_blocks = nn.ModuleList(ConvBlock(width) for _ in range(profile.num_blocks))
        self.to_letters = nn.Linear(width, 2 * (len(profile.alphabet) + 1))
        self.register_buffer("place_values", NUM_LEVELS ** torch.arange(profile.num_digits), persistent=False)

    def digits(self, mel: Tensor, num_tokens: Tensor) -> Tensor:
        """The rounded digits, with the gradient of tanh passed straight through the rounding.

        Args:
            mel: (B, num_mels, M), M even.
            num_tokens: (B,) valid tokens, two frames each.

        Returns:
            (B, S, num_digits), each -1, 0 or 1.
        """
        frames = frame_mask(2 * num_tokens, mel.shape[2])
        tokens = frame_mask(num_tokens, mel.shape[2] // 2)
        hidden = self.stem(standardise_mel(mel) * frames) * frames
        for block in self.frame_blocks:
            hidden = block(hidden, frames)
        hidden = self.halve(hidden) * tokens
        for block in self.token_blocks:
            hidden = block(hidden, tokens)
        bounded = torch.tanh(self.to_digits(hidden.transpose(1, 2)).float())
        return bounded + (bounded.round() - bounded).detach()

    def encode(self, mel: Tensor, num_tokens: Tensor) -> Tensor:
        """Speech tokens (B, S) of mel (B, num_mels, M); those beyond `num_tokens` mean nothing."""
        return ((self.digits(mel, num_tokens) + 1).round().long() * self.place_values).sum(dim=2)

    def hidden_of(self, digits: Tensor, num_tokens: Tensor) -> Tensor:
        """What the CTC head's blocks make of (B, S, num_digits): (B, S, D)."""
        mask = frame_mask(num_tokens, digits.shape[1])
        hidden = self.from_digits(digits).transpose(1, 2) * mask
        for block in self.speller_blocks:
            hidden = block(hidden, mask)
        return hidden.transpose(1, 2)

    def letters_of(self, hidden: Tensor) -> Tensor:
        """Log-probabilities (B, 2 S, letters + 1) at 50 Hz, since fast speech has more letters than tokens."""
        batch, num_tokens, _ = hidden.shape
        return self.to_letters(hidden).view(batch, 2 * num_tokens, -1).float().log_softmax(dim=2)
