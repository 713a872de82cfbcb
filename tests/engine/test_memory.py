"""Rendering within a budget of memory, and beyond it: the takes are the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import cosycli
from cosycli import Synthesizer
from cosycli.engine.memory import OVERHEAD, Memory, MemoryUse, OutOfMemoryError
from cosycli.engine.utterance import Take, VoiceSettings, utterances_of
from cosycli.errors import UsageError
from cosycli.model.loading import Model, load_model
from tests.model.tiny_model import write_tiny_model

TEXT = "One.\n\nTwo two.\n\nThree three.\n\nFour."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")
    torch.save({"meg": {"embedding": torch.randn(1, 192)}}, folder / "spk2info.pt")
    return folder


@pytest.fixture(scope="module")
def model(folder: Path) -> Model:
    return load_model(folder, "cpu")


@pytest.fixture(scope="module")
def plentiful(model: Model) -> list[Take]:
    return takes_of(Synthesizer(model, retakes=0))


def takes_of(synthesizer: Synthesizer) -> list[Take]:
    return list(synthesizer.render(utterances_of(synthesizer.read(TEXT).segments, VoiceSettings("meg"))))


def assert_same(takes: list[Take], others: list[Take]) -> None:
    assert len(takes) == len(others)
    for one, other in zip(takes, others, strict=True):
        assert (one.seed, one.tokens, one.failures) == (other.seed, other.tokens, other.failures)
        np.testing.assert_allclose(one.samples, other.samples, atol=1e-4)


class Shortage:
    """In place of a method whose first argument holds rows, or counts them: more than `most` are too many."""

    def __init__(self, method: Callable[..., Any], most: int) -> None:
        self.method, self.most = method, most
        self.sizes: list[int] = []

    def __call__(self, rows: Any, *others: Any, **named: Any) -> Any:
        self.sizes.append(rows if isinstance(rows, int) else len(rows))
        if self.sizes[-1] > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")
        return self.method(rows, *others, **named)


NETWORKS = (("language_model", "new_cache"), ("flow", "mels"), ("vocoder", "forward"))


@pytest.fixture(autouse=True)
def in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flow and vocoder take several rows at once, as on a GPU."""
    monkeypatch.setattr("cosycli.engine.token2wav.CPU_FRAMES", 3000)


@pytest.mark.parametrize(("network", "method"), NETWORKS, ids=[network for network, _ in NETWORKS])
def test_where_memory_runs_out_the_takes_are_the_same(
    model: Model, plentiful: list[Take], monkeypatch: pytest.MonkeyPatch, network: str, method: str
) -> None:
    module = getattr(model, network)
    shortage = Shortage(getattr(module, method), most=1)
    monkeypatch.setattr(module, method, shortage)
    assert_same(takes_of(Synthesizer(model, retakes=0)), plentiful)
    assert max(shortage.sizes) > 1
    assert min(shortage.sizes) == 1


def test_what_did_not_fit_is_not_tried_again(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    shortage = Shortage(model.flow.mels, most=2)
    monkeypatch.setattr(model.flow, "mels", shortage)
    synthesizer = Synthesizer(model, retakes=0)
    takes_of(synthesizer)
    shortage.sizes.clear()
    takes_of(synthesizer)
    assert max(shortage.sizes) <= 2


@pytest.mark.parametrize(("network", "method"), NETWORKS, ids=[network for network, _ in NETWORKS])
def test_a_segment_that_does_not_fit_alone_is_an_error_that_says_so(
    model: Model, monkeypatch: pytest.MonkeyPatch, network: str, method: str
) -> None:
    module = getattr(model, network)
    monkeypatch.setattr(module, method, Shortage(getattr(module, method), most=0))
    with pytest.raises(OutOfMemoryError, match="single segment"):
        takes_of(Synthesizer(model, retakes=0))


def test_a_small_budget_gives_the_same_takes_in_smaller_batches(
    model: Model, plentiful: list[Take], monkeypatch: pytest.MonkeyPatch
) -> None:
    flow, cache = Shortage(model.flow.mels, most=99), Shortage(model.language_model.new_cache, most=99)
    monkeypatch.setattr(model.flow, "mels", flow)
    monkeypatch.setattr(model.language_model, "new_cache", cache)
    synthesizer = Synthesizer(model, retakes=0)
    synthesizer._memory.decoding.num_bytes = synthesizer._memory.token2wav.num_bytes = 1
    assert_same(takes_of(synthesizer), plentiful)
    assert {*flow.sizes, *cache.sizes} == {1}


@pytest.fixture
def taken_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process has 700 MB, whatever other tests have left behind."""
    monkeypatch.setattr("cosycli.engine.memory.taken_memory", lambda device: 700_000_000)


@pytest.mark.usefixtures("taken_before")
def test_a_budget_holds_the_model_and_the_work(model: Model) -> None:
    assert Memory(model, "1700MB").total_bytes == 1_000_000_000


@pytest.mark.usefixtures("taken_before")
def test_threads_share_a_budget_and_are_fewer_where_it_is_small(model: Model) -> None:
    wide, narrow = Memory(model, "1TB", max_threads=4), Memory(model, smallest_budget(model), max_threads=4)
    assert (wide.num_threads, narrow.num_threads) == (4, 1)
    assert wide.decoding.num_bytes + 4 * (wide.token2wav.num_bytes + OVERHEAD) <= wide.total_bytes


def smallest_budget(model: Model) -> str:
    """What the refusal of a budget that is too small asks for."""
    with pytest.raises(UsageError, match="too little: the model takes") as refused:
        Memory(model, "1MB")
    return refused.value.hint.rpartition(" ")[2]


@pytest.mark.usefixtures("taken_before")
def test_what_a_refusal_asks_for_is_enough_for_the_next_run(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its process takes a little more."""
    asked = smallest_budget(model)
    monkeypatch.setattr("cosycli.engine.memory.taken_memory", lambda device: 710_000_000)
    assert Memory(model, asked).num_threads == 1


def test_a_budget_too_small_for_the_model_says_how_much_it_needs(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"1MB of memory is too little.*\n.*--memory \d+MB"):
        cosycli.load(str(folder), device="cpu", memory="1MB")


def test_half_of_what_is_free_is_used_and_never_less_than_decoding_takes(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cosycli.engine.memory.free_memory", lambda device: 8_000_000_000)
    assert Memory(model).total_bytes == 4_000_000_000
    monkeypatch.setattr("cosycli.engine.memory.free_memory", lambda device: 0)
    assert Memory(model).token2wav.num_bytes > 0


def test_longer_rows_take_more_memory(model: Model) -> None:
    use = MemoryUse.of(model)
    assert use.of_sequence(2000) > use.of_sequence(1000) > 1000 * use.position
