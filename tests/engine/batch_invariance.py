"""Render segments alone, in batches of 7 and of 32, and shuffled, and compare their tokens and waveforms.

    python -m tests.engine.batch_invariance 200

With the built-in model, on the CPU in float32.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

import cosycli
from cosycli import Synthesizer
from cosycli.engine.utterance import Take, Utterance, VoiceSettings, utterances_of

MAX_DIFFERENCE = 1e-4  # of a sample; full scale is 1
WORDS = ("the", "lamp", "was", "lit", "and", "nobody", "on", "the", "stairs", "could", "say", "who", "carried", "it")


@dataclass(frozen=True)
class Outcome:
    """What came of rendering every segment again in batches.

    Attributes:
        num_other_tokens: takes whose tokens are not those of the segment rendered alone.
        max_difference: between the samples of the takes whose tokens are.
    """

    num_takes: int
    num_other_tokens: int
    max_difference: float

    @property
    def is_same(self) -> bool:
        return self.num_other_tokens == 0 and self.max_difference <= MAX_DIFFERENCE


def sentences(number: int, max_words: int) -> list[str]:
    """Of mixed lengths, in no order."""
    draw = random.Random(1)
    return [" ".join(draw.choices(WORDS, k=draw.randint(1, max_words))).capitalize() + "." for _ in range(number)]


def compare(synthesizer: Synthesizer, voice: str, num_segments: int, max_words: int) -> Outcome:
    """Every segment alone, then all of them in each of the other ways."""
    segments = synthesizer.read("\n\n".join(sentences(num_segments, max_words))).segments
    utterances = utterances_of(segments, VoiceSettings(voice))
    alone = dict(zip(utterances, render(synthesizer, utterances, 1), strict=True))
    shuffled = random.Random(2).sample(utterances, len(utterances))
    pairs = [
        (alone[utterance], take)
        for order, batch in ((utterances, 7), (utterances, 32), (shuffled, 32))
        for utterance, take in zip(order, render(synthesizer, order, batch), strict=True)
    ]
    same = [(one, other) for one, other in pairs if one.tokens == other.tokens]
    differences = [float(np.abs(one.samples - other.samples).max()) for one, other in same]
    return Outcome(len(pairs), len(pairs) - len(same), max(differences, default=0.0))


def render(synthesizer: Synthesizer, utterances: Sequence[Utterance], batch: int) -> list[Take]:
    """The takes, in the same order."""
    parts = (utterances[start : start + batch] for start in range(0, len(utterances), batch))
    return [take for part in parts for take in synthesizer.render(part)]


if __name__ == "__main__":
    outcome = compare(cosycli.load(device="cpu", dtype="float32"), "michael", int(sys.argv[1]), max_words=30)
    print(
        f"{outcome.num_takes} takes, {outcome.num_other_tokens} of them with other tokens than alone; "
        f"samples differ by at most {outcome.max_difference:.1e}"
    )
    sys.exit(not outcome.is_same)
