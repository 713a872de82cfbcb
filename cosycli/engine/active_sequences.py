"""The sequences that are being decoded, one to a row, all of them a token further with each step.

What is known of a row lies on the model's device, and a step is the same few operations for all rows: the model's, the
drawing of tokens, and the book-keeping. B rows, V output ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor

from cosycli.engine.captured_steps import CapturedSteps, Recorder
from cosycli.engine.request import GeneratedTokens, Request
from cosycli.engine.sampler import NO_TOKEN, sample, uniform_numbers
from cosycli.model.profile import LanguageModelProfile
from cosycli.model.speech_decoder import SpeechDecoder

__all__ = ["ActiveSequences"]


@dataclass(frozen=True)
class _State:
    """What is known of sequences that may be N tokens long, where the sampler looks back at W tokens.

    Attributes:
        tokens: (B, W + N + 1) tokens, after as many `NO_TOKEN` as the sampler looks back at.
        num_tokens, min_length, max_length: (B,) of tokens.
        uniform: (B, N + 1, 2) numbers to draw with.
        is_running: (B,) whether there is more to generate.
        has_stopped: (B,) whether it ended by itself.
    """

    tokens: Tensor
    num_tokens: Tensor
    min_length: Tensor
    max_length: Tensor
    uniform: Tensor
    is_running: Tensor
    has_stopped: Tensor

    @classmethod
    def empty(cls, num_sequences: int, max_length: int, window: int, device: torch.device) -> _State:
        num_tokens, min_length, max_lengths = torch.zeros(3, num_sequences, dtype=torch.long, device=device)
        is_running, has_stopped = torch.zeros(2, num_sequences, dtype=torch.bool, device=device)
        return cls(
            tokens=torch.full((num_sequences, window + max_length + 1), NO_TOKEN, device=device),
            num_tokens=num_tokens,
            min_length=min_length,
            max_length=max_lengths,
            uniform=torch.zeros(num_sequences, max_length + 1, 2, device=device),
            is_running=is_running,
            has_stopped=has_stopped,
        )

    def part(self, rows: slice) -> _State:
        """Some rows, in the same memory."""
        return _State(*(getattr(self, each.name)[rows] for each in fields(self)))

    def begin(self, row: int, request: Request, profile: LanguageModelProfile) -> None:
        max_length = request.max_length(profile)
        self.tokens[row] = NO_TOKEN
        self.num_tokens[row] = 0
        self.min_length[row] = request.min_length(profile)
        self.max_length[row] = max_length
        self.uniform[row, : max_length + 1] = uniform_numbers(request.seed, max_length + 1)
        self.is_running[row] = True
        self.has_stopped[row] = False

    def move(self, source: int, target: int) -> None:
        for each in fields(self):
            values = getattr(self, each.name)
            values[target] = values[source]


class ActiveSequences:
    """Requests that are being decoded, each in the row of the cache that has its number here.

    Args:
        max_sequences: the most at once.
        max_length: the most tokens that one may generate.
        has_fixed_shapes, record: see `Decoder`.
    """

    def __init__(
        self,
        model: SpeechDecoder[Any],
        max_sequences: int,
        max_length: int,
        has_fixed_shapes: bool | None,
        record: Recorder,
    ) -> None:
        self.max_sequences, self.max_length = max_sequences, max_length
        self._model, self._profile = model, model.profile
        self._cache = model.new_cache(max_sequences, has_fixed_shapes)
        # Drawing takes float64, which not every device has.
        device = self._cache.device if self._cache.device.type == "cuda" else torch.device("cpu")
        self._state = _State.empty(max_sequences, max_length, self._profile.repetition_window, device)
        self._numbers: list[int] = []  # of the requests, by row
        self._steps = CapturedSteps(record)

    @property
    def has_fixed_shapes(self) -> bool:
        return self._cache.has_fixed_shapes

    @property
    def num_free(self) -> int:
        return self.max_sequences - len(self._numbers)

    def add(self, requests: Mapping[int, Request]) -> None:
        """Prefills numbered requests into new last rows, together, and samples the first token of each."""
        rows = slice(len(self._numbers), len(self._numbers) + len(requests))
        for row, request in enumerate(requests.values(), rows.start):
            self._state.begin(row, request, self._profile)
        self._numbers += requests
        log_probs = self._model.prefill([request.prompt for request in requests.values()], self._cache)
        self._sample(log_probs, self._state.part(rows))

    def step(self) -> None:
        """Generates one token more in every row that is running; in one that is not, what comes is dropped."""
        self._cache.reserve()
        if self.has_fixed_shapes:
            self._steps.run(self._advance, self._cache.extent)
        else:
            self._advance()

    def take_finished(self) -> dict[int, GeneratedTokens]:
        """What was generated in the rows that are no longer running, by number; these rows are free again."""
        is_running = self._state.is_running[: len(self._numbers)].tolist()
        return dict(self._remove(row) for row in reversed(range(len(is_running))) if not is_running[row])

    def _advance(self) -> None:
        state = self._state.part(slice(self.max_sequences if self.has_fixed_shapes else len(self._numbers)))
        latest = state.tokens.gather(1, state.num_tokens[:, None] + self._profile.repetition_window - 1)[:, 0]
        self._sample(self._model.step(latest.clamp_(min=0), self._cache), state)

    def _sample(self, log_probs: Tensor, state: _State) -> None:
        """Draws the next token of some rows from log-probabilities (B, V).

        As in the published code, only the first of the ids that stop is forbidden before the least length. The others
        are too where there is no token yet: silence of no length has no sound.
        """
        profile, num_tokens = self._profile, state.num_tokens[:, None]
        window = profile.repetition_window
        log_probs = log_probs.to(state.tokens.device)
        log_probs[:, profile.num_codes].masked_fill_(state.num_tokens < state.min_length, float("-inf"))
        log_probs[:, profile.num_codes :].masked_fill_(num_tokens == 0, float("-inf"))
        history = state.tokens.gather(1, num_tokens + torch.arange(window, device=num_tokens.device))
        uniform = state.uniform.gather(1, num_tokens[..., None].expand(-1, -1, 2))[:, 0]
        tokens = sample(log_probs, history, uniform, profile, self.has_fixed_shapes)
        stops = tokens >= profile.num_codes
        continues = state.is_running & ~stops
        state.tokens.scatter_(1, num_tokens + window, torch.where(continues, tokens, NO_TOKEN)[:, None])
        state.has_stopped.logical_or_(state.is_running & stops)
        state.num_tokens.add_(continues)
        state.is_running.copy_(continues & (state.num_tokens < state.max_length))

    def _remove(self, row: int) -> tuple[int, GeneratedTokens]:
        """Ends a sequence; the last row takes the place of the one that leaves, as in the cache."""
        tokens = self._state.tokens[row, self._profile.repetition_window :][: int(self._state.num_tokens[row])]
        ended = self._numbers[row], GeneratedTokens(tuple(tokens.tolist()), bool(self._state.has_stopped[row]))
        self._cache.remove(row)
        self._state.move(len(self._numbers) - 1, row)
        self._numbers[row] = self._numbers[-1]
        self._numbers.pop()
        self._state.is_running[len(self._numbers)] = False
        return ended
