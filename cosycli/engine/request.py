"""What the language model is to decode, and what it generated."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from cosycli.model.profile import LanguageModelProfile
from cosycli.model.speech_decoder import Prompt

__all__ = ["GeneratedTokens", "Request"]


@dataclass(frozen=True)
class Request:
    """One utterance to be spoken.

    Attributes:
        text: token ids of what is to be spoken; they set the least and greatest length of the speech.
        prompt_text: token ids read before it: a transcript of `prompt_speech`, or an instruction.
        prompt_speech: speech tokens taken as already spoken.
        seed: the same seed gives the same tokens, whatever else is in the batch.
        speaker: embedding of who speaks, for models whose language model wants to know.
    """

    text: tuple[int, ...]
    prompt_text: tuple[int, ...] = ()
    prompt_speech: tuple[int, ...] = ()
    seed: int = 0
    speaker: Tensor | None = None

    @property
    def prompt(self) -> Prompt:
        """What the language model reads of it."""
        return Prompt(self.prompt_text + self.text, self.prompt_speech, self.speaker)

    def min_length(self, profile: LanguageModelProfile) -> int:
        """Speech tokens before which it cannot end by itself."""
        return profile.min_speech_per_text * len(self.text)

    def max_length(self, profile: LanguageModelProfile) -> int:
        """Speech tokens after which it is cut off; there is one at least."""
        return max(1, profile.max_speech_per_text * len(self.text))


@dataclass(frozen=True)
class GeneratedTokens:
    """The speech tokens of one request; `ended` is False when the greatest length cut them off."""

    tokens: tuple[int, ...]
    ended: bool
