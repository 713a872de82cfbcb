"""What fails is drawn again, as often as it may be, and the best draw is kept."""

from __future__ import annotations

from collections.abc import Sequence
from unittest.mock import MagicMock

import numpy as np
import pytest

from cosycli.engine.batch import BatchRenderer
from cosycli.engine.utterance import Take, Utterance, VoiceSettings, utterances_of
from cosycli.model.masks import FlowMask
from cosycli.script import read_script


class Draws:
    """Stands in for the networks: for each text, the failures of its first take, of its second, and so on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **failures: Sequence[tuple[str, ...]]) -> None:
        self.failures = {f"{text}.": list(each) for text, each in failures.items()}
        self.drawn: list[list[str]] = []
        self.monkeypatch = monkeypatch

    def render(self, utterances: Sequence[Utterance], retakes: int) -> list[Take]:
        renderer = BatchRenderer(MagicMock(), MagicMock(), None, retakes)
        self.monkeypatch.setattr(renderer, "_make_sound", lambda batch, *_: batch)
        self.monkeypatch.setattr(renderer, "_judge", lambda batch, *_: self.judge(batch))
        return renderer.render_batch(utterances, FlowMask.FULL)

    def judge(self, batch: Sequence[Utterance]) -> list[Take]:
        self.drawn.append([item.segment.text for item in batch])
        return [
            Take(
                samples=np.zeros(1, np.float32),
                sample_rate=24000,
                tokens=(),
                seed=item.seed,
                failures=self.failures[item.segment.text].pop(0),
            )
            for item in batch
        ]


def utterances(*texts: str) -> list[Utterance]:
    return utterances_of(read_script("\n\n".join(f"{text}." for text in texts)).segments, VoiceSettings())


def test_only_what_fails_is_drawn_again_and_with_another_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    draws, wanted = Draws(monkeypatch, Good=[()], Bad=[("pace",), ()]), utterances("Good", "Bad")
    good, bad = draws.render(wanted, retakes=2)
    assert draws.drawn == [["Good.", "Bad."], ["Bad."]]
    assert (good.num_draws, bad.num_draws, bad.failures) == (1, 2, ())
    assert good.seed == wanted[0].seed
    assert bad.seed != wanted[1].seed


@pytest.mark.parametrize("retakes", [0, 1, 3])
def test_it_is_drawn_again_as_often_as_it_may_be(monkeypatch: pytest.MonkeyPatch, retakes: int) -> None:
    draws = Draws(monkeypatch, Bad=[("pace",)] * 4)
    (take,) = draws.render(utterances("Bad"), retakes)
    assert len(draws.drawn) == take.num_draws == retakes + 1


def test_the_draw_with_the_fewest_failures_is_kept_and_they_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    draws = Draws(monkeypatch, Bad=[("pace", "level"), ("silence",), ("pace", "level", "silence")])
    (take,) = draws.render(utterances("Bad"), retakes=2)
    assert (take.failures, take.num_draws) == (("silence",), 3)
