"""The same book from workers of a Ray cluster, though one of them dies, as from this process."""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import fake_synthesizer
import pytest

import cosycli
from cosycli.engine.utterance import WAVE

NUM_PARAGRAPHS = 3 * WAVE + 5


@pytest.fixture
def novel(cosy):
    lines = (f"Line number {number} of a long book.\n" for number in range(NUM_PARAGRAPHS))
    Path("novel.md").write_text("# One\n\n" + "\n".join(lines), encoding="utf-8")


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


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="two workers need two CPUs")
def test_two_workers_one_of_which_is_killed_make_the_same_file_as_this_process(cosy, novel, monkeypatch, tmp_path):
    pytest.importorskip("ray", reason="Ray is not installed: pip install ray")
    deaths = tmp_path / "deaths"
    monkeypatch.setattr(cosycli, "load", load_mortal(deaths))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))  # the workers find this project and its tests
    by_ray = cosy("book", "novel.md", "-o", "ray.flac", "--executor", "ray", "--workers", "2")
    assert (by_ray.status, by_ray.out) == (0, b""), by_ray.err
    assert deaths.read_text(encoding="utf-8") != str(os.getpid())
    assert cosy("book", "novel.md", "-o", "here.flac").status == 0
    assert Path("ray.flac").read_bytes() == Path("here.flac").read_bytes()
