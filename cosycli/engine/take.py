"""What rendering makes of an utterance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cosycli.script import Segment

__all__ = ["Take"]


@dataclass(frozen=True)
class Take:
    """One rendered segment.

    Attributes:
        samples: (N,) float32.
        tokens, seed: what they were made from.
        failures: the gates that it did not pass, and neither did any other draw better.
        num_draws: how many times it was drawn.
        error_rate: letters that a recognizer heard otherwise for each letter to be said; None if none listened.
    """

    segment: Segment
    samples: NDArray[np.float32]
    sample_rate: int
    tokens: tuple[int, ...]
    seed: int
    failures: tuple[str, ...] = ()
    num_draws: int = 1
    error_rate: float | None = None
