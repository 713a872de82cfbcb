"""The voices that a model has met: what each gives the networks, and the flow's state after its prompt.

Under the chunk masks the flow need not go through a voice's prompt again with every segment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from torch import Tensor

from cosycli.engine.memory import OutOfMemoryError
from cosycli.engine.model_runner import ModelRunner
from cosycli.engine.utterance import Utterance
from cosycli.engine.voice_prompt import PROMPT_S, VoicePrompt, prepare_voice, request_of
from cosycli.model.flow import EMPTY_CACHE, FlowCache
from cosycli.model.masks import FlowMask
from cosycli.model.speech_decoder import Request


class VoiceCache:
    """Prompts by the names of their voices, and flow caches, first come, first kept.

    Args:
        runner: runs the flow over prompts, and says how much memory there is for what is kept of them.
        prompt_s: see `prepare_voice`.
    """

    def __init__(self, runner: ModelRunner, prompt_s: float = PROMPT_S) -> None:
        self._runner, self._prompt_s = runner, prompt_s
        self._prompts: dict[str, VoicePrompt] = {}
        self._flow_caches: dict[tuple[VoicePrompt, FlowMask], FlowCache] = {}

    def prompt(self, voice: str) -> VoicePrompt:
        """What a voice gives the networks; raises what `prepare_voice` does."""
        if voice not in self._prompts:
            self._prompts[voice] = prepare_voice(self._runner.model, voice, self._prompt_s)
        return self._prompts[voice]

    def request(self, item: Utterance) -> Request:
        """What the language model reads of an utterance."""
        return request_of(item, self.prompt(item.voice), self._runner.model)

    def add(self, prompts: Mapping[str, VoicePrompt]) -> None:
        """Prompts that were prepared elsewhere; those that are here already stay."""
        self._prompts = {**prompts, **self._prompts}

    def flow_cache(self, prompt: VoicePrompt, mask: FlowMask) -> FlowCache:
        """The flow's state after whole chunks of a prompt, as many as memory holds.

        Empty under the full mask, and where the prompt is too short or memory is.
        """
        key = (prompt, mask)
        if key not in self._flow_caches:
            memory = self._runner.memory
            left = memory.prompt_cache_bytes - sum(cache.num_bytes for cache in self._flow_caches.values())
            try:
                cache = self._prefill(prompt, mask, max(0, left) // memory.use.cached_frame)
            except OutOfMemoryError:
                cache = EMPTY_CACHE
            self._flow_caches[key] = cache
        return self._flow_caches[key]

    def _prefill(self, prompt: VoicePrompt, mask: FlowMask, max_frames: int) -> FlowCache:
        """In a thread of the pool, so that it is the same on any number of cores."""
        profile, memory = self._runner.model.profile.flow, self._runner.memory
        chunk = mask.chunk_tokens(profile.chunk)
        num_tokens = min(len(prompt.tokens), max_frames // profile.mel_per_token + profile.lookahead)
        if chunk is None or num_tokens < chunk + profile.lookahead:
            return EMPTY_CACHE
        cut = replace(prompt, tokens=prompt.tokens[:num_tokens], mel=prompt.mel[:, : profile.num_frames(num_tokens)])

        def extend(voice: VoicePrompt) -> tuple[Tensor, FlowCache]:
            return self._runner.extend_mel(voice, (), 0, mask, EMPTY_CACHE, False)

        ((_, cache),) = memory.token2wav.fill(
            lambda _: self._runner.thread_pool.map(extend, [cut]), 1, cut.mel.shape[1] * memory.use.frame
        )
        return cache
