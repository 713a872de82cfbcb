"""What every test may ask for: golden vectors, and the real books beside the repository."""

from __future__ import annotations

import io
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import fake_synthesizer
import pytest

# The networks of the tests are small: more threads gain nothing, and cost much where the cores have other work.
os.environ.setdefault("OMP_NUM_THREADS", "1")

SHARED = Path(__file__).parents[2] / "shared"
GOLDEN = Path(__file__).parent / "data" / "golden"


@pytest.fixture(scope="session", autouse=True)
def clean_environment(tmp_path_factory):
    """Nothing of the voices, models, settings, mirrors and proxies of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COSY_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("no_proxy", "127.0.0.1")
        for mirror in ("HF_ENDPOINT", "MODELSCOPE_ENDPOINT"):
            patch.delenv(mirror, raising=False)
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real books; the test is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"no reference data at {SHARED}")
    return SHARED


@pytest.fixture(scope="session")
def golden_folder() -> Path:
    """Inputs and outputs of the authors' code; see the README there."""
    return GOLDEN


@dataclass(frozen=True)
class Ended:
    """How a run of `cosy` ended."""

    status: int
    out: bytes
    err: str
    synthesizers: list[fake_synthesizer.FakeSynthesizer]


@pytest.fixture
def cosy(tmp_path, monkeypatch, capfdbinary):
    """Runs `cosy ARGUMENTS` with a fake synthesizer, in an empty folder and with an empty home."""
    from cosycli.cli.main import main

    folder = tmp_path / "folder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COSY_HOME", str(tmp_path / "home"))
    loaded = fake_synthesizer.install(monkeypatch.setattr)

    def run(*arguments: str | os.PathLike[str], stdin: bytes = b"") -> Ended:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        status = main([str(argument) for argument in arguments])
        captured = capfdbinary.readouterr()
        return Ended(status, captured.out, captured.err.decode(), loaded)

    return run
