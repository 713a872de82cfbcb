"""The same files from workers of a Ray cluster, though one of them dies, as from this process."""

import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import fake_synthesizer
import pytest

import cosycli
from cosycli.engine.utterance import WAVE

NUM_LINES = 3 * WAVE + 5
LINES = [f"Line number {number} of a long book." for number in range(NUM_LINES)]

pytestmark = pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="two workers need two CPUs")


@pytest.fixture
def novel(cosy):
    Path("novel.md").write_text("\n\n".join(["# One", *LINES]), encoding="utf-8")


@pytest.fixture
def jobs(novel):
    texts = [{"id": f"line{number}", "text": line} for number, line in enumerate(LINES)]
    entries = [*texts, {"id": "novel", "source": "novel.md", "format": "flac"}]
    Path("jobs.jsonl").write_text("\n".join(map(json.dumps, entries)), encoding="utf-8")


def load_mortal(deaths: Path):
    """A `cosycli.load` whose synthesizers sound as loud as the wave is full. The first one ends its process in a wave.

    It is a function in a function, so that it reaches the workers by value.
    """

    class Mortal(fake_synthesizer.FakeSynthesizer):
        def render(self, utterances, *, mask="full"):
            for number, take in enumerate(super().render(utterances, mask=mask)):
                yield replace(take, samples=take.samples * len(utterances) / WAVE)
                if number == 2 and not deaths.exists():
                    deaths.write_text(str(os.getpid()), encoding="utf-8")
                    os.kill(os.getpid(), signal.SIGKILL)

    return lambda *arguments: Mortal(*arguments)


@pytest.fixture
def deaths(monkeypatch, tmp_path):
    """The file that a worker leaves when it is killed."""
    pytest.importorskip("ray", reason="Ray is not installed: pip install ray")
    path = tmp_path / "deaths"
    monkeypatch.setattr(cosycli, "load", load_mortal(path))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))  # the workers find this project and its tests
    return path


def is_of_a_worker(deaths: Path) -> bool:
    return deaths.read_text(encoding="utf-8") != str(os.getpid())


def test_two_workers_one_of_which_is_killed_make_the_same_book_as_this_process(cosy, novel, deaths):
    by_ray = cosy("book", "novel.md", "-o", "ray.flac", "--executor", "ray", "--workers", "2")
    assert (by_ray.status, by_ray.out) == (0, b""), by_ray.err
    assert is_of_a_worker(deaths)
    assert cosy("book", "novel.md", "-o", "here.flac").status == 0
    assert Path("ray.flac").read_bytes() == Path("here.flac").read_bytes()


def test_two_workers_one_of_which_is_killed_do_the_same_jobs_as_this_process(cosy, jobs, deaths):
    by_ray = cosy("batch", "jobs.jsonl", "--executor", "ray", "--workers", "2", "--json")
    assert by_ray.status == 0, by_ray.err
    assert is_of_a_worker(deaths)
    results = json.loads(by_ray.out)
    assert [result["status"] for result in results] == ["done"] * (NUM_LINES + 1)
    made = [Path(result["out"]).read_bytes() for result in results]
    assert cosy("batch", "jobs.jsonl", "-o", "here").status == 0
    assert made == [Path("here", result["out"]).read_bytes() for result in results]
