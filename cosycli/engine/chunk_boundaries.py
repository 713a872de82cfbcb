"""How much a sound changes where chunks of the flow's mask meet, against how much it changes around there.

Under the chunk masks no frame sees beyond its chunk. A flow that cannot do without would be heard to begin anew with
each of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from cosycli.model.features import log_mel
from cosycli.model.flow import Flow
from cosycli.model.masks import FlowMask
from cosycli.model.profile_parts import MelProfile

__all__ = ["chunk_boundaries", "jump_at_boundaries"]

AROUND = 10  # mel frames on each side, 0.2 s: most of a syllable
MIN_BOUNDARIES = 6  # of fewer the mean says too little


def chunk_boundaries(flow: Flow, mask: FlowMask, num_prompt: int, num_frames: int, speed: float) -> list[int]:
    """The mel frames with which chunks begin, from the second on.

    Args:
        num_prompt, num_frames: of the prompt, from whose beginning chunks are counted, and after it, at the voice's
            own speed.
    """
    chunk = flow.frames_of_chunk(mask)
    if chunk is None or chunk <= 2 * AROUND:
        return []
    return [round(frame / speed) for frame in range(-num_prompt % chunk, num_frames, chunk) if frame]


def jump_at_boundaries(samples: NDArray[np.float32], profile: MelProfile, boundaries: Sequence[int]) -> float | None:
    """By how much more the mel of a sound (N,) changes from frame to frame at its boundaries than around them.

    Returns:
        The geometric mean of the ratios, about 1 where nothing is to be heard; None where there are too few boundaries.
    """
    if len(boundaries) < MIN_BOUNDARIES:
        return None
    mel = log_mel(torch.from_numpy(samples)[None], profile)[0]
    changes = mel.diff(dim=1).abs().mean(dim=0)  # the first is from frame 0 to frame 1
    inner = [boundary - 1 for boundary in boundaries if AROUND < boundary < mel.shape[1] - AROUND]
    around = [torch.cat([changes[at - AROUND : at], changes[at + 1 : at + 1 + AROUND]]).median() for at in inner]
    ratios = [float(changes[at] / usual) for at, usual in zip(inner, around, strict=True) if changes[at] and usual]
    return float(np.exp(np.mean(np.log(ratios)))) if len(ratios) >= MIN_BOUNDARIES else None
