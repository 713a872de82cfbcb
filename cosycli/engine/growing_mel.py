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
    """The mel of one passage under the chunk mask; see `Flow.extend`."""

    def __init__(self, stages: Stages, prompt: VoicePrompt, seed: int) -> None:
        self._stages, self._prompt, self._seed = stages, prompt, seed
        self._cache = stages.prompt_cache(prompt, FlowMask.CHUNK)
        self._num_prompt_left = prompt.mel.shape[1] - self._cache.num_frames  # frames of the prompt still to come
        self._mel = torch.zeros(prompt.mel.shape[0], 0, device=stages.model.device)

    def take(self, tokens: Sequence[int], is_last: bool) -> Tensor:
        """What is now known of it: (num_mels, M) from its beginning, without the prompt.

        Args:
            tokens: all so far.
            is_last: there will be no more.
        """
        new, self._cache = self._stages.extend_mel(
            self._prompt, tokens, self._seed, FlowMask.CHUNK, self._cache, is_last
        )
        num_prompt_left, self._num_prompt_left = self._num_prompt_left, max(0, self._num_prompt_left - new.shape[1])
        self._mel = torch.cat([self._mel, new[:, num_prompt_left:]], dim=1)
        return self._mel
