"""Checks of takes that need no recognizer: length, pace, silence, repetition, level, tail and chunk boundaries.

The limits stand well outside of what good takes were measured to have; see docs/performance.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from cosycli.engine.decoding import GeneratedTokens
from cosycli.model.features import log_mel
from cosycli.model.flow import Flow
from cosycli.model.masks import FlowMask
from cosycli.model.profile import ModelProfile
from cosycli.model.profile_parts import MelProfile
from cosycli.script.timing import seconds_of_tokens
from cosycli.sound.levels import frame_levels

FRAME_S = 0.02
SOUND_DB = -45.0  # a frame this far below the loudest one is silence
MIN_LEVEL_DB = -45.0  # of the 90th percentile of the frames; softer is as good as silent
MIN_PACE, MAX_PACE = 0.5, 1.7  # seconds spoken for an estimated second
MIN_PACED_S = 5.0  # shorter texts are mostly pauses before and after
MAX_SILENCE_S = 1.5  # longer than readers pause within a paragraph (Campione and Véronis 2002)
MAX_PATTERN_S, MAX_REPEATED_S = 0.5, 1.0  # of speech that says half a second or less over and over
TAIL_S = 0.06
MAX_TAIL_DB = -20.0  # of the end against the loudest frame: louder, and a word was cut
MAX_BOUNDARY_JUMP = 1.8  # of the sound where chunks of the flow's mask meet
AROUND = 10  # mel frames on each side of a boundary, 0.2 s: most of a syllable
MIN_BOUNDARIES = 6  # of fewer the mean says too little


def failures_of(
    text: str,
    generated: GeneratedTokens,
    samples: NDArray[np.float32],
    profile: ModelProfile,
    *,
    speed: float = 1.0,
    boundaries: Sequence[int] = (),
) -> tuple[str, ...]:
    """The names of the checks that a take fails; none for a good one.

    Args:
        text: what the take should say.
        samples: (N,) its sound.
        speed: how many times as fast as the voice's own pace.
        boundaries: see `chunk_boundaries`.
    """
    sample_rate, token_rate = profile.mel.sample_rate, profile.flow.token_rate
    levels = frame_levels(samples, round(FRAME_S * sample_rate))
    jump = jump_at_boundaries(samples, profile.mel, boundaries)
    checks = {
        "did not end": not generated.ended,
        "pace": not _is_paced(len(samples) / sample_rate, seconds_of_tokens(text) / speed),
        "silence": _longest_silence_s(levels) > MAX_SILENCE_S,
        "repetition": _longest_repetition(generated.tokens, token_rate) > MAX_REPEATED_S * token_rate,
        "level": float(np.percentile(levels, 90)) < MIN_LEVEL_DB,
        "cut tail": float(levels[-round(TAIL_S / FRAME_S) :].max() - levels.max()) > MAX_TAIL_DB,
        "chunk boundaries": jump is not None and jump > MAX_BOUNDARY_JUMP,
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


def chunk_boundaries(flow: Flow, mask: FlowMask, num_prompt: int, num_frames: int, speed: float) -> list[int]:
    """The mel frames with which chunks begin, from the second on.

    Under the chunk masks no frame sees beyond its chunk. A flow that cannot do without would be heard to begin anew
    with each of them.

    Args:
        num_prompt, num_frames: of the prompt, from whose beginning chunks are counted, and after it, at the voice's
            own speed.
    """
    chunk = flow.frames_of_chunk(mask)
    if chunk is None or chunk <= 2 * AROUND:
        return []
    return [round(frame / speed) for frame in range(-num_prompt % chunk, num_frames, chunk) if frame]


def jump_at_boundaries(samples: NDArray[np.float32], profile: MelProfile, boundaries: Sequence[int]) -> float | None:
    """How much more the mel of a sound (N,) changes from frame to frame at chunk boundaries than around them.

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
