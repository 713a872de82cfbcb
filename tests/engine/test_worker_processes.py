"""Worker processes give what it would give itself."""

import gc
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from cosycli.engine.worker_processes import WorkerProcesses

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are copied on Linux alone")


def map_in_workers(work, items, num_workers):
    with WorkerProcesses(work, num_workers) as workers:
        yield from workers.map(items)


def test_results_come_in_order_whichever_worker_is_done_first(tmp_path):
    last = tmp_path / "last"

    def work(number):
        if number == 3:
            last.touch()
        while number == 0 and not last.exists():
            pass
        return number, os.getpid()

    results = list(map_in_workers(work, range(4), 2))
    assert [number for number, _ in results] == [0, 1, 2, 3]
    assert len({process for _, process in results} - {os.getpid()}) == 2


def test_what_goes_wrong_in_a_worker_goes_wrong_here():
    def divide(number):
        return 6 // number

    with pytest.raises(ZeroDivisionError):
        list(map_in_workers(divide, [3, 2, 0], 2))


@pytest.mark.parametrize("num_workers", [1, 3])
def test_the_work_of_workers_that_die_is_done_all_the_same(num_workers):
    parent = os.getpid()

    def die_on_odd_numbers(number):
        if number % 2 and os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return number * number

    assert list(map_in_workers(die_on_odd_numbers, range(7), num_workers)) == [0, 1, 4, 9, 16, 25, 36]


def test_workers_end_with_their_context():
    with WorkerProcesses(lambda number: os.getpid(), 2) as workers:
        processes = set(workers.map(range(10)))
    for process in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_workers_go_on_after_work_that_failed_or_that_nobody_waited_for():
    def divide(number):
        return 6 // number

    with WorkerProcesses(divide, 2) as workers:
        with pytest.raises(ZeroDivisionError):
            list(workers.map([0, 1, 0, 1]))
        abandoned = workers.map([6] * 9)
        assert next(abandoned) == 1
        abandoned.close()
        assert list(workers.map([1, 2, 3])) == [6, 3, 2]


def test_each_worker_is_prepared_before_its_work():
    prepared = []
    with WorkerProcesses(lambda _: list(prepared), 2, prepare=lambda: prepared.append("ready")) as workers:
        assert list(workers.map(range(4))) == [["ready"]] * 4
    assert prepared == []


def test_a_worker_has_one_core_and_none_of_the_files_of_its_parent(tmp_path):
    with (tmp_path / "book.wav").open("wb") as opened:

        def look(_):
            return torch.get_num_threads(), Path(f"/proc/self/fd/{opened.fileno()}").exists()

        assert list(map_in_workers(look, [0], 1)) == [(1, False)]


def test_a_worker_never_collects_what_its_parent_has_dropped(tmp_path):
    class Dropped:
        def __del__(self):
            (tmp_path / str(os.getpid())).touch()

    gc.disable()
    try:
        dropped = Dropped()
        dropped.holds = dropped
        del dropped
        list(map_in_workers(lambda _: gc.collect(), [0], 1))
    finally:
        gc.enable()
    gc.collect()
    assert [path.name for path in tmp_path.iterdir()] == [str(os.getpid())]


def test_workers_end_when_their_parent_is_killed():
    """They share its standard output, which is read until nobody has it open."""
    script = """
import os, signal
from cosycli.engine.worker_processes import WorkerProcesses

def work(number):
    if number:
        signal.pause()

next(WorkerProcesses(work, 1).map(range(2)))
os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, timeout=60, check=False)
    assert ended.returncode == -signal.SIGKILL


def test_workers_do_without_what_only_linux_has(monkeypatch, tmp_path):
    monkeypatch.setattr("cosycli.engine.worker_processes.ctypes.CDLL", lambda _: object())  # which has no prctl
    monkeypatch.setattr("cosycli.engine.worker_processes.OPEN_FILES", tmp_path / "none")
    assert list(map_in_workers(lambda number: 2 * number, range(3), 2)) == [0, 2, 4]
