"""How many floating-point operations the networks of the published CosyVoice 2 and 3 take: a multiplication with its
addition is two.

The numbers were counted on the published sizes, on 10 s of sound, with PyTorch's own counter.
"""

from __future__ import annotations

from dataclasses import dataclass

from cosycli.model.profile import COSYVOICE_2, COSYVOICE_3, ModelProfile

__all__ = ["NetworkCosts", "costs_of", "peak_flops"]


@dataclass(frozen=True)
class NetworkCosts:
    """In operations.

    Attributes:
        token: of the language model, for a token read or spoken; attention is left out, a twentieth at 370 tokens.
        token_encoder: of the flow, for a second of sound with its prompt.
        frame, frame_pair: of the flow's estimator, for a mel frame, and for a frame that attends to another.
        vocoder: for a second of sound.
        num_passes: of the estimator: with and without conditions at each of its steps.
    """

    token: float
    token_encoder: float
    frame: float
    frame_pair: float
    vocoder: float
    num_passes: int

    def flow(self, start: int, end: int, chunk: int | None, seconds: float) -> float:
        """For one utterance.

        Args:
            start, end: the mel frames that the estimator goes through, counted from the beginning of the prompt.
            chunk: frames a chunk of the mask, or None.
            seconds: of sound, with the prompt.
        """
        num_pairs = sum(min(end, (frame // chunk + 1) * chunk) if chunk else end for frame in range(start, end))
        estimator = self.num_passes * ((end - start) * self.frame + num_pairs * self.frame_pair)
        return estimator + self.token_encoder * seconds


_COSTS = {
    COSYVOICE_2: NetworkCosts(727.6e6, 3.4e9, 132.2e6, 0.1147e6, 30.6e9, 20),
    COSYVOICE_3: NetworkCosts(728e6, 0.03e9, 378.6e6, 0.0901e6, 33.7e9, 20),
}
# Dense bfloat16 operations a second, from NVIDIA's data sheets, by a part of the name that CUDA gives.
_PEAKS = {"H200": 989.5e12, "H100 80GB HBM3": 989.5e12, "A100": 312e12, "L40S": 362e12, "L20": 119.5e12}


def costs_of(profile: ModelProfile) -> NetworkCosts | None:
    """None where they were not counted: for other versions and sizes."""
    return _COSTS.get(profile)


def peak_flops(device_name: str) -> float | None:
    """Operations a second of the GPU that CUDA calls `device_name`, in bfloat16; None where it is not listed."""
    return next((peak for part, peak in _PEAKS.items() if part in device_name), None)
