"""Checks that find a take that went wrong, without listening to its words.

The limits stand well outside of what good takes were measured to have; see docs/performance.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cosycli.engine.decoding import GeneratedTokens
from cosycli.measure import frame_levels
from cosycli.model.profile import ModelProfile
from cosycli.script.duration import seconds_of_tokens

__all__ = ["failures_of"]

FRAME_S = 0.02
SOUND_DB = -45.0  # a frame this far below the loudest one is silence
MIN_LEVEL_DB = -45.0  # of the 90th percentile of the frames; softer is as good as silent
MIN_PACE, MAX_PACE = 0.5, 1.7  # seconds spoken for an estimated second
MIN_PACED_S = 5.0  # shorter texts are mostly pauses before and after
MAX_SILENCE_S = 1.5  # longer than readers pause within a paragraph (Campione and Véronis 2002)
MAX_PATTERN_S, MAX_REPEATED_S = 0.5, 1.0  # of speech that says half a second or less over and over
TAIL_S = 0.06
MAX_TAIL_DB = -20.0  # of the end against the loudest frame: louder, and a word was cut
MAX_BOUNDARY_JUMP = 1.8


def failures_of(
    text: str,
    generated: GeneratedTokens,
    samples: NDArray[np.float32],
    profile: ModelProfile,
    *,
    speed: float = 1.0,
    boundary_jump: float | None = None,
) -> tuple[str, ...]:
    """The names of the checks that a take does not pass; none for a good one.

    Args:
        text: what was to be said.
        samples: (N,) what it sounds like.
        speed: how many times as fast as the voice's own pace.
        boundary_jump: see `cosycli.engine.chunk_boundaries`; None where there are no chunks, or few.
    """
    sample_rate, token_rate = profile.mel.sample_rate, profile.flow.token_rate
    levels = frame_levels(samples, round(FRAME_S * sample_rate))
    checks = {
        "did not end": not generated.ended,
        "pace": not _is_paced(len(samples) / sample_rate, seconds_of_tokens(text) / speed),
        "silence": _longest_silence_s(levels) > MAX_SILENCE_S,
        "repetition": _longest_repetition(generated.tokens, token_rate) > MAX_REPEATED_S * token_rate,
        "level": float(np.percentile(levels, 90)) < MIN_LEVEL_DB,
        "cut tail": float(levels[-round(TAIL_S / FRAME_S) :].max() - levels.max()) > MAX_TAIL_DB,
        "chunk boundaries": boundary_jump is not None and boundary_jump > MAX_BOUNDARY_JUMP,
    }
    return tuple(name for name, failed in checks.items() if failed)


def _is_paced(spoken_s: float, expected_s: float) -> bool:
    return expected_s < MIN_PACED_S or MIN_PACE <= spoken_s / expected_s <= MAX_PACE


def _longest_silence_s(levels: NDArray[np.float64]) -> float:
    """Between two sounds."""
    sounding = np.flatnonzero(levels > levels.max() + SOUND_DB)
    return float(np.diff(sounding).max(initial=1) - 1) * FRAME_S


def _longest_repetition(tokens: Sequence[int], token_rate: int) -> int:
    """The most tokens in a row that say again what was said 1 token to `MAX_PATTERN_S` before."""
    said = np.asarray(tokens)
    periods = range(1, int(MAX_PATTERN_S * token_rate) + 1)
    return max((_longest_run(said[period:] == said[:-period]) for period in periods), default=0)


def _longest_run(flags: NDArray[np.bool_]) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    return int((edges[1::2] - edges[::2]).max(initial=0))
