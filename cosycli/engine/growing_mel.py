"""Extends a mel and its waveform while speech tokens still arrive.

The packets together are what flow and vocoder make of the whole. The excitation is made again for all of the mel: it
starts from the same phases and draws the same noise, so its beginning stays as it was. The vocoder's network runs only
on what is new and its neighbourhood, and what mel to come could still change is held back.

Legend: M mel frames, N samples.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cosycli.engine.model_runner import ModelRunner
from cosycli.engine.voice_prompt import VoicePrompt
from cosycli.model.flow import FlowCache
from cosycli.model.loading import AnyVocoder
from cosycli.model.masks import FlowMask


class GrowingMel:
    """The mel of one passage under the chunk mask; see `Flow.extend`.

    Args:
        cache: of the prompt under that mask.
    """

    def __init__(self, runner: ModelRunner, prompt: VoicePrompt, cache: FlowCache, seed: int) -> None:
        self._runner, self._prompt, self._cache, self._seed = runner, prompt, cache, seed
        self._num_prompt_left = prompt.mel.shape[1] - cache.num_frames  # frames of the prompt still to come
        self._mel = torch.zeros(prompt.mel.shape[0], 0, device=runner.model.device)

    def take(self, tokens: Sequence[int], is_last: bool) -> Tensor:
        """The mel as far as it is final: (num_mels, M) from its beginning, without the prompt.

        Args:
            tokens: all so far.
            is_last: there will be no more.
        """
        new, self._cache = self._runner.extend_mel(
            self._prompt, tokens, self._seed, FlowMask.CHUNK, self._cache, is_last
        )
        num_prompt_left, self._num_prompt_left = self._num_prompt_left, max(0, self._num_prompt_left - new.shape[1])
        self._mel = torch.cat([self._mel, new[:, num_prompt_left:]], dim=1)
        return self._mel


class GrowingWave:
    """The sound of one mel.

    Args:
        seed: of the excitation.
    """

    def __init__(self, vocoder: AnyVocoder, seed: int) -> None:
        self._vocoder = vocoder
        self._seed = seed
        self._num_given = 0  # frames

    @torch.inference_mode()
    def take(self, mel: Tensor, is_last: bool) -> NDArray[np.float32]:
        """The samples (N,) that are final now and were not returned before.

        Args:
            mel: (num_mels, M) from the beginning; it never changes, but for growing at its end.
            is_last: it is complete.
        """
        vocoder, num_frames = self._vocoder, mel.shape[1]
        end = num_frames if is_last else max(self._num_given, num_frames - vocoder.frames_ahead)
        start = max(0, self._num_given - vocoder.frames_behind)
        given, self._num_given = self._num_given, end
        if end == given:
            return np.zeros(0, np.float32)
        source = vocoder.source(vocoder.predict_f0(mel[None]), [torch.Generator().manual_seed(self._seed)])
        wave = vocoder.decode(mel[None, :, start:], source[:, :, start * vocoder.hop :])[0]
        new = wave[(given - start) * vocoder.hop : (end - start) * vocoder.hop].cpu().numpy()
        return np.asarray(new, np.float32)
