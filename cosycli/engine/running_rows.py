"""The utterances that are being said, one to a row, all of them a token further with each step.

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
from cosycli.engine.request import Request, Spoken
from cosycli.engine.sampler import NO_TOKEN, sample, uniform_numbers
from cosycli.model.profile import LanguageModelProfile
from cosycli.model.speech_decoder import SpeechDecoder

__all__ = ["RunningRows"]


@dataclass(frozen=True)
class _Rows:
    """What is known of rows whose utterances may be N tokens long, where the sampler looks back at W tokens.

    Attributes:
        said: (B, W + N + 1) tokens, after as many `NO_TOKEN` as the sampler looks back at.
        num_said, min_length, max_length: (B,) of tokens.
        uniform: (B, N + 1, 2) numbers to draw with.
        is_running: (B,) whether there is more to say.
        has_stopped: (B,) whether it ended by itself.
    """

    said: Tensor
    num_said: Tensor
    min_length: Tensor
    max_length: Tensor
    uniform: Tensor
    is_running: Tensor
    has_stopped: Tensor

    @classmethod
    def empty(cls, num_rows: int, max_length: int, window: int, device: torch.device) -> _Rows:
        num_said, min_length, max_lengths = torch.zeros(3, num_rows, dtype=torch.long, device=device)
        is_running, has_stopped = torch.zeros(2, num_rows, dtype=torch.bool, device=device)
        return cls(
            said=torch.full((num_rows, window + max_length + 1), NO_TOKEN, device=device),
            num_said=num_said,
            min_length=min_length,
            max_length=max_lengths,
            uniform=torch.zeros(num_rows, max_length + 1, 2, device=device),
            is_running=is_running,
            has_stopped=has_stopped,
        )

    def part(self, rows: slice) -> _Rows:
        """Some rows, in the same memory."""
        return _Rows(*(getattr(self, each.name)[rows] for each in fields(self)))

    def begin(self, row: int, request: Request, profile: LanguageModelProfile) -> None:
        max_length = request.max_length(profile)
        self.said[row] = NO_TOKEN
        self.num_said[row] = 0
        self.min_length[row] = request.min_length(profile)
        self.max_length[row] = max_length
        self.uniform[row, : max_length + 1] = uniform_numbers(request.seed, max_length + 1)
        self.is_running[row] = True
        self.has_stopped[row] = False

    def move(self, source: int, target: int) -> None:
        for each in fields(self):
            values = getattr(self, each.name)
            values[target] = values[source]


class RunningRows:
    """Requests that are being said, each in the row of the cache that has its number here.

    Args:
        max_rows: the most at once.
        max_length: the most tokens that one may say.
        has_fixed_shapes, record: see `Decoder`.
    """

    def __init__(
        self,
        model: SpeechDecoder[Any],
        max_rows: int,
        max_length: int,
        has_fixed_shapes: bool | None,
        record: Recorder,
    ) -> None:
        self.max_rows, self.max_length = max_rows, max_length
        self._model, self._profile = model, model.profile
        self._cache = model.new_cache(max_rows, has_fixed_shapes)
        # Drawing takes float64, which not every device has.
        device = self._cache.device if self._cache.device.type == "cuda" else torch.device("cpu")
        self._rows = _Rows.empty(max_rows, max_length, self._profile.repetition_window, device)
        self._numbers: list[int] = []  # of the requests, by row
        self._steps = CapturedSteps(record)

    @property
    def has_fixed_shapes(self) -> bool:
        return self._cache.has_fixed_shapes

    @property
    def num_free(self) -> int:
        return self.max_rows - len(self._numbers)

    def admit(self, requests: Mapping[int, Request]) -> None:
        """Reads numbered requests into new last rows, together, and says the first token of each."""
        rows = slice(len(self._numbers), len(self._numbers) + len(requests))
        for row, request in enumerate(requests.values(), rows.start):
            self._rows.begin(row, request, self._profile)
        self._numbers += requests
        log_probs = self._model.read([request.prompt for request in requests.values()], self._cache)
        self._say(log_probs, self._rows.part(rows))

    def step(self) -> None:
        """Says one token more in every row that is running; in one that is not, what comes is dropped."""
        self._cache.make_room()
        if self.has_fixed_shapes:
            self._steps.run(self._advance, self._cache.extent)
        else:
            self._advance()

    def take_ended(self) -> dict[int, Spoken]:
        """What was said in the rows that are no longer running, by number; these rows are free again."""
        is_running = self._rows.is_running[: len(self._numbers)].tolist()
        return dict(self._take(row) for row in reversed(range(len(is_running))) if not is_running[row])

    def _advance(self) -> None:
        rows = self._rows.part(slice(self.max_rows if self.has_fixed_shapes else len(self._numbers)))
        latest = rows.said.gather(1, rows.num_said[:, None] + self._profile.repetition_window - 1)[:, 0]
        self._say(self._model.step(latest.clamp_(min=0), self._cache), rows)

    def _say(self, log_probs: Tensor, rows: _Rows) -> None:
        """Draws the next token of some rows from log-probabilities (B, V).

        As in the published code, only the first of the ids that stop is forbidden before the least length. The others
        are too where nothing has been said: silence of no length has no sound.
        """
        profile, num_said = self._profile, rows.num_said[:, None]
        window = profile.repetition_window
        log_probs = log_probs.to(rows.said.device)
        log_probs[:, profile.num_codes].masked_fill_(rows.num_said < rows.min_length, float("-inf"))
        log_probs[:, profile.num_codes :].masked_fill_(num_said == 0, float("-inf"))
        history = rows.said.gather(1, num_said + torch.arange(window, device=num_said.device))
        uniform = rows.uniform.gather(1, num_said[..., None].expand(-1, -1, 2))[:, 0]
        tokens = sample(log_probs, history, uniform, profile, self.has_fixed_shapes)
        stops = tokens >= profile.num_codes
        goes_on = rows.is_running & ~stops
        rows.said.scatter_(1, num_said + window, torch.where(goes_on, tokens, NO_TOKEN)[:, None])
        rows.has_stopped.logical_or_(rows.is_running & stops)
        rows.num_said.add_(goes_on)
        rows.is_running.copy_(goes_on & (rows.num_said < rows.max_length))

    def _take(self, row: int) -> tuple[int, Spoken]:
        """The last row takes the place of the one that leaves, as in the cache."""
        tokens = self._rows.said[row, self._profile.repetition_window :][: int(self._rows.num_said[row])]
        ended = self._numbers[row], Spoken(tuple(tokens.tolist()), bool(self._rows.has_stopped[row]))
        self._cache.remove_row(row)
        self._rows.move(len(self._numbers) - 1, row)
        self._numbers[row] = self._numbers[-1]
        self._numbers.pop()
        self._rows.is_running[len(self._numbers)] = False
        return ended
