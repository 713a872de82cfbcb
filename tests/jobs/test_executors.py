"""Which executor is started, and what is said where it cannot be."""

import importlib.util
from pathlib import Path

import pytest

from cosycli.errors import UsageError


@pytest.fixture
def novel(cosy):
    Path("novel.md").write_text("# One\n\nThe lamp was lit.\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--executor", "rya"], "Did you mean 'ray'?"),
        (["--workers", "2"], "Add: --executor ray"),
        (["--ray-address", "auto"], "Add: --executor ray"),
        (["--executor", "ray", "--workers", "0"], "Give 1 or more"),
    ],
)
def test_options_that_cannot_be_are_refused_before_any_work(cosy, novel, options, said):
    ended = cosy("book", "novel.md", *options)
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


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed: pip install ray")
class TestCpusPerWorker:
    def share(self, nodes, num_workers, on_gpus=False):
        from cosycli.jobs.ray_executor import cpus_per_worker

        return cpus_per_worker([{"CPU": cpus, "GPU": gpus} for cpus, gpus in nodes], num_workers, on_gpus)

    def test_a_machine_is_shared_out_among_its_workers(self):
        assert self.share([(8, 0)], 1) == 8
        assert self.share([(8, 0)], 3) == 2

    def test_no_worker_is_spread_over_two_machines(self):
        assert self.share([(8, 0), (8, 0)], 3) == 4

    def test_each_worker_has_a_gpu_to_itself(self):
        assert self.share([(16, 1), (16, 4)], 5, on_gpus=True) == 4

    def test_more_workers_than_there_is_room_for_are_refused(self):
        with pytest.raises(UsageError, match="--workers 2"):
            self.share([(2, 0)], 3)
        with pytest.raises(UsageError, match="each with a GPU to itself"):
            self.share([(16, 1)], 2, on_gpus=True)
