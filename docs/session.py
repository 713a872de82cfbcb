"""The picture docs/session.svg: `cosy plan` and `cosy book` run on the example book, as a terminal shows them.

python docs/session.py > docs/session.svg
"""

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

BOOK = Path(__file__).parents[1] / "examples" / "the-light-at-low-water.epub"
COMMANDS = (f"cosy plan {BOOK.name}", f"cosy book {BOOK.name} -o light.m4b")
WIDTH = 100  # columns


def session(commands: tuple[str, ...]) -> list[tuple[str, str]]:
    """Each command, and what it prints."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(BOOK, folder)
        environment = os.environ | {"COSY_HOME": str(Path(folder, "home"))}
        shown = []
        for command in commands:
            arguments = [sys.executable, "-c", "from cosycli.cli.main import run; run()", *command.split()[1:]]
            ran = subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True, check=True)
            shown.append((command, ran.stdout + ran.stderr))
        return shown


def picture(shown: list[tuple[str, str]]) -> str:
    """The session as SVG; it takes no font from elsewhere."""
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    for command, printed in shown:
        console.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
        console.print(Text(re.sub(r" +$", "", printed, flags=re.MULTILINE)))
    svg = console.export_svg(title="cosy", unique_id="session")
    return re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)


if __name__ == "__main__":
    print(picture(session(COMMANDS)))
