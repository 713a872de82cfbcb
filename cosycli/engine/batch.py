"""Renders utterances together: language model, flow, vocoder, then checks.

A take that fails a check is rendered again with another seed, and the best take of each utterance is kept.

Batch composition does not change a take on a CPU, to the last bit (`tests/engine/test_batch_invariance.py`). On a GPU,
where products of other shapes are rounded otherwise, it changes samples within rounding, and so may change a token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from cosycli.engine.decoding import GeneratedTokens
from cosycli.engine.gates import chunk_boundaries, failures_of
from cosycli.engine.model_runner import ModelRunner
from cosycli.engine.token2wav import Token2Wav, Token2WavRequest
from cosycli.engine.utterance import Take, Utterance
from cosycli.engine.verification import SPOKEN_INSTRUCTION, Listener, verdict_on
from cosycli.engine.voice_cache import VoiceCache
from cosycli.model.masks import FlowMask
from cosycli.sound.recording import Recording

# Utterances that the language model decodes together, and the most that a killed run loses. More would be a little
# faster; see docs/performance.md.
BATCH_SIZE, BATCH_SIZE_ON_CUDA = 32, 256
WITHOUT_INSTRUCTION = "instruction left out, for it was spoken"


def max_batch_size(device: torch.device) -> int:
    """The most utterances that are worth rendering together."""
    return BATCH_SIZE_ON_CUDA if device.type == "cuda" else BATCH_SIZE


class BatchRenderer:
    """Renders a batch from text to checked takes.

    Args:
        listener: a recognizer that judges the words too, or None.
        max_retakes: how often what fails a check is rendered again.
    """

    def __init__(self, runner: ModelRunner, voices: VoiceCache, listener: Listener | None, max_retakes: int) -> None:
        self._runner, self._voices = runner, voices
        self._token2wav = Token2Wav(runner, voices)
        self._listener, self._max_retakes = listener, max_retakes

    def render_batch(self, utterances: Sequence[Utterance], mask: FlowMask) -> list[Take]:
        """The best take of each utterance.

        Raises:
            OutOfMemoryError: not even one of them fits into memory.
            Cancelled: the result is not wanted any more.
        """
        best: dict[int, Take] = {}
        wanted = dict(enumerate(utterances))
        pending = list(wanted)
        for attempt in range(self._max_retakes + 1):
            wanted |= {number: _without_spoken_instruction(wanted[number], best.get(number)) for number in pending}
            batch = [wanted[number].attempt(attempt) for number in pending]
            generated = self._runner.generate([self._voices.request(item) for item in batch])
            sounds = self._make_sound(batch, generated, mask)
            takes = self._listen(batch, self._judge(batch, generated, sounds, mask))
            best |= {number: _better(best.get(number), take) for number, take in zip(pending, takes, strict=True)}
            pending = [number for number in pending if best[number].failures]
            if not pending:
                break
        return [_told(best[number], wanted[number], utterance) for number, utterance in enumerate(utterances)]

    def _make_sound(
        self, batch: Sequence[Utterance], generated: Sequence[GeneratedTokens], mask: FlowMask
    ) -> list[NDArray[np.float32]]:
        requests = [
            Token2WavRequest(each.tokens, self._voices.prompt(item.voice), item.seed, item.speed)
            for item, each in zip(batch, generated, strict=True)
        ]
        with self._runner.token2wav_lock.held():
            return self._token2wav(requests, mask)

    def _judge(
        self,
        batch: Sequence[Utterance],
        generated: Sequence[GeneratedTokens],
        sounds: Sequence[NDArray[np.float32]],
        mask: FlowMask,
    ) -> list[Take]:
        """Takes with the names of the checks that they fail."""
        profile, takes = self._runner.model.profile, []
        for item, each, samples in zip(batch, generated, sounds, strict=True):
            failures = failures_of(
                item.segment.text,
                each,
                samples,
                profile,
                speed=item.speed,
                boundaries=self._boundaries(item, len(each.tokens), mask),
            )
            rate = profile.mel.sample_rate
            takes.append(Take(tokens=each.tokens, seed=item.seed, failures=failures, samples=samples, sample_rate=rate))
        return takes

    def _boundaries(self, item: Utterance, num_tokens: int, mask: FlowMask) -> list[int]:
        flow, num_prompt = self._runner.model.flow, self._voices.prompt(item.voice).mel.shape[1]
        return chunk_boundaries(flow, mask, num_prompt, flow.profile.num_frames(num_tokens), item.speed)

    def _listen(self, batch: Sequence[Utterance], takes: list[Take]) -> list[Take]:
        """The takes with the recognizer's findings, if there is one."""
        if self._listener is None:
            return takes
        with self._runner.listening_lock.held():
            return [self._verified(item, take, self._listener) for item, take in zip(batch, takes, strict=True)]

    def _verified(self, item: Utterance, take: Take, listener: Listener) -> Take:
        recording = Recording(take.samples, take.sample_rate)
        verdict = verdict_on(listener, recording, item, self._runner.model.profile.opening)
        return replace(take, failures=(*take.failures, *verdict.failures), error_rate=verdict.error_rate)


def _without_spoken_instruction(item: Utterance, take: Take | None) -> Utterance:
    """The utterance to render next: without its instruction where the take before has spoken that aloud."""
    was_spoken = take is not None and SPOKEN_INSTRUCTION in take.failures
    return replace(item, instruction=None) if was_spoken else item


def _better(kept: Take | None, new: Take) -> Take:
    return new if kept is None else replace(min(kept, new, key=_badness), num_draws=kept.num_draws + 1)


def _badness(take: Take) -> tuple[bool, int, float]:
    """The take with the least of it is kept; a spoken instruction is worse than any other failure."""
    return SPOKEN_INSTRUCTION in take.failures, len(take.failures), take.error_rate or 0.0


def _told(take: Take, rendered: Utterance, asked: Utterance) -> Take:
    """The take, with a note among its failures where its instruction was left out."""
    if rendered.instruction == asked.instruction:
        return take
    return replace(take, failures=(*take.failures, WITHOUT_INSTRUCTION))
