"""The pages of docs/ name what is there."""

import ast
import html
import re
from pathlib import Path

import pytest
import soundfile

from cosycli.cli.main import main
from cosycli.cli.reference import reference

REPOSITORY = Path(__file__).parents[1]
PACKAGE = REPOSITORY / "cosycli"
PAGES = sorted((REPOSITORY / "docs").glob("*.md"))
PATH = re.compile(r"`((?:\w+/)+(?:\w+\.\w+)?)`")  # engine/take.py, or a folder such as script/
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
STATION = re.compile(r"^\| \d+ \| `([\w.]+)` \| `([\w/]+\.py)` \|", re.MULTILINE)


@pytest.mark.parametrize("page", [*PAGES, REPOSITORY / "README.md"], ids=lambda page: page.name)
def test_what_a_page_points_to_is_there(page):
    text = page.read_text(encoding="utf-8")
    paths = [path for path in PATH.findall(text) if path.split("/")[0] in {item.name for item in PACKAGE.iterdir()}]
    assert [path for path in paths if not (PACKAGE / path).exists()] == []
    assert [link for link in LINK.findall(text) if not (page.parent / link).exists()] == []


@pytest.mark.parametrize(("name", "module"), STATION.findall((REPOSITORY / "docs" / "architecture.md").read_text()))
def test_each_station_is_in_its_module(name, module):
    scope = ast.parse((PACKAGE / module).read_text(encoding="utf-8")).body
    for part in name.split("."):
        found = next((node for node in scope if getattr(node, "name", None) == part), None)
        assert found is not None, f"{name} is not in {module}"
        scope = found.body


def test_the_page_of_the_architecture_names_each_package_of_the_owner():
    page = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = ["torch", "transformers", "typer", "rich", "pydub", "soundfile", "pyyaml", "ebooklib", "tqdm"]
    assert (
        re.findall(r"^\| (\w+) \| .*\|$", page.partition("## What the named packages do")[2], re.MULTILINE)[1:] == named
    )


def test_the_page_of_the_commands_is_what_the_program_says():
    page = (REPOSITORY / "docs" / "cli.md").read_text(encoding="utf-8")
    assert page == reference(), "Remake it: python -m cosycli.cli.reference > docs/cli.md"


def test_the_picture_of_a_session_shows_what_the_program_plans(capsys):
    assert main(["plan", str(REPOSITORY / "examples" / "the-light-at-low-water.epub")]) == 0
    shown = re.sub(r"<[^>]*>", "", html.unescape((REPOSITORY / "docs" / "session.svg").read_text(encoding="utf-8")))
    planned = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines() if line.strip()]
    seen = " ".join(shown.split())
    assert [line for line in planned if line not in seen] == [], "Remake it: python docs/session.py > docs/session.svg"


def test_each_shipped_voice_can_be_heard_in_a_small_recording():
    recordings = {path.stem: path for path in (REPOSITORY / "docs" / "samples").glob("*.mp3")}
    assert set(recordings) == {path.name for path in (REPOSITORY / "voices").iterdir()}, "python docs/samples.py"
    assert sum(path.stat().st_size for path in recordings.values()) < 400_000
    assert all(f"docs/samples/{name}.mp3" in (REPOSITORY / "README.md").read_text() for name in recordings)
    assert all(3 < soundfile.info(path).duration < 12 for path in recordings.values())
