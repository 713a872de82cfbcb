"""What the engine asks of a language model: text, and speech so far, to the next speech token.

B rows, V output ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from torch import Tensor

from cosycli.model.key_value_cache import KeyValueCache
from cosycli.model.profile import LanguageModelProfile

Cache = TypeVar("Cache", bound=KeyValueCache)


@dataclass(frozen=True)
class Request:
    """One utterance for a language model to speak.

    Attributes:
        text: token ids of what is to be spoken, after what the model is told where there is no `prompt_text`; they set
            the least and greatest length of the speech.
        prompt_text: token ids read before it: a transcript of `prompt_speech`, or an instruction.
        prompt_speech: speech tokens taken as already spoken.
        seed: the same seed gives the same tokens, whatever else is in the batch.
        speaker: embedding (speaker_width,) of who speaks, for models whose language model wants to know.
        num_opening: how many text tokens, from the first that is read, are read as a whole even where text arrives in
            pieces.
    """

    text: Sequence[int]
    prompt_text: Sequence[int] = ()
    prompt_speech: Sequence[int] = ()
    seed: int = 0
    speaker: Tensor | None = None
    num_opening: int = 0

    @property
    def all_text(self) -> tuple[int, ...]:
        """The text that is read before the first token is spoken."""
        return (*self.prompt_text, *self.text)

    @property
    def num_tokens(self) -> int:
        """All that is read before the first token is spoken."""
        return len(self.prompt_text) + len(self.text) + len(self.prompt_speech)

    def min_length(self, profile: LanguageModelProfile) -> int:
        """Speech tokens before which it cannot end by itself."""
        return profile.min_speech_per_text * len(self.text)

    def max_length(self, profile: LanguageModelProfile) -> int:
        """Speech tokens after which it is cut off; there is one at least."""
        return max(1, profile.max_speech_per_text * len(self.text))


class SpeechDecoder(Protocol[Cache]):
    """Continues several sequences at once, one to a row of its cache."""

    profile: LanguageModelProfile

    def new_cache(self, max_sequences: int, has_fixed_shapes: bool | None = None) -> Cache:
        """Room for what `max_sequences` sequences have read."""

    def prefill(self, requests: Sequence[Request], cache: Cache, /) -> Tensor:
        """Reads each request into a new last row of `cache`; returns log-probabilities (B, V) of what follows."""

    def step(self, tokens: Tensor, cache: Cache) -> Tensor:
        """Reads one speech token (B,) in each row of `cache`; returns log-probabilities (B, V) of what follows.

        The cache has made room for it.
        """
