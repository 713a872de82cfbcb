"""A field added to `RenderOptions` or `ReadingOptions` is an option everywhere; only its effect is left to write."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import cosycli

PACKAGE = Path(cosycli.__file__).parent
BREATH = """
    breath: float = option(
        0.5, NUMBER, loads=True, in_key=True, help="Seconds of breath before a sentence; {default} by default."
    )
"""
FOOTNOTES = """
    footnote_voice: str | None = option(None, NAME_OR_FOLDER, metavar="VOICE", help="Voice for footnotes.")
"""
USES = """
import inspect, json, sys
from pathlib import Path
import cosycli
from cosycli.cli.main import main
from cosycli.jobs.batch_file import read_batch
from cosycli.settings import RenderOptions, read_settings

Path("cosy.yaml").write_text("breath: 2")
Path("jobs.jsonl").write_text('{"id": "a", "text": "One.", "breath": 1}')
Path("novel.md").write_text("# One")
Path("books.jsonl").write_text('{"id": "b", "source": "novel.md", "footnote-voice": "michael"}')
settings = read_settings(Path())
json.dump(
    {
        "setting": settings.breath,
        "job": read_batch(Path("jobs.jsonl"), settings, {})[0].settings.breath,
        "flag": read_batch(Path("books.jsonl"), settings, {"breath": 3.0})[0].settings.breath,
        "load": inspect.signature(cosycli.load).parameters["breath"].default,
        "make_book": [name in inspect.signature(cosycli.make_book).parameters for name in ("breath", "footnote_voice")],
        "loading": settings.loading["breath"],
        "key": [RenderOptions().keyed, settings.keyed],
    },
    sys.stdout,
)
"""


@pytest.fixture
def package(tmp_path):
    """A folder with the package in it, whose option files have each a field more."""
    shutil.copytree(PACKAGE, tmp_path / "cosycli", ignore=shutil.ignore_patterns("builtin", "__pycache__"))
    (tmp_path / "cosycli" / "builtin").symlink_to(PACKAGE / "builtin")
    (tmp_path / "voices").symlink_to(PACKAGE.parent / "voices")
    add_field(tmp_path / "cosycli" / "settings.py", "    def __post_init__", BREATH)
    options = tmp_path / "cosycli" / "jobs" / "book_options.py"
    options.write_text(options.read_text(encoding="utf-8") + FOOTNOTES, encoding="utf-8")
    return tmp_path


def add_field(path: Path, before: str, field: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1
    path.write_text(text.replace(before, field.lstrip("\n") + "\n" + before), encoding="utf-8")


def run(package: Path, code: str) -> str:
    command = [sys.executable, "-c", code]
    environment = {
        "PYTHONPATH": str(package),
        "COSY_HOME": str(package / "home"),
        "COLUMNS": "110",
        "PATH": "/usr/bin:/bin",
    }
    return subprocess.run(command, cwd=package, env=environment, capture_output=True, text=True, check=True).stdout


def test_it_is_in_settings_files_jobs_files_python_and_keys(package):
    assert json.loads(run(package, USES)) == {
        "setting": 2.0,
        "job": 1,
        "flag": 3.0,
        "load": 0.5,
        "make_book": [True, True],
        "loading": 2.0,
        "key": [{}, {"breath": 2.0}],
    }


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("speak", ["--breath"]),
        ("batch", ["--breath"]),
        ("book", ["--breath", "--footnote-voice"]),
        ("plan", ["--footnote-voice"]),
    ],
)
def test_it_is_a_flag_of_the_commands(package, command, options):
    shown = run(package, f"from cosycli.cli.main import main; main(['{command}', '--help'])")
    assert [option for option in options if option in shown] == options
    if "--breath" in options:
        assert "Seconds of breath before a sentence; 0.5 by" in " ".join(shown.split())
