"""The page docs/cli.md: the help of every command, as the program prints it.

python -m cosycli.cli.reference > docs/cli.md
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from cosycli.cli.main import app

WIDTH = 100  # columns
OPENING = """# Commands and options

What `cosy COMMAND --help` says of every command. `python -m cosycli.cli.reference > docs/cli.md` makes this page.
"""


def reference() -> str:
    """The page as Markdown."""
    program = get_command(app)
    pages = _pages(program, program.make_context("cosy", [], resilient_parsing=True, max_content_width=WIDTH))
    return "\n".join([OPENING, *pages])


def _pages(command: Any, context: Any) -> Iterator[str]:
    """The help of a command, a context of click's, and of those under it."""
    context.terminal_width = WIDTH
    yield f"## {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
    for name, below in getattr(command, "commands", {}).items():
        yield from _pages(below, below.make_context(name, [], parent=context, resilient_parsing=True))


if __name__ == "__main__":
    print(reference(), end="")
