"""What fails is drawn again, as often as it may be, and the best draw is kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from cosycli.engine.retakes import best_takes
from cosycli.engine.take import Take
from cosycli.engine.utterance import Utterance, VoiceSettings, utterances_of
from cosycli.script import read_script


class Draws:
    """Makes takes that fail as told: for each text, the failures of its first draw, of its second, and so on."""

    def __init__(self, **failures: Sequence[tuple[str, ...]]) -> None:
        self.failures = {f"{text}.": list(each) for text, each in failures.items()}
        self.drawn: list[list[str]] = []

    def __call__(self, utterances: Sequence[Utterance]) -> list[Take]:
        self.drawn.append([item.segment.text for item in utterances])
        return [
            Take(item.segment, np.zeros(1, np.float32), 24000, (), item.seed, self.failures[item.segment.text].pop(0))
            for item in utterances
        ]


def utterances(*texts: str) -> list[Utterance]:
    return utterances_of(read_script("\n\n".join(f"{text}." for text in texts)).segments, VoiceSettings())


def test_only_what_fails_is_drawn_again_and_with_another_seed() -> None:
    draws, wanted = Draws(Good=[()], Bad=[("pace",), ()]), utterances("Good", "Bad")
    good, bad = best_takes(draws, wanted, retakes=2)
    assert draws.drawn == [["Good.", "Bad."], ["Bad."]]
    assert (good.num_draws, bad.num_draws, bad.failures) == (1, 2, ())
    assert good.seed == wanted[0].seed
    assert bad.seed != wanted[1].seed


@pytest.mark.parametrize("retakes", [0, 1, 3])
def test_it_is_drawn_again_as_often_as_it_may_be(retakes: int) -> None:
    draws = Draws(Bad=[("pace",)] * 4)
    (take,) = best_takes(draws, utterances("Bad"), retakes)
    assert len(draws.drawn) == take.num_draws == retakes + 1


def test_the_draw_with_the_fewest_failures_is_kept_and_they_are_reported() -> None:
    draws = Draws(Bad=[("pace", "level"), ("silence",), ("pace", "level", "silence")])
    (take,) = best_takes(draws, utterances("Bad"), retakes=2)
    assert (take.failures, take.num_draws) == (("silence",), 3)
