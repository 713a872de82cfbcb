"""Which executor is started, and what is said where it cannot be."""

import importlib.util
from pathlib import Path

import pytest

from cosycli.errors import UsageError


@pytest.fixture
def novel(cosy):
    Path("novel.md").write_text("# One\n\nThe lamp was lit.\n", encoding="utf-8")
    Path("jobs.jsonl").write_text('{"id": "novel", "source": "novel.md"}\n', encoding="utf-8")


@pytest.mark.parametrize("command", [("book", "novel.md"), ("batch", "jobs.jsonl")])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--executor", "rya"], "Did you mean 'ray'?"),
        (["--workers", "2"], "Add: --executor ray"),
        (["--ray-address", "auto"], "Add: --executor ray"),
        (["--executor", "ray", "--workers", "0"], "Give 1 or more"),
    ],
)
def test_options_that_cannot_be_are_refused_before_any_work(cosy, novel, command, options, said):
    ended = cosy(*command, *options)
    assert ended.status == 2
    assert said in ended.err
    assert not Path("novel.cosy").exists()


def test_without_ray_the_error_says_how_to_get_it(cosy, novel, monkeypatch):
    monkeypatch.setattr("cosycli.jobs.executors.find_spec", lambda name: None)
    ended = cosy("book", "novel.md", "--executor", "ray")
    assert ended.status == 4
    assert "pip install" in ended.err


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nowhere", "127.0.0.1:port", "127.0.0.1:99999999"])
def test_an_address_where_no_cluster_answers_is_refused_at_once(cosy, novel, address):
    pytest.importorskip("ray", reason="Ray is not installed: pip install ray")
    ended = cosy("book", "novel.md", "--executor", "ray", "--ray-address", address)
    assert ended.status == 2
    assert "ray start --head" in ended.err


@pytest.mark.parametrize(("error", "said"), [(TimeoutError(), "TimeoutError"), (OSError("late\nor never"), "late")])
def test_ray_that_does_not_start_says_why(cosy, novel, monkeypatch, error, said):
    ray = pytest.importorskip("ray", reason="Ray is not installed: pip install ray")

    def fail(*_, **__):
        raise error

    monkeypatch.setattr(ray, "init", fail)
    ended = cosy("book", "novel.md", "--executor", "ray")
    assert ended.status == 2
    assert f"Ray does not start: {said}\n" in ended.err


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed: pip install ray")
class TestWorkerPool:
    def hire(self, nodes, num_workers=None, on_gpus=True):
        from cosycli.jobs.ray_executor import worker_pool_for

        return worker_pool_for([{"CPU": cpus, "GPU": gpus} for cpus, gpus in nodes], num_workers, on_gpus)

    def worker_pool(self, *arguments, **named):
        worker_pool = self.hire(*arguments, **named)
        return worker_pool.num_workers, worker_pool.num_cpus, worker_pool.num_gpus

    def test_there_is_a_worker_on_each_gpu_of_one_machine_or_of_many(self):
        assert self.worker_pool([(16, 4)]) == (4, 4, 1)
        assert self.worker_pool([(16, 1), (16, 4)]) == (5, 4, 1)

    def test_without_a_gpu_there_is_a_worker_on_each_machine(self):
        assert self.worker_pool([(8, 0)]) == (1, 8, 0)
        assert self.worker_pool([(8, 0), (4, 0)]) == (2, 4, 0)

    def test_a_model_on_the_cpu_leaves_the_gpus_to_others(self):
        assert self.worker_pool([(16, 4)], on_gpus=False) == (1, 16, 0)

    def test_a_worker_has_another_batch_at_hand_where_stages_overlap(self):
        assert self.hire([(16, 4)]).batches_at_once == 2
        assert self.hire([(16, 4)], on_gpus=False).batches_at_once == 1

    @pytest.mark.parametrize(
        ("num_utterances", "num_workers", "size"), [(1000, 1, 32), (1000, 4, 32), (100, 4, 25), (101, 4, 26), (3, 8, 1)]
    )
    def test_batches_are_smaller_where_workers_would_have_none(self, num_utterances, num_workers, size):
        from cosycli.jobs.ray_executor import RayExecutor

        executor = RayExecutor(["worker"] * num_workers, max_batch_size=32, batches_at_once=1)
        assert executor.batch_size(num_utterances) == size

    def test_a_machine_is_shared_out_among_its_workers(self):
        assert self.worker_pool([(8, 0)], 3) == (3, 2, 0)
        assert self.worker_pool([(8, 4)], 2) == (2, 4, 1)

    def test_no_worker_is_spread_over_two_machines(self):
        assert self.worker_pool([(8, 0), (8, 0)], 3) == (3, 4, 0)

    def test_more_workers_than_there_is_room_for_are_refused(self):
        with pytest.raises(UsageError, match="--workers 2"):
            self.worker_pool([(2, 0)], 3)
        with pytest.raises(UsageError, match="each with a GPU to itself"):
            self.worker_pool([(16, 1)], 2)
