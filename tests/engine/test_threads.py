"""Batches that overlap give the takes of batches that are rendered one after the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import count
from typing import Any

import numpy as np
import pytest
import torch

import cosycli
from cosycli import Synthesizer
from cosycli.engine.threads import AT_ONCE, Cancelled, PriorityLock, overlapped
from cosycli.engine.utterance import Take, Utterance, VoiceSettings, utterances_of
from tests.model.tiny_model import write_tiny_model

PATIENCE_S = 300.0  # a thread that is not heard of for so long has not done what it should
CPU = torch.device("cpu")
ON_A_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


def came(event: threading.Event) -> bool:
    return event.wait(PATIENCE_S)


def ended(threads: list[threading.Thread]) -> bool:
    for thread in threads:
        thread.join(PATIENCE_S)
    return not any(thread.is_alive() for thread in threads)


def threads_beside(before: list[threading.Thread]) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread not in before]


class TestItems:
    def test_results_come_in_order_whichever_item_is_done_first(self) -> None:
        second_is_done = threading.Event()

        def work(number: int) -> int:
            if number == 0:
                assert came(second_is_done)
            else:
                second_is_done.set()
            return number * number

        assert list(overlapped(work, range(5))) == [0, 1, 4, 9, 16]

    def test_what_goes_wrong_in_a_thread_goes_wrong_here_after_what_went_right(self) -> None:
        results = overlapped(lambda number: 6 // number, [3, 2, 0, 1])
        assert [next(results), next(results)] == [2, 3]
        with pytest.raises(ZeroDivisionError):
            next(results)

    def test_few_are_begun_beyond_those_that_were_taken(self) -> None:
        begun: list[int] = []
        before = threading.enumerate()
        results = overlapped(begun.append, range(20))
        next(results)
        threads = threads_beside(before)
        results.close()
        assert ended(threads)
        assert 1 <= len(begun) <= 1 + AT_ONCE

    def test_threads_end_when_the_caller_goes_away(self) -> None:
        lock, has_lock, is_gone = PriorityLock(CPU), threading.Event(), threading.Event()
        heard: list[str] = []

        def work(number: int) -> None:
            if number == 0:
                return
            with lock.held():
                has_lock.set()
                assert came(is_gone)
                lock.yield_to_earlier()
                heard.append("went on for nobody")

        before = threading.enumerate()
        results = overlapped(work, range(9))
        next(results)
        threads = threads_beside(before)
        assert came(has_lock)
        results.close()
        is_gone.set()
        assert ended(threads)
        assert heard == []

    def test_the_earlier_item_goes_first_in_the_middle_of_the_lock_of_a_later_one(self) -> None:
        lock, later_has_lock, earlier_had_lock = PriorityLock(CPU), threading.Event(), threading.Event()

        def work(number: int) -> bool:
            if number == 0:
                assert came(later_has_lock)
                with lock.held():
                    earlier_had_lock.set()
                return True
            with lock.held():
                later_has_lock.set()
                for _ in range(6000):
                    lock.yield_to_earlier()
                    if earlier_had_lock.wait(PATIENCE_S / 6000):
                        return True
            return False

        assert list(overlapped(work, range(2))) == [True, True]

    def test_a_lock_is_of_one_thread_at_a_time(self) -> None:
        lock = PriorityLock(CPU)
        inside: list[int] = []

        def work(number: int) -> set[int]:
            seen = set()
            for _ in range(200):
                with lock.held():
                    inside.append(number)
                    seen.add(len(inside))
                    inside.remove(number)
            return seen

        assert set().union(*overlapped(work, range(4))) == {1}

    @ON_A_GPU
    def test_a_lock_comes_after_what_its_thread_has_asked_a_gpu_for(self) -> None:
        lock = PriorityLock(torch.device("cuda"))
        x = torch.zeros(1 << 24, device="cuda")
        for _ in range(100):
            x += 1
        with lock.held():
            assert x[-1].item() == 100
            assert torch.cuda.current_stream() != torch.cuda.default_stream()

    def test_a_lock_ends_with_what_goes_wrong_in_it(self) -> None:
        lock = PriorityLock(CPU)
        with pytest.raises(Cancelled), lock.held():
            raise Cancelled
        with lock.held():
            pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")
    torch.save({"meg": {"embedding": torch.randn(1, 192)}}, folder / "spk2info.pt")
    return str(folder)


@pytest.fixture(scope="module")
def synthesizer(folder: str) -> Synthesizer:
    return cosycli.load(folder, device="cpu", retakes=1)


@pytest.fixture
def overlapping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cosycli.engine.synthesizer.can_overlap", lambda device: True)


@pytest.fixture
def batches(synthesizer: Synthesizer) -> list[list[Utterance]]:
    text = "\n\n".join(f"Sentence number {number}." for number in range(7))
    said = utterances_of(synthesizer.read(text).segments, VoiceSettings("meg"))
    return [said[:3], said[3:5], said[5:]]


class TestBatches:
    """The tiny model was never trained: every take fails its checks, and is drawn again."""

    @pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=ON_A_GPU)])
    def test_takes_are_those_of_batches_one_after_the_other(
        self, folder: str, batches: list[list[Utterance]], monkeypatch: pytest.MonkeyPatch, device: str
    ) -> None:
        synthesizer = cosycli.load(folder, device=device, dtype="float32", retakes=1)
        monkeypatch.setattr("cosycli.engine.synthesizer.can_overlap", lambda device: False)
        expected = list(synthesizer.render_batches(batches))
        monkeypatch.setattr("cosycli.engine.synthesizer.can_overlap", lambda device: True)
        made = list(synthesizer.render_batches(batches))
        assert [len(takes) for takes in made] == [3, 2, 2]
        for take, other in zip(flat(made), flat(expected), strict=True):
            assert (take.seed, take.tokens, take.failures) == (other.seed, other.tokens, other.failures)
            assert take.num_draws == other.num_draws == 2
            np.testing.assert_allclose(take.samples, other.samples, atol=1e-4)

    def test_the_next_batch_is_spoken_while_this_one_is_made_to_sound(
        self,
        synthesizer: Synthesizer,
        batches: list[list[Utterance]],
        overlapping: None,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        number, second_began = count(), threading.Event()
        generate, mels = synthesizer._runner.generate, synthesizer._runner.mels

        def begin(*arguments: Any) -> Any:
            if next(number) == 1:
                second_began.set()
            return generate(*arguments)

        def wait(*arguments: Any) -> Any:
            assert came(second_began)
            return mels(*arguments)

        monkeypatch.setattr(synthesizer._runner, "generate", begin)
        monkeypatch.setattr(synthesizer._runner, "mels", wait)
        assert [len(takes) for takes in synthesizer.render_batches(batches)] == [3, 2, 2]

    def test_an_error_in_a_batch_comes_after_the_takes_before_it(
        self,
        synthesizer: Synthesizer,
        batches: list[list[Utterance]],
        overlapping: None,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        request = synthesizer._voices.request

        def fail(item: Utterance) -> Any:
            if item.segment == batches[1][0].segment:
                raise ZeroDivisionError
            return request(item)

        monkeypatch.setattr(synthesizer._voices, "request", fail)
        rendered = synthesizer.render_batches(batches)
        assert len(next(rendered)) == 3
        with pytest.raises(ZeroDivisionError):
            next(rendered)

    def test_nothing_goes_on_when_the_caller_goes_away(
        self, synthesizer: Synthesizer, batches: list[list[Utterance]], overlapping: None
    ) -> None:
        before = threading.enumerate()
        rendered = synthesizer.render_batches(10 * batches)
        next(rendered)
        threads = threads_beside(before)
        rendered.close()
        assert threads
        assert ended(threads)
        assert list(synthesizer.render_batches(batches[:1]))


def flat(batches: list[list[Take]]) -> Iterator[Take]:
    return (take for takes in batches for take in takes)
