"""The pages of docs/ name what is there."""

import re
from pathlib import Path

import pytest

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
