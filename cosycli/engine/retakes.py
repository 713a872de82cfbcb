"""Takes that fail a check are drawn again with another seed, and the best draw of each is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from cosycli.engine.take import Take
from cosycli.engine.utterance import Utterance
from cosycli.engine.verification import SPOKEN_INSTRUCTION, Listener, verdict_on
from cosycli.recording import Recording

__all__ = ["best_takes", "listened_to"]

WITHOUT_INSTRUCTION = "instruction left out, for it was spoken"

Render = Callable[[Sequence[Utterance]], list[Take]]


def best_takes(render: Render, utterances: Sequence[Utterance], retakes: int) -> list[Take]:
    """The best take of each utterance: those that fail are drawn again, together, up to `retakes` times."""
    takes = render(utterances)
    wanted = list(utterances)
    for number in range(1, retakes + 1):
        failing = [row for row, take in enumerate(takes) if take.failures]
        if not failing:
            break
        for row in failing:
            if SPOKEN_INSTRUCTION in takes[row].failures:
                wanted[row] = replace(wanted[row], instruction=None)
        again = [wanted[row].another_take("retake", str(number)) for row in failing]
        for row, take in zip(failing, render(again), strict=True):
            takes[row] = replace(min(takes[row], take, key=_badness), num_draws=number + 1)
    return [
        take if said == asked else replace(take, failures=(*take.failures, WITHOUT_INSTRUCTION))
        for take, said, asked in zip(takes, wanted, utterances, strict=True)
    ]


def listened_to(takes: Sequence[Take], utterances: Sequence[Utterance], listener: Listener, opening: str) -> list[Take]:
    """The takes with what a recognizer found; see `verdict_on`."""
    verdicts = [
        verdict_on(listener, Recording(take.samples, take.sample_rate), item, opening)
        for take, item in zip(takes, utterances, strict=True)
    ]
    return [
        replace(take, failures=(*take.failures, *verdict.failures), error_rate=verdict.error_rate)
        for take, verdict in zip(takes, verdicts, strict=True)
    ]


def _badness(take: Take) -> tuple[bool, int, float]:
    """The least of it is kept: an instruction that is spoken is worse than any other failure."""
    return SPOKEN_INSTRUCTION in take.failures, len(take.failures), take.error_rate or 0.0
