"""The distribution is `cosycli`: `cosy` belongs to somebody else on the index, and no hint may install it."""

import re
from pathlib import Path

import cosycli

ROOT = Path(__file__).parents[1]
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
TEXTS = [*(ROOT / "cosycli").rglob("*.py"), *(ROOT / "docs").glob("*.md"), ROOT / "README.md"]


def test_hints_name_extras_that_exist():
    extras = set(re.findall(r"^(\w+) = \[", PROJECT.partition("[project.optional-dependencies]")[2], re.MULTILINE))
    named = {extra for path in TEXTS for extra in re.findall(r"cosycli\[(\w+)\]", path.read_text(encoding="utf-8"))}
    assert {"ray", "ja", "verify"} <= named <= extras


def test_no_hint_installs_a_distribution_of_somebody_else():
    assert [
        path.name for path in TEXTS if re.search(r"\bcosy\[|install cosy\b", path.read_text(encoding="utf-8"))
    ] == []
    assert re.search(r'^name = "cosycli"$', PROJECT, re.MULTILINE)


def test_the_changelog_has_a_heading_for_this_version():
    changelog = (ROOT / "docs" / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", changelog, re.MULTILINE)[0] == cosycli.__version__
