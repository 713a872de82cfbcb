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

__all__ = ["Prompt", "SpeechDecoder"]

Cache = TypeVar("Cache", bound=KeyValueCache)


@dataclass(frozen=True)
class Prompt:
    """What is read before the first token is said.

    Attributes:
        text, speech: token ids; the speech is taken as said already.
        speaker: embedding (speaker_width,) of who speaks, or None where that is not to be told.
    """

    text: Sequence[int]
    speech: Sequence[int] = ()
    speaker: Tensor | None = None

    @property
    def num_tokens(self) -> int:
        return len(self.text) + len(self.speech)


class SpeechDecoder(Protocol[Cache]):
    """Continues several sequences at once, one to a row of its cache."""

    profile: LanguageModelProfile

    def new_cache(self, max_sequences: int, has_fixed_shapes: bool | None = None) -> Cache:
        """Room for what `max_sequences` sequences have read."""
        ...

    def prefill(self, prompts: Sequence[Prompt], cache: Cache, /) -> Tensor:
        """Reads each prompt into a new last row of `cache`; returns log-probabilities (B, V) of what follows."""
        ...

    def step(self, tokens: Tensor, cache: Cache) -> Tensor:
        """Reads one speech token (B,) in each row of `cache`, which has made room for it.

        Returns:
            Log-probabilities (B, V) of what follows.
        """
        ...
