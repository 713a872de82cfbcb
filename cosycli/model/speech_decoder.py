"""What the engine asks of a language model: text, and speech so far, to the next speech token.

B rows, V output ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from torch import Tensor

from cosycli.model.key_value_cache import KeyValueCache
from cosycli.model.profile import LanguageModelProfile

__all__ = ["SpeechDecoder"]

Cache = TypeVar("Cache", bound=KeyValueCache)


class SpeechDecoder(Protocol[Cache]):
    """Continues several sequences at once, one to a row of its cache."""

    profile: LanguageModelProfile

    def new_cache(self, max_rows: int) -> Cache:
        """Room for what `max_rows` sequences have read."""
        ...

    def read(self, text: Sequence[int], speech: Sequence[int], speaker: Tensor | None, cache: Cache, /) -> Tensor:
        """Reads text and the speech so far into a new last row of `cache`.

        Args:
            speaker: embedding (speaker_width,) of who speaks, or None where that is not to be told.

        Returns:
            Log-probabilities (V,) of what follows.
        """
        ...

    def step(self, tokens: Tensor, cache: Cache) -> Tensor:
        """Reads one speech token (B,) in each row of `cache`; returns log-probabilities (B, V) of what follows."""
        ...
