"""What a teacher is: a free synthesizer that speaks the corpus and says how it pronounced every word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

SAMPLE_RATE = 24000


@dataclass(frozen=True)
class Recording:
    """One utterance of a teacher.

    Attributes:
        samples: (N,) float32 at 24 kHz.
        label: the text with each word as phone tokens, as it was pronounced: `"[AH0] [K][AE1][T]."`.
    """

    samples: np.ndarray
    label: str


class Teacher(Protocol):
    """Speaks one sentence at a time."""

    def speak(self, text: str, speaker: str, rate: float) -> Recording | None:
        """The sentence in the voice `speaker`, `rate` times as fast as usual; None where it cannot be labelled."""
        ...
