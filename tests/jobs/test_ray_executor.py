"""The same files from workers of a Ray cluster, though they die now and then, as from this process."""

import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import fake_synthesizer
import pytest

import cosycli
from cosycli.engine.batch import BATCH_SIZE
from cosycli.settings import RenderOptions

NUM_LINES = 3 * BATCH_SIZE + 5
TEXTS = [f"Text number {number} of many." for number in range(NUM_LINES)]
LINES = [f"Line number {number} of a long book." for number in range(NUM_LINES)]


@pytest.fixture
def jobs(cosy):
    """Many short texts and a book."""
    Path("novel.md").write_text("\n\n".join(["# One", *LINES]), encoding="utf-8")
    entries = [{"id": f"text{number}", "text": text} for number, text in enumerate(TEXTS)]
    entries.append({"id": "novel", "source": "novel.md", "format": "flac"})
    Path("jobs.jsonl").write_text("\n".join(map(json.dumps, entries)), encoding="utf-8")
    return cosy


@pytest.fixture
def deaths(monkeypatch, tmp_path):
    """Where each worker that is killed leaves a file with its process id."""
    folder = tmp_path / "deaths"
    folder.mkdir()
    monkeypatch.setattr(cosycli, "load", load_mortal(folder))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))  # the workers find this project and its tests
    monkeypatch.setenv("RAY_USE_MULTIPROCESSING_CPU_COUNT", "1")  # also where a container's share of time is one CPU's
    monkeypatch.setenv("RAY_TMPDIR", "/tmp")  # Ray takes no folder whose name is long or not in English
    return folder


def load_mortal(deaths: Path):
    """A `cosycli.load` whose synthesizers sound as loud as the batch is full, and die of the first "Text" and "Line".

    It is a function in a function, so that it reaches the workers by value.
    """

    class Mortal(fake_synthesizer.FakeSynthesizer):
        def render(self, utterances, *, mask="full"):
            takes = super().render(utterances, mask=mask)
            for number, (said, take) in enumerate(zip(utterances, takes, strict=True)):
                yield replace(take, samples=take.samples * len(utterances) / BATCH_SIZE)
                death = deaths / said.segment.text.split()[0]
                if number == 2 and not death.exists():
                    death.write_text(str(os.getpid()), encoding="utf-8")
                    os.kill(os.getpid(), signal.SIGKILL)

    return lambda **options: Mortal(RenderOptions(**options))


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="two workers need two CPUs")
def test_two_workers_killed_at_a_text_and_in_a_book_make_the_same_files_as_this_process(jobs, deaths):
    pytest.importorskip("ray", reason="Ray is not installed: pip install ray")
    by_ray = jobs("batch", "jobs.jsonl", "--executor", "ray", "--workers", "2", "--json")
    assert by_ray.status == 0, by_ray.err
    killed = {death.read_text(encoding="utf-8") for death in deaths.iterdir()}
    assert len(killed - {str(os.getpid())}) == 2
    results = json.loads(by_ray.out)
    assert [result["status"] for result in results] == ["done"] * (NUM_LINES + 1)
    made = [Path(result["out"]).read_bytes() for result in results]
    assert jobs("batch", "jobs.jsonl", "-o", "here").status == 0
    assert made == [Path("here", result["out"]).read_bytes() for result in results]
