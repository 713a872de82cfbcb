"""Every file of `examples/` does what it says, with a fake synthesizer in place of the model."""

import shutil
import sys

import pytest
import soundfile

from tests.test_readme import FAKE_COSY, REPOSITORY, run, write_program

EXAMPLES = REPOSITORY / "examples"


@pytest.mark.parametrize(
    ("jobs", "files"),
    [
        ("jobs.yaml", ["harbour.flac", "ferry.flac", "letters/lighthouse.mp3"]),
        ("jobs.jsonl", ["greeting.wav", "closing.opus", "evening.wav"]),
    ],
)
def test_jobs_become_the_files_they_name(cosy, jobs, files):
    shutil.copy(EXAMPLES / jobs, jobs)
    ended = cosy("batch", jobs)
    assert ended.status == 0, ended.err
    assert [soundfile.info(file).duration > 0.4 for file in files] == [True] * 3


def test_the_pipelines_run(tmp_path):
    (tmp_path / "bin").mkdir()
    write_program(tmp_path / "bin" / "cosy", f'exec "{sys.executable}" "{FAKE_COSY}" "$@"')
    ended = run(tmp_path, f"sh {EXAMPLES / 'pipes.sh'}")
    assert ended.returncode == 0, ended.stderr
    chapters = ["The Last Ferry", "A Gallon of Oil", "What the Light Was For"]
    assert ended.stdout.splitlines() == ["The rain takes 620 milliseconds.", "3", *chapters]
    assert soundfile.info(tmp_path / "kettle.wav").duration > 0.3
    for number, line in enumerate((tmp_path / "lines.txt").read_text().splitlines(), start=1):
        alone, batched = tmp_path / f"line-{number}.wav", tmp_path / "lines" / f"line-{number}.wav"
        assert alone.read_bytes() == batched.read_bytes()
        assert soundfile.info(alone).duration == pytest.approx(0.02 * len(line) + 0.2, abs=0.05)
