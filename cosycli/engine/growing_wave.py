"""A waveform that is made while its mel still grows, with nothing to be heard of where it was cut.

What is given out is what the vocoder makes of the whole mel. The excitation is made anew for all of the mel there is:
it starts from the same phases and draws the same noise, so its past stays as it was. The network runs only on what is
new and its neighbourhood, and what mel to come could still change is held back.

Legend: M mel frames, N samples.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cosycli.model.networks import AnyVocoder

__all__ = ["GrowingWave"]


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
        """What is now known of the sound and was not given before: (N,).

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
