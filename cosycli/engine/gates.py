"""Checks that tell a take that went wrong, without listening to its words.

129 good takes of a novel by the built-in voice were spoken in 0.64 to 1.52 times the estimate where that was 5 s or
more, held silences of at most 0.14 s and at most 5 tokens of a repeated pattern, and their last 60 ms were at least
38 dB below the loudest. Two more had not ended: one took 1.85 times the estimate, the other ended 1 dB below its
loudest. The limits stand well outside of what was good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cosycli.measure import frame_levels
from cosycli.script.duration import seconds_of_tokens

__all__ = ["Evidence", "failures_of"]

FRAME_S = 0.02
SOUND_DB = -45.0  # a frame this far below the loudest one is silence
MIN_LEVEL_DB = -45.0  # of the 90th percentile of the frames; softer is as good as silent
MIN_PACE, MAX_PACE = 0.5, 1.7  # seconds spoken for an estimated second
MIN_PACED_S = 5.0  # shorter texts are mostly pauses before and after
MAX_SILENCE_S = 1.5  # longer than readers pause within a paragraph (Campione and Véronis 2002)
MAX_PATTERN_S, MAX_REPEATED_S = 0.5, 1.0  # of speech that says half a second or less over and over
TAIL_S = 0.06
MAX_TAIL_DB = -20.0  # of the end against the loudest frame: louder, and a word was cut

# 331 takes of a novel under the built-in model's chunk masks had at most 1.74; 112 under the full one, at the same
# places, at most 1.62. With each chunk made by itself 219 had 2.37 on average, and 95 % of them more than this.
MAX_BOUNDARY_JUMP = 1.8


@dataclass(frozen=True)
class Evidence:
    """What a take is judged by.

    Attributes:
        text: what was to be said.
        speed: how many times as fast as the voice's own pace.
        tokens: speech tokens.
        ended: the language model ended by itself.
        samples: (N,) float32.
        boundary_jump: see `cosycli.engine.chunk_boundaries`; None where there are no chunks, or few.
    """

    text: str
    speed: float
    tokens: Sequence[int]
    ended: bool
    samples: NDArray[np.float32]
    sample_rate: int
    token_rate: int  # a second
    boundary_jump: float | None = None


def failures_of(evidence: Evidence) -> tuple[str, ...]:
    """The names of the checks that a take does not pass; none for a good one."""
    levels = frame_levels(evidence.samples, round(FRAME_S * evidence.sample_rate))
    checks = {
        "did not end": not evidence.ended,
        "pace": not _is_paced(evidence),
        "silence": _longest_silence_s(levels) > MAX_SILENCE_S,
        "repetition": _longest_repetition(evidence) > MAX_REPEATED_S * evidence.token_rate,
        "level": float(np.percentile(levels, 90)) < MIN_LEVEL_DB,
        "cut tail": float(levels[-round(TAIL_S / FRAME_S) :].max() - levels.max()) > MAX_TAIL_DB,
        "chunk boundaries": evidence.boundary_jump is not None and evidence.boundary_jump > MAX_BOUNDARY_JUMP,
    }
    return tuple(name for name, failed in checks.items() if failed)


def _is_paced(evidence: Evidence) -> bool:
    expected_s = seconds_of_tokens(evidence.text) / evidence.speed
    spoken_s = len(evidence.samples) / evidence.sample_rate
    return expected_s < MIN_PACED_S or MIN_PACE <= spoken_s / expected_s <= MAX_PACE


def _longest_silence_s(levels: NDArray[np.float64]) -> float:
    """Between two sounds."""
    sounding = np.flatnonzero(levels > levels.max() + SOUND_DB)
    return float(np.diff(sounding).max(initial=1) - 1) * FRAME_S


def _longest_repetition(evidence: Evidence) -> int:
    """The most tokens in a row that say again what was said 1 token to `MAX_PATTERN_S` before."""
    said = np.asarray(evidence.tokens)
    periods = range(1, int(MAX_PATTERN_S * evidence.token_rate) + 1)
    return max((_longest_run(said[period:] == said[:-period]) for period in periods), default=0)


def _longest_run(flags: NDArray[np.bool_]) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    return int((edges[1::2] - edges[::2]).max(initial=0))
