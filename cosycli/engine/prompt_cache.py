"""Caches what the flow saw of voices' prompts: under the chunk masks it need not see them again with every segment.

With a prompt of 3 s, CosyVoice 2's flow takes 0.86 of the time for a segment of 10 s (bfloat16, two Zen 5 cores).
"""

from __future__ import annotations

from collections.abc import Callable

from cosycli.engine.memory_budget import OutOfMemoryError
from cosycli.engine.voice_prompt import VoicePrompt
from cosycli.model.flow import EMPTY_CACHE, FlowCache
from cosycli.model.masks import FlowMask

__all__ = ["PromptCache"]


class PromptCache:
    """First come, first kept; prompts that memory is too short for are gone through every time.

    Args:
        num_bytes: for all of them.
        frame_bytes: that each mel frame of a prompt takes.
        make: gives the cache of a prompt, of no more than so many frames.
    """

    def __init__(
        self, num_bytes: int, frame_bytes: int, make: Callable[[VoicePrompt, FlowMask, int], FlowCache]
    ) -> None:
        self._left, self._frame_bytes, self._make = num_bytes, frame_bytes, make
        self._kept: dict[tuple[VoicePrompt, FlowMask], FlowCache] = {}

    def of(self, prompt: VoicePrompt, mask: FlowMask) -> FlowCache:
        """Of whole chunks of the prompt; nothing where it is too short, and under the full mask."""
        key = (prompt, mask)
        if key not in self._kept:
            try:
                cache = self._make(prompt, mask, max(0, self._left) // self._frame_bytes)
            except OutOfMemoryError:
                cache = EMPTY_CACHE
            self._left -= cache.num_bytes
            self._kept[key] = cache
        return self._kept[key]
