"""Converts a recording of any length to another voice, a piece at a time.

Pieces are cut where the speaker pauses. Each is converted with some context on both sides and faded into the next. The
result is as long as the recording; memory holds one piece with its context.

Legend: N samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cosycli.sound.levels import frame_levels

Sound = NDArray[np.float32]

STEP_S = 0.04  # pieces begin and end with a speech token: 25 a second, and 50 in CosyVoice 1
MIN_PIECE_S, MAX_PIECE_S = 12.0, 20.0  # with its neighbourhood less than the 30 s that the speech tokenizers take
CONTEXT_S = 0.48  # heard of each neighbour: a syllable or two
FADE_S = 0.04
QUIET_S = 0.2  # the length of a pause between words worth cutting in
MIN_SOUND_S = 0.4  # of what the networks are given; a shorter recording is followed by silence


@dataclass(frozen=True)
class _Piece:
    """Some of the recording (N,); its first `lead` and last `tail` samples belong to the neighbours."""

    samples: Sound
    lead: int
    tail: int


def convert(say_again: Callable[[Sound], Sound], blocks: Iterable[Sound], sample_rate: int) -> Iterator[Sound]:
    """Converts a recording to as many samples, piece by piece.

    Args:
        say_again: converts at most 21 s of sound to about the same length.
        blocks: the recording, each (N,) float32.
    """
    half_fade = round(FADE_S * sample_rate) // 2
    ramp = np.linspace(0, 1, 2 * half_fade, dtype=np.float32)
    before = np.zeros(0, np.float32)  # the end of the piece before, which is to fade out
    for piece in _pieces(blocks, sample_rate):
        said = _as_long_as(piece.samples, say_again(_long_enough(piece.samples, sample_rate)))
        start = piece.lead - half_fade if piece.lead else 0
        end = len(said) - piece.tail + half_fade if piece.tail else len(said)
        said = said[start:end].copy()
        if piece.lead:
            said[: 2 * half_fade] = before * (1 - ramp) + said[: 2 * half_fade] * ramp
        num_whole = len(said) - 2 * half_fade if piece.tail else len(said)
        before = said[num_whole:]
        yield said[:num_whole]


def _pieces(blocks: Iterable[Sound], sample_rate: int) -> Iterator[_Piece]:
    context, longest = round(CONTEXT_S * sample_rate), round(MAX_PIECE_S * sample_rate)
    waiting, lead = np.zeros(0, np.float32), 0
    for block in blocks:
        waiting = np.concatenate((waiting, block))
        while len(waiting) > lead + longest + context:
            end = lead + _quietest(waiting[lead : lead + longest], sample_rate)
            yield _Piece(waiting[: end + context], lead, context)
            waiting, lead = waiting[end - context :], context
    if len(waiting) > lead:
        yield _Piece(waiting, lead, 0)


def _quietest(samples: Sound, sample_rate: int) -> int:
    """Where to cut: the middle of the quietest moment after `MIN_PIECE_S`, at a whole number of steps."""
    step, width = round(STEP_S * sample_rate), round(QUIET_S / STEP_S)
    power = 10 ** (frame_levels(samples, step) / 10)
    around = np.convolve(power, np.ones(width), mode="valid")
    first = round(MIN_PIECE_S / STEP_S)
    return int(first + around[first:].argmin() + width // 2) * step


def _long_enough(samples: Sound, sample_rate: int) -> Sound:
    return np.pad(samples, (0, max(0, round(MIN_SOUND_S * sample_rate) - len(samples))))


def _as_long_as(samples: Sound, said: Sound) -> Sound:
    """`said`, cut or followed by silence."""
    return np.pad(said[: len(samples)], (0, max(0, len(samples) - len(said))))
