"""Speech tokens for many utterances at once: a row of the batch that ends is given to the next utterance.

Speech tokens a second by rows at once, 200 to 260 positions in, on one Zen 5 core whose memory others used too:

| rows | built-in model, float32 | CosyVoice 2's size, bfloat16 |
|---|---|---|
| 1 | 480 | 32 |
| 8 | 2200 | 160 |
| 16 | 3200 | 230 |
| 32 | 3900 | 280 |
| 64 | 5000 | 340 |
| 128 | 5300 | 420 |
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch

from cosycli.engine.active_sequences import ActiveSequences
from cosycli.engine.captured_steps import Recorder, record_cuda_graph
from cosycli.engine.request import GeneratedTokens, Request
from cosycli.model.profile import LanguageModelProfile
from cosycli.model.speech_decoder import SpeechDecoder

__all__ = ["Decoder", "GeneratedTokens", "Request", "SilenceLimit", "decode", "without_long_silence"]

# Steps of a GPU between two looks at who has ended. A look waits for the GPU, which then waits for the host: about 0.05
# ms beside steps of 0.5 ms or more. A row that has ended idles for half of these steps, of the 250 of ten seconds. The
# sum of both is least near the square root of 2 * 250 * 0.05 / 0.5. (Reckoned, not measured.)
LOOK_EVERY = 8
# Positions, padding included, of prompts that are prefilled together. On one Zen 5 core the built-in model read 32
# prompts of 60 to 100 positions in 154 ms one by one, and in 117 ms four by four; one of CosyVoice 2's fills the core
# alone. A GPU, which is given one kernel after another, takes more to fill. (Reckoned, not measured.)
PREFILL_POSITIONS, PREFILL_POSITIONS_ON_CUDA = 256, 2048
LENGTHS = 512  # tokens: sequences may be a multiple of them long, so that the memory kept is seldom too short


def decode(model: SpeechDecoder[Any], requests: Sequence[Request], batch_size: int = 16) -> list[GeneratedTokens]:
    """As `Decoder.decode`, with one of its own."""
    return Decoder(model).decode(requests, batch_size)


class Decoder:
    """Decodes requests with a language model.

    Where shapes are fixed it keeps its rows for the next requests, and with them the steps that were recorded.

    Args:
        has_fixed_shapes: every step is like the one before, so that it can be recorded; None for so on CUDA alone.
        record: what records steps; see `CapturedSteps`.
    """

    def __init__(
        self, model: SpeechDecoder[Any], has_fixed_shapes: bool | None = None, record: Recorder = record_cuda_graph
    ) -> None:
        self._model = model
        self._has_fixed_shapes = has_fixed_shapes
        self._record = record
        self._kept: list[ActiveSequences] = []

    @torch.inference_mode()
    def decode(self, requests: Sequence[Request], batch_size: int = 16) -> list[GeneratedTokens]:
        """Decodes every request, up to `batch_size` at a time; less than twice as many where rows were kept.

        Returns:
            Their speech tokens, long silences cut, in the order given; the longest are begun first.
        """
        if not requests:
            return []
        profile = self._model.profile
        waiting = sorted(range(len(requests)), key=lambda number: len(requests[number].text))
        max_length = max(request.max_length(profile) for request in requests)
        kept, self._kept = self._kept, []  # so that nothing is kept where this fails, for want of memory or else
        active = self._active_for(min(batch_size, len(requests)), max_length, kept)
        generated: dict[int, GeneratedTokens] = {}
        while len(generated) < len(requests):
            while waiting and active.num_free:
                active.add({number: requests[number] for number in _next_to_prefill(waiting, requests, active)})
            for _ in range(LOOK_EVERY if active.has_fixed_shapes else 1):
                active.step()
            generated |= active.take_finished()
        if active.has_fixed_shapes:
            self._kept = [active, *(each for each in kept if each.max_sequences != active.max_sequences)]
        return [
            replace(each, tokens=without_long_silence(each.tokens, profile)) for _, each in sorted(generated.items())
        ]

    def _active_for(self, num_sequences: int, max_length: int, kept: Sequence[ActiveSequences]) -> ActiveSequences:
        """Those of the kept that have room for so many, though not for twice as many; or new ones."""
        for active in kept:
            if num_sequences <= active.max_sequences < 2 * num_sequences and active.max_length >= max_length:
                return active
        rounded = LENGTHS * -(-max_length // LENGTHS)
        return ActiveSequences(self._model, num_sequences, rounded, self._has_fixed_shapes, self._record)


def _next_to_prefill(waiting: list[int], requests: Sequence[Request], active: ActiveSequences) -> Iterator[int]:
    """Takes from the end of those that wait what is best prefilled together."""
    longest, most = 0, PREFILL_POSITIONS_ON_CUDA if active.has_fixed_shapes else PREFILL_POSITIONS
    for count in range(1, min(len(waiting), active.num_free) + 1):
        longest = max(longest, requests[waiting[-1]].prompt.num_tokens)
        if count > 1 and count * longest > most:
            break
        yield waiting.pop()


def without_long_silence(tokens: Sequence[int], profile: LanguageModelProfile) -> tuple[int, ...]:
    """The tokens without those that are more than `profile.max_silence` silent ones in a row."""
    limit = SilenceLimit(profile)
    return tuple(token for token in tokens if limit.keeps(token))


class SilenceLimit:
    """Lets at most `profile.max_silence` silent tokens in a row pass."""

    def __init__(self, profile: LanguageModelProfile) -> None:
        self._profile = profile
        self._num_silent = 0

    def keeps(self, token: int) -> bool:
        """Whether the next token is to be voiced."""
        self._num_silent = self._num_silent + 1 if token in self._profile.silent_codes else 0
        return self._num_silent <= self._profile.max_silence
