"""What the flow saw of voices' prompts, so that under the chunk masks it need not go through them with every segment.

With a prompt of 3 s, a segment of 10 s takes CosyVoice 2's flow a third less that way.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from cosycli.engine.voice_prompt import VoicePrompt
from cosycli.model.flow import FlowPast
from cosycli.model.masks import FlowMask

__all__ = ["PromptPasts"]


class PromptPasts:
    """The pasts of the voices that spoke last, as many as there is memory for.

    Args:
        num_bytes: for all of them.
        frame_bytes: that each mel frame of a prompt takes.
        make: gives the past of a prompt, of no more than so many frames.
    """

    def __init__(
        self, num_bytes: int, frame_bytes: int, make: Callable[[VoicePrompt, FlowMask, int], FlowPast]
    ) -> None:
        self._num_bytes, self._frame_bytes, self._make = num_bytes, frame_bytes, make
        self._kept: OrderedDict[tuple[VoicePrompt, FlowMask], FlowPast] = OrderedDict()

    def of(self, prompt: VoicePrompt, mask: FlowMask) -> FlowPast:
        """Of whole chunks of the prompt; nothing where it is too short, and under the full mask."""
        key = (prompt, mask)
        if key not in self._kept:
            past = self._make(prompt, mask, self._num_bytes // self._frame_bytes)
            while self._kept and past.num_bytes + self._taken() > self._num_bytes:
                self._kept.popitem(last=False)
            self._kept[key] = past
        self._kept.move_to_end(key)
        return self._kept[key]

    def _taken(self) -> int:
        return sum(past.num_bytes for past in self._kept.values())
