"""How much memory there is to work in, and how much the work takes."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from cosycli.byte_sizes import bytes_of, megabytes
from cosycli.engine.free_memory import free_memory, taken_memory
from cosycli.engine.memory_budget import MemoryBudget
from cosycli.engine.request import Request
from cosycli.errors import UsageError
from cosycli.model.loading import Model
from cosycli.model.profile import LanguageModelProfile

__all__ = ["Memory", "MemoryUse", "most_positions"]

DECODING_PART = 4  # 32 rows of 1,000 positions of CosyVoice 2's are a quarter of 3.5 GB
PROMPT_CACHE_PART = 8  # a voice's prompt of 3 s is 230 MB (CosyVoice 2, bfloat16)
LONGEST_S = 20  # what must fit, though it be alone: a segment and its prompt
FLOAT_BYTES = 4
# Measured, see `MemoryUse`.
OVERHEAD = 110_000_000
FLOW_VALUES, VOCODER_VALUES = 40, 12
CACHE_GROWTH = 256  # positions that the cache grows by
UNSTEADY_BYTES = 20 * 10**6  # a process with the built-in model took 339 to 341 MB, run by run
WORKER_BYTES = 800 * 10**6  # that a worker process had of its own: built-in model, ten minutes in batches of 32


@dataclass(frozen=True)
class MemoryUse:
    """Bytes that the stages take while they work, beside the weights.

    What was taken on the CPU at most, by batches of 15 s one after the other, is within what is reckoned here (the
    built-in model in float32, one of CosyVoice 2's sizes in bfloat16; `python -m tests.engine.memory_use` measures it):

    - flow: 87 MB of 179, and 27 of 386;
    - vocoder: 169 MB of 179, and 221 of 386;
    - language model, 16 rows of 424 and 484 positions: 113 MB of 163, and 151 of 241.

    That is `OVERHEAD` for what libraries lay out when they are first used and allocators keep; for each mel frame 40
    float32 values for each channel of the flow's estimator, or 12 for each channel and position of the vocoder's level
    where these are most; and twice the keys and values of a row, whose memory is copied where it grows.

    Attributes:
        position: keys and values of a position in a row of the language model.
        frame: of flow or vocoder, whichever takes more, for a mel frame with its padding.
        cached_frame: what the flow's attention keeps of a mel frame of a prompt, at each step of its solver.
    """

    position: int
    frame: int
    cached_frame: int

    @classmethod
    def of(cls, model: Model) -> MemoryUse:
        flow, value_bytes = model.profile.flow, torch.empty(0, dtype=model.dtype).element_size()
        flow_values = FLOW_VALUES * flow.estimator_width
        vocoder_values = VOCODER_VALUES * model.profile.vocoder.peak_values
        return cls(
            position=model.language_model.cache_shape.num_values * value_bytes,
            frame=max(flow_values, vocoder_values) * FLOAT_BYTES,
            cached_frame=2 * flow.num_steps * flow.attended_values * value_bytes,  # with guidance and without
        )

    def of_sequence(self, num_positions: int) -> int:
        """Of a sequence of the language model with so many positions at last."""
        return self.position * (2 * num_positions + CACHE_GROWTH)


def most_positions(request: Request, profile: LanguageModelProfile) -> int:
    """As many as the language model may have read and said when it ends."""
    read = len(request.prompt_text) + len(request.text) + len(request.prompt_speech)
    return read + request.max_length(profile)


class Memory:
    """The memory that a model's stages share.

    Attributes:
        use: what they take of it.
        total_bytes: for all work.
        num_threads: batches of flow and vocoder that may be under way at once.
        decoding: for the language model, which on a GPU keeps its rows while others work.
        prompt_cache_bytes: for what the flow saw of voices' prompts.
        token2wav: for each of those batches.
        num_workers: processes that may work side by side; see `map_in_workers`.

    Args:
        wanted: for model and work together, such as 4GB; None for half of what is free, be it ever so little.
        max_threads: batches of flow and vocoder that are under way at once where there is memory for so many.

    Raises:
        UsageError: that is no amount, or too little for the model.
    """

    def __init__(self, model: Model, wanted: str | None = None, max_threads: int = 1) -> None:
        self.use = MemoryUse.of(model)
        flow = model.profile.flow
        thread_bytes = OVERHEAD + self.use.frame * flow.num_frames(LONGEST_S * flow.token_rate)
        least = 2 * thread_bytes
        self.total_bytes = (
            max(least, free_memory(model.device) // 2) if wanted is None else _beside(model, wanted, least)
        )
        self.decoding = MemoryBudget(self.total_bytes // DECODING_PART)
        self.prompt_cache_bytes = self.total_bytes // PROMPT_CACHE_PART
        left = self.total_bytes - self.decoding.num_bytes - self.prompt_cache_bytes
        self.num_threads = min(max_threads, left // thread_bytes)
        self.token2wav = MemoryBudget(left // self.num_threads - OVERHEAD)
        self.num_workers = min(self.num_threads, self.total_bytes // WORKER_BYTES)


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
            f"Give at least: --memory {megabytes(taken + least + UNSTEADY_BYTES)}",
        )
    return left
