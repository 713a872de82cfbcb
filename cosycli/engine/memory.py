"""How much memory there is to work in, and how much the work takes."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import torch

from cosycli.byte_sizes import bytes_of, megabytes
from cosycli.engine.decoding import Request
from cosycli.engine.free_memory import free_memory, taken_memory
from cosycli.engine.room import Room
from cosycli.errors import UsageError
from cosycli.model.loading import Model
from cosycli.model.profile import LanguageModelProfile, VocoderProfile

__all__ = ["Memory", "MemoryUse", "most_positions"]

LONGEST_S = 20  # what must fit, though it be alone: a segment and its prompt
FLOAT_BYTES = 4
# Measured by `python -m tests.engine.memory_use`, see `MemoryUse`.
FLOW_VALUES, VOCODER_VALUES = 40, 10
CACHE_GROWTH = 256


@dataclass(frozen=True)
class MemoryUse:
    """Bytes that the stages take while they work, beside the weights.

    The most that was taken on the CPU, beyond what was before, for rows of 10 s (the built-in model in float32, and one
    of CosyVoice 2's sizes in bfloat16):

    - flow: 38.8 and 24.2 float32 values a frame for each channel of the estimator, both halves of the guidance;
    - vocoder: 8.8 and 9.6 for each channel and position a frame of the level where these are most;
    - language model, 16 rows of 520 positions: 2.46 times the keys and values of a position, for the cache is copied
      where it grows by 256 positions.

    Attributes:
        position: keys and values of a position in a row of the language model.
        frame: of flow or vocoder, whichever takes more, for a mel frame with its padding.
    """

    position: int
    frame: int

    @classmethod
    def of(cls, model: Model) -> MemoryUse:
        cache_bytes = torch.empty(0, dtype=model.dtype).element_size()
        flow_values = FLOW_VALUES * model.profile.flow.estimator_width
        vocoder_values = VOCODER_VALUES * widest_level(model.profile.vocoder)
        return cls(
            position=model.language_model.cache_shape.num_values * cache_bytes,
            frame=max(flow_values, vocoder_values) * FLOAT_BYTES,
        )

    def of_row(self, num_positions: int) -> int:
        """Of a row of the language model with so many positions at last."""
        return self.position * (2 * num_positions + CACHE_GROWTH)


def widest_level(vocoder: VocoderProfile) -> int:
    """Values a mel frame of the level that has the most: its channels halve where its positions multiply."""
    levels = range(1, len(vocoder.upsample_rates) + 1)
    return max(vocoder.width // 2**level * prod(vocoder.upsample_rates[:level]) for level in levels)


def most_positions(request: Request, profile: LanguageModelProfile) -> int:
    """As many as the language model may have read and said when it ends."""
    read = len(request.prompt_text) + len(request.text) + len(request.prompt_speech)
    return read + profile.max_speech_per_text * len(request.text)


class Memory:
    """The memory that a model's stages share.

    Attributes:
        use: what they take of it.
        num_lanes: batches of flow and vocoder that may be under way at once.
        speaking: for the language model.
        sounding: for each of those batches.

    Args:
        wanted: for model and work together, such as 4GB; None for half of what is free, be it ever so little.
        max_lanes: batches of flow and vocoder that are under way at once where there is memory for so many.

    Raises:
        UsageError: that is no amount, or too little for the model.
    """

    def __init__(self, model: Model, wanted: str | None = None, max_lanes: int = 1) -> None:
        self.use = MemoryUse.of(model)
        flow = model.profile.flow
        least = self.use.frame * flow.num_frames(LONGEST_S * flow.token_rate)
        budget = max(least, free_memory(model.device) // 2) if wanted is None else _beside(model, wanted, least)
        self.num_lanes = min(max_lanes, budget // least)
        self.speaking = Room(budget)
        self.sounding = Room(budget // self.num_lanes)


def _beside(model: Model, memory: str, least: int) -> int:
    """Bytes that are left beside the model.

    Raises:
        UsageError: they are fewer than `least`.
    """
    taken = taken_memory(model.device)
    left = bytes_of(memory) - taken
    if left < least:
        raise UsageError(
            f"{memory} of memory is too little: the model takes {megabytes(taken)}, and speaking {megabytes(least)}.",
            f"Give at least: --memory {megabytes(taken + least)}",
        )
    return left
