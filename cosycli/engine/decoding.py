"""Speech tokens for many utterances at once: a row of the batch that ends is given to the next utterance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from cosycli.engine.sampler import NO_TOKEN, sample, uniform_numbers
from cosycli.model.profile import LanguageModelProfile
from cosycli.model.speech_decoder import SpeechDecoder

__all__ = ["Request", "SilenceLimit", "Spoken", "decode", "without_long_silence"]


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


@dataclass(frozen=True)
class Spoken:
    """Speech tokens of one request, long silences cut; `ended` is False when the greatest length cut them off."""

    tokens: tuple[int, ...]
    ended: bool


@torch.inference_mode()
def decode(model: SpeechDecoder[Any], requests: Sequence[Request], batch_size: int = 16) -> list[Spoken]:
    """Speaks every request, up to `batch_size` at a time, in the order given."""
    batch = _Batch(model, min(batch_size, len(requests)))
    waiting = list(enumerate(requests))[::-1]
    done: dict[int, Spoken] = {}
    while waiting or batch.rows:
        while waiting and len(batch.rows) < batch_size:
            batch.admit(*waiting.pop())
        done |= batch.step()
    return [done[number] for number in range(len(requests))]


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


class _Row:
    """What a running request has said, and the limits it keeps."""

    def __init__(self, number: int, request: Request, profile: LanguageModelProfile) -> None:
        self.number = number
        self.min_length = profile.min_speech_per_text * len(request.text)
        self.max_length = profile.max_speech_per_text * len(request.text)
        self.uniform = uniform_numbers(request.seed, self.max_length + 1)
        self.tokens: list[int] = []

    def history(self, window: int) -> list[int]:
        """The latest `window` tokens, with `NO_TOKEN` before the first."""
        latest = self.tokens[-window:]
        return [NO_TOKEN] * (window - len(latest)) + latest


class _Batch:
    """The running rows: `rows[i]` speaks in row `i` of the cache, and `_log_probs[i]` is for its next token."""

    def __init__(self, model: SpeechDecoder[Any], batch_size: int) -> None:
        self.rows: list[_Row] = []
        self._model = model
        self._profile = model.profile
        self._cache = model.new_cache(batch_size)
        self._log_probs = torch.empty(0)

    def admit(self, number: int, request: Request) -> None:
        """Reads a request into a new last row."""
        text = request.prompt_text + request.text
        log_probs = self._model.read(text, request.prompt_speech, request.speaker, self._cache).cpu()
        self._log_probs = torch.cat((self._log_probs, log_probs[None])) if self.rows else log_probs[None]
        self.rows.append(_Row(number, request, self._profile))

    def step(self) -> dict[int, Spoken]:
        """Says one token in every row; returns the requests that this finished."""
        tokens = self._sample()
        done = {}
        for index in reversed(range(len(self.rows))):
            row, token = self.rows[index], tokens[index]
            ended = token >= self._profile.num_codes
            if not ended:
                row.tokens.append(token)
            if ended or len(row.tokens) >= row.max_length:
                done[row.number] = Spoken(without_long_silence(row.tokens, self._profile), ended)
                self._remove(index)
        if self.rows:
            latest = torch.tensor([row.tokens[-1] for row in self.rows])
            self._log_probs = self._model.step(latest, self._cache).cpu()
        return done

    def _sample(self) -> list[int]:
        """The next token of every row.

        As in the published code, only the first of the ids that stop is forbidden before the least length. The others
        are too where nothing has been said: silence of no length has no sound.
        """
        profile = self._profile
        history = torch.tensor([row.history(profile.repetition_window) for row in self.rows])
        too_short = torch.tensor([len(row.tokens) < row.min_length for row in self.rows])
        is_first = torch.tensor([not row.tokens for row in self.rows])
        self._log_probs[too_short, profile.num_codes] = float("-inf")
        self._log_probs[is_first, profile.num_codes :] = float("-inf")
        uniform = torch.stack([row.uniform[len(row.tokens)] for row in self.rows])
        tokens: list[int] = sample(self._log_probs, history, uniform, profile).tolist()
        return tokens

    def _remove(self, index: int) -> None:
        """The last row takes the place of the one that leaves, as in the cache."""
        self._cache.remove_row(index)
        self.rows[index] = self.rows[-1]
        self.rows.pop()
