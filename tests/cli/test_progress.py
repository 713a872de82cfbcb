import io
import itertools
import threading
from types import SimpleNamespace

import pytest

from cosycli.cli.progress import PLAIN_INTERVAL_S, open_progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def ticking(monkeypatch):
    """Lets this many seconds pass between two updates."""

    def tick(seconds: float) -> None:
        times = itertools.count(0.0, seconds)
        monkeypatch.setattr("cosycli.cli.progress.time", SimpleNamespace(monotonic=lambda: next(times)))

    return tick


def test_a_log_gets_lines_with_the_time_that_is_left(ticking, capsys):
    ticking(PLAIN_INTERVAL_S)
    with open_progress("plain") as report:
        for done in (0, 25, 50):
            report.update(done, 100, "segments", chapter="3 of 12")
    assert capsys.readouterr().err.splitlines() == [
        "0 of 100 segments, chapter 3 of 12, ? left",
        "25 of 100 segments, chapter 3 of 12, 00:30 left",
        "50 of 100 segments, chapter 3 of 12, 00:20 left",
    ]


def test_a_single_one_is_not_told_in_the_plural(ticking, capsys):
    ticking(PLAIN_INTERVAL_S)
    with open_progress("plain") as report:
        report.update(0, 1, "segments")
        report.update(0, 1, "chapters written")
    assert capsys.readouterr().err.splitlines() == ["0 of 1 segment, ? left", "0 of 1 chapter written, ? left"]


def test_the_time_that_is_left_counts_only_what_this_run_has_done(ticking, capsys):
    ticking(PLAIN_INTERVAL_S)
    with open_progress("plain") as report:
        report.update(900, 1000, "MB")
        report.update(910, 1000, "MB")
        report.update(3, 4, "chapters written")
    assert capsys.readouterr().err.splitlines()[1:] == ["910 of 1000 MB, 01:30 left", "3 of 4 chapters written, ? left"]


def test_a_log_is_not_flooded(ticking, capsys):
    ticking(0.01)
    with open_progress("plain") as report:
        for done in range(10_000):
            report.update(done, 10_000, "segments")
    assert len(capsys.readouterr().err.splitlines()) == pytest.approx(100 / PLAIN_INTERVAL_S, abs=1)


def test_a_download_has_a_bar_on_a_terminal_that_is_gone_at_the_end(monkeypatch):
    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    with open_progress("auto", is_download=True) as report:
        report.update(0, 1200, "MB")
        report.tell("No published checksum is known.")
    shown = terminal.getvalue()
    assert "0 of 1200 MB" in shown
    assert "No published checksum is known.\n" in shown
    assert shown.rpartition("\r")[0].endswith(" ")
    assert not [thread for thread in threading.enumerate() if type(thread).__name__ == "TMonitor"]


def test_a_download_that_has_nothing_to_fetch_shows_nothing(monkeypatch):
    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    with open_progress("auto", is_download=True):
        pass
    assert terminal.getvalue() == ""
