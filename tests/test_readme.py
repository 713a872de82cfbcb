"""Every command of the README, of docs/ and of the help is run, with a fake synthesizer in place of the model."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import fake_synthesizer
import numpy as np
import pytest
import soundfile

from cosycli.voices import find_voice

REPOSITORY = Path(__file__).parents[1]
FAKE_COSY = REPOSITORY / "tests" / "fake_synthesizer.py"
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
MAX_LINES = 380
DOCS = [page.read_text(encoding="utf-8") for page in sorted((REPOSITORY / "docs").glob("*.md"))]
SET_UP = [
    'pip install -c constraints.txt . && cosy speak "Every good book deserves a voice of its own." -o hello.wav',
    'pip install -c constraints.txt -e ".[test]" && pytest',
]

FETCHED_MODELS = "cosyvoice"  # in the name of each
# What an example of the help takes up, and the command that makes it.
MADE_BEFORE = {
    "remove ada": 'cosy voices add ada --clip clip.wav --transcript "The words." --rights "My own voice"',
    "check book.m4b": "cosy book novel.epub -o book.m4b",
    "check chapters/": "cosy book novel.epub -o chapters --acx",
}


def blocks(language: str, page: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)


def command_blocks() -> dict[str, None]:
    """Each block of commands once, in the order of the README and then of the pages of docs/.

    The judges of sound are left out: their models take a gigabyte, and no test needs them.
    """
    return dict.fromkeys(
        block
        for page in (README, *DOCS)
        for block in blocks("sh", page)
        if "pip install" not in block and "training judge" not in block
    )


def help_examples() -> list[str]:
    """The command lines that the help of each command ends with."""
    from cosycli.cli import batch, bench, book, check, convert, doctor, lexicon, models, plan, speak, voices
    from cosycli.cli.main import EXAMPLES, app

    modules = (speak, convert, book, plan, batch, check, doctor, bench, models, voices, lexicon)
    pages = [EXAMPLES, *(module.EXAMPLES for module in modules)]
    pages += [command.epilog for group in app.registered_groups for command in group.typer_instance.registered_commands]
    return [line.strip() for page in pages for line in page.splitlines() if line.startswith("  ")]


@pytest.fixture
def desk(tmp_path):
    """A folder with what the README's reader has: a text, a clip, and `cosy` on the path."""
    folder = tmp_path
    (folder / "notes.txt").write_text("Soup is best on the second day. Bread is not.\n")
    (folder / "notes.md").write_text("# Soup\n\nIt is best on the second day.\n\n# Bread\n\nIt is not.\n")
    t = np.arange(5 * 24_000) / 24_000
    soundfile.write(folder / "clip.wav", 0.3 * np.sin(900 * t) * (np.sin(6 * t) > 0), 24_000)
    sentences = Path("tests", "data", "exam_en.txt")  # the first two of them
    (folder / sentences).parent.mkdir(parents=True)
    (folder / sentences).write_text("".join((REPOSITORY / sentences).open().readlines()[:2]))
    shutil.copytree(REPOSITORY / "examples", folder / "examples")
    shutil.copytree(REPOSITORY / "examples", folder, dirs_exist_ok=True)
    shutil.copy(folder / "the-light-at-low-water.epub", folder / "novel.epub")
    (folder / "novels").mkdir()
    shutil.copy(folder / "notes.md", folder / "novels" / "soup.md")
    (folder / "bin").mkdir()
    write_program(folder / "bin" / "cosy", f'exec "{sys.executable}" "{FAKE_COSY}" "$@"')
    write_program(folder / "bin" / "python", f'exec "{sys.executable}" "$@"')
    for player in ("aplay", "ffplay"):
        write_program(folder / "bin" / player, "exec cat > /dev/null")
    return folder


def write_program(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


def run(desk: Path, command: str) -> subprocess.CompletedProcess[str]:
    told = re.search(r'--transcript "([^"]*)"', command)
    heard = told[1] if told else find_voice("michael").transcript
    environment = {
        **os.environ,
        "PATH": f"{desk / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "COSY_HOME": str(desk / "home"),
        "HF_ENDPOINT": "http://127.0.0.1:9",  # where nobody answers
        "MODELSCOPE_ENDPOINT": "http://127.0.0.1:9",
        "FAKE_COSY_HEARS": heard or "",
    }
    shell = ["bash", "-c", f"set -o pipefail; {command}"]
    return subprocess.run(shell, cwd=desk, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)


def test_the_readme_is_short_enough_to_be_read():
    assert len(README.splitlines()) <= MAX_LINES


def test_there_are_exactly_two_set_up_commands():
    assert [block.rstrip() for block in blocks("sh") if "pip install" in block] == SET_UP


def check(desk: Path, command: str) -> None:
    """The command does what it says; one that needs a published model says that it is not here."""
    ended = run(desk, command)
    if FETCHED_MODELS in command and "show" not in command:
        assert ended.returncode == 4
        assert "cannot be reached" in ended.stderr or "not on this machine" in ended.stderr
        return
    assert ended.returncode == 0, ended.stderr
    for name in re.findall(r"(?:-o|>) (\w[\w.]+)", command):
        assert (desk / name).stat().st_size > (1000 if "cosy" in command else 0)


@pytest.mark.parametrize("block", command_blocks())
def test_the_commands_of_the_pages_do_what_they_say(desk, block):
    if "ffprobe" in block and shutil.which("ffprobe") is None:
        pytest.skip("ffprobe is not installed")
    for command in block.splitlines():
        check(desk, command)


@pytest.mark.parametrize("command", dict.fromkeys(help_examples()))
def test_the_examples_of_the_help_do_what_they_say(desk, command):
    for used, made_by in MADE_BEFORE.items():
        if used in command:
            check(desk, made_by)
    check(desk, command)


def test_the_first_command_makes_the_file_it_names(desk):
    assert run(desk, SET_UP[0].partition("&& ")[2]).returncode == 0
    assert soundfile.info(desk / "hello.wav").samplerate == 24_000


def test_the_python_examples_run(desk, monkeypatch, capsys):
    fake_synthesizer.install(monkeypatch.setattr)
    monkeypatch.chdir(desk)
    for block in blocks("python"):
        exec(block, {})
    assert "seconds" in capsys.readouterr().out
    assert soundfile.info("hello.mp3").duration > 0.1
    assert Path("light.m4b").stat().st_size > 1000


def test_the_settings_example_is_valid(tmp_path, monkeypatch):
    from cosycli.settings import read_settings

    monkeypatch.setenv("COSY_HOME", str(tmp_path / "home"))
    settings = next(block for block in blocks("yaml") if "jobs:" not in block)
    (tmp_path / "cosy.yaml").write_text(settings)
    assert read_settings(tmp_path).voice == "michael"


def test_the_jobs_example_is_done(desk):
    jobs = next(block for block in blocks("yaml") if "jobs:" in block)
    (desk / "examples" / "jobs.yaml").write_text(jobs)
    assert run(desk, "cosy batch examples/jobs.yaml").returncode == 0
    assert (desk / "examples" / "light.m4b").is_file()


def test_every_exit_code_is_in_the_table():
    from cosycli.cli.main import BUG, INTERRUPTED
    from cosycli.errors import InputError, MissingError, UsageError

    table = re.findall(r"^\| (\d+) \|", README, flags=re.MULTILINE)
    codes = [0, BUG, UsageError.exit_code, InputError.exit_code, MissingError.exit_code, 5, INTERRUPTED]
    assert table == [str(code) for code in codes]
