"""A mel that is made while its speech tokens still come.

Legend: M mel frames.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from cosycli.engine.stages import Stages
from cosycli.engine.voice_prompt import VoicePrompt
from cosycli.model.masks import FlowMask

__all__ = ["GrowingMel"]


class GrowingMel:
    """The mel of one passage under the chunk mask; see `Flow.go_on`."""

    def __init__(self, stages: Stages, prompt: VoicePrompt, seed: int) -> None:
        self._stages, self._prompt, self._seed = stages, prompt, seed
        self._past = stages.past(prompt, FlowMask.CHUNK)
        self._num_unspoken = prompt.mel.shape[1] - self._past.num_frames  # frames of the prompt that are still to come
        self._mel = torch.zeros(prompt.mel.shape[0], 0, device=stages.model.device)

    def take(self, tokens: Sequence[int], is_last: bool) -> Tensor:
        """What is now known of it: (num_mels, M) from its beginning, without the prompt.

        Args:
            tokens: all so far.
            is_last: there will be no more.
        """
        new, self._past = self._stages.go_on(self._prompt, tokens, self._seed, FlowMask.CHUNK, self._past, is_last)
        num_unspoken, self._num_unspoken = self._num_unspoken, max(0, self._num_unspoken - new.shape[1])
        self._mel = torch.cat([self._mel, new[:, num_unspoken:]], dim=1)
        return self._mel
