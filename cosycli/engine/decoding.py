"""Decodes speech tokens for many utterances at once: a row of the batch that ends goes to the next utterance.

A `Scheduler` decides which sequences wait and which run; `_Rows` holds the running ones on the model's device, where a
step is the same few operations for all of them. B rows, V output ids.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any

import torch
from torch import Tensor

from cosycli.engine.captured_steps import CapturedSteps, Recorder, record_cuda_graph
from cosycli.engine.sampler import NO_TOKEN, sample, uniform_numbers
from cosycli.model.profile import LanguageModelProfile
from cosycli.model.speech_decoder import Request, SpeechDecoder

# Steps of a GPU between two looks at which sequences have ended. A look waits for the GPU, which then waits for the
# host; a row that has ended idles until the next look. See docs/performance.md.
STEPS_PER_LOOK = 8
# Positions, padding included, of prompts that are prefilled together: few fill a core of a CPU, many fill a GPU.
PREFILL_POSITIONS, PREFILL_POSITIONS_ON_CUDA = 256, 2048
LENGTH_MULTIPLE = 512  # tokens: rows that are kept for the next requests are then seldom too short for them


@dataclass(frozen=True)
class GeneratedTokens:
    """The speech tokens of one request; `ended` is False where the greatest length cut them off."""

    tokens: tuple[int, ...]
    ended: bool


class SequenceStatus(Enum):
    """The state of a sequence in the scheduler."""

    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"


@dataclass
class DecodingSequence:
    """A request on its way through the decoder.

    Attributes:
        generated: what came of it, once it is finished.
    """

    request: Request
    status: SequenceStatus = SequenceStatus.WAITING
    generated: GeneratedTokens | None = None

    def finish(self, generated: GeneratedTokens) -> None:
        self.status, self.generated = SequenceStatus.FINISHED, generated


def decode(model: SpeechDecoder[Any], requests: Sequence[Request], batch_size: int = 16) -> list[GeneratedTokens]:
    """As `Decoder.decode`, with a decoder of its own."""
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
        self._kept: list[_Rows] = []

    @torch.inference_mode()
    def decode(self, requests: Sequence[Request], batch_size: int = 16) -> list[GeneratedTokens]:
        """Decodes every request, up to `batch_size` at a time; less than twice as many where rows were kept.

        Returns:
            Their speech tokens, long silences cut, in the order given.
        """
        if not requests:
            return []
        profile = self._model.profile
        longest = max(request.max_length(profile) for request in requests)
        kept, self._kept = self._kept, []  # so that nothing is kept where this fails, for want of memory or else
        rows = self._rows_for(min(batch_size, len(requests)), longest, kept)
        sequences = [DecodingSequence(request) for request in requests]
        scheduler = Scheduler(rows, sequences)
        while scheduler.has_unfinished:
            scheduler.step()
        if rows.has_fixed_shapes:
            self._kept = [rows, *(each for each in kept if each.max_rows != rows.max_rows)]
        return [_without_long_silence(sequence, profile) for sequence in sequences]

    def _rows_for(self, num_rows: int, max_tokens: int, kept: Sequence[_Rows]) -> _Rows:
        """Kept rows of at least this number and less than twice as many, or new ones."""
        for rows in kept:
            if num_rows <= rows.max_rows < 2 * num_rows and rows.max_tokens >= max_tokens:
                return rows
        rounded = LENGTH_MULTIPLE * -(-max_tokens // LENGTH_MULTIPLE)
        return _Rows(self._model, num_rows, rounded, self._has_fixed_shapes, self._record)


class Scheduler:
    """Gives rows to the sequences that wait, the longest first, until all are finished.

    Attributes:
        waiting: the next one is at the left.
        running: the sequence in each row.
    """

    def __init__(self, rows: _Rows, sequences: Sequence[DecodingSequence]) -> None:
        self.waiting = deque(sorted(sequences, key=lambda sequence: len(sequence.request.text), reverse=True))
        self.running: list[DecodingSequence] = []
        self._rows = rows

    @property
    def has_unfinished(self) -> bool:
        return bool(self.waiting or self.running)

    def step(self) -> None:
        """Starts waiting sequences in free rows, generates tokens in all rows, and frees the rows that have ended."""
        while self.waiting and self._num_free:
            self._start(self._next_to_prefill())
        for _ in range(STEPS_PER_LOOK if self._rows.has_fixed_shapes else 1):
            self._rows.step()
        for row in self._rows.ended():
            self._finish(row)

    @property
    def _num_free(self) -> int:
        return self._rows.max_rows - len(self.running)

    def _next_to_prefill(self) -> list[DecodingSequence]:
        """The waiting sequences that are best prefilled together; one at least."""
        most = PREFILL_POSITIONS_ON_CUDA if self._rows.has_fixed_shapes else PREFILL_POSITIONS
        longest, taken = 0, list[DecodingSequence]()
        while self.waiting and len(taken) < self._num_free:
            longest = max(longest, self.waiting[0].request.num_tokens)
            if taken and (len(taken) + 1) * longest > most:
                break
            taken.append(self.waiting.popleft())
        return taken

    def _start(self, sequences: Sequence[DecodingSequence]) -> None:
        for sequence in sequences:
            sequence.status = SequenceStatus.RUNNING
        self.running += sequences
        self._rows.add([sequence.request for sequence in sequences])

    def _finish(self, row: int) -> None:
        """The last row takes the place of the one that leaves."""
        self.running[row].finish(self._rows.remove(row))
        self.running[row] = self.running[-1]
        self.running.pop()


@dataclass(frozen=True)
class _RowState:
    """The state of each row; sequences may be N tokens long, and the sampler looks back at W tokens.

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
    def empty(cls, num_rows: int, max_tokens: int, window: int, device: torch.device) -> _RowState:
        num_tokens, least, most = torch.zeros(3, num_rows, dtype=torch.long, device=device)
        is_running, has_stopped = torch.zeros(2, num_rows, dtype=torch.bool, device=device)
        return cls(
            tokens=torch.full((num_rows, window + max_tokens + 1), NO_TOKEN, device=device),
            num_tokens=num_tokens,
            min_length=least,
            max_length=most,
            uniform=torch.zeros(num_rows, max_tokens + 1, 2, device=device),
            is_running=is_running,
            has_stopped=has_stopped,
        )

    def part(self, rows: slice) -> _RowState:
        """Some rows, in the same memory."""
        return _RowState(*(getattr(self, each.name)[rows] for each in fields(self)))

    def begin(self, row: int, request: Request, profile: LanguageModelProfile) -> None:
        most = request.max_length(profile)
        self.tokens[row] = NO_TOKEN
        self.num_tokens[row] = 0
        self.min_length[row] = request.min_length(profile)
        self.max_length[row] = most
        self.uniform[row, : most + 1] = uniform_numbers(request.seed, most + 1)
        self.is_running[row] = True
        self.has_stopped[row] = False

    def move(self, source: int, target: int) -> None:
        for each in fields(self):
            values = getattr(self, each.name)
            values[target] = values[source]


class _Rows:
    """The rows of a batch: their cache, what they have generated, and the step that all of them take together.

    Args:
        max_rows: the most at once.
        max_tokens: the most that one may generate.
        has_fixed_shapes, record: see `Decoder`.
    """

    def __init__(
        self, model: SpeechDecoder[Any], max_rows: int, max_tokens: int, has_fixed_shapes: bool | None, record: Recorder
    ) -> None:
        self.max_rows, self.max_tokens = max_rows, max_tokens
        self._model, self._profile = model, model.profile
        self._cache = model.new_cache(max_rows, has_fixed_shapes)
        # Drawing takes float64, which not every device has.
        device = self._cache.device if self._cache.device.type == "cuda" else torch.device("cpu")
        self._state = _RowState.empty(max_rows, max_tokens, self._profile.repetition_window, device)
        self._num_rows = 0
        self._steps = CapturedSteps(record)

    @property
    def has_fixed_shapes(self) -> bool:
        return self._cache.has_fixed_shapes

    def add(self, requests: Sequence[Request]) -> None:
        """Prefills requests into new last rows, together, and samples the first token of each."""
        rows = slice(self._num_rows, self._num_rows + len(requests))
        for row, request in enumerate(requests, rows.start):
            self._state.begin(row, request, self._profile)
        self._num_rows = rows.stop
        log_probs = self._model.prefill(requests, self._cache)
        self._sample(log_probs, self._state.part(rows))

    def step(self) -> None:
        """Generates one more token in every running row; the token of any other row is dropped."""
        self._cache.reserve()
        if self.has_fixed_shapes:
            self._steps.run(self._advance, self._cache.extent)
        else:
            self._advance()

    def ended(self) -> list[int]:
        """The rows with nothing more to generate, the last one first."""
        is_running = self._state.is_running[: self._num_rows].tolist()
        return [row for row in reversed(range(self._num_rows)) if not is_running[row]]

    def remove(self, row: int) -> GeneratedTokens:
        """Frees a row and returns its tokens; the last row takes its place, as in the cache."""
        tokens = self._state.tokens[row, self._profile.repetition_window :][: int(self._state.num_tokens[row])]
        generated = GeneratedTokens(tuple(tokens.tolist()), bool(self._state.has_stopped[row]))
        self._num_rows -= 1
        self._cache.remove(row)
        self._state.move(self._num_rows, row)
        self._state.is_running[self._num_rows] = False
        return generated

    def _advance(self) -> None:
        state = self._state.part(slice(self.max_rows if self.has_fixed_shapes else self._num_rows))
        latest = state.tokens.gather(1, state.num_tokens[:, None] + self._profile.repetition_window - 1)[:, 0]
        self._sample(self._model.step(latest.clamp_(min=0), self._cache), state)

    def _sample(self, log_probs: Tensor, state: _RowState) -> None:
        """Samples the next token of some rows from log-probabilities (B, V).

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


def _without_long_silence(sequence: DecodingSequence, profile: LanguageModelProfile) -> GeneratedTokens:
    assert sequence.generated is not None  # the scheduler stops when every sequence is finished
    return GeneratedTokens(without_long_silence(sequence.generated.tokens, profile), sequence.generated.ended)


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
