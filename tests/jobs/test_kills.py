"""A run that is killed again and again ends in the same file; `kill_runs.py` does it as often as you like."""

import sys

import pytest

from tests.jobs.kill_runs import kill_runs


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_runs_end_in_the_same_file():
    outcome = kill_runs(num_kills=3, num_paragraphs=4)
    assert outcome.num_kills == 3
    assert outcome.num_books >= 1
    assert outcome.num_different == 0
