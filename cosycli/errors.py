"""Every error a user can cause, each with the exit code the program ends with; and the wording of messages.

    CosyError
    ├── UsageError      2  an option or tag that does not exist
    ├── InputError      3  text or audio that cannot be read
    └── MissingError    4  a model, voice or tool that is not there

Exit code 1 is our own bug, 5 means that some segments failed their gates, 130 that the user interrupted.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

SOME_FAILED = 5  # the exit code of a command that finished, though some segments failed their gates, or some jobs


class CosyError(Exception):
    """What happened, what would be valid, and what to type next.

    Args:
        what: one sentence that names the value or path at fault.
        hint: what would be valid, or the command to type next.
    """

    exit_code = 1

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(f"{what}\n{hint}" if hint else what)
        self.what = what
        self.hint = hint


class UsageError(CosyError):
    """An option, tag or setting that does not exist."""

    exit_code = 2


class InputError(CosyError):
    """Text or audio that cannot be read, or an output that cannot be written."""

    exit_code = 3


class MissingError(CosyError):
    """A model, voice or tool that is not on this machine, or is damaged."""

    exit_code = 4


def did_you_mean(word: str, valid: Iterable[str]) -> str:
    """For the start of a hint: a question naming the valid word nearest to `word`, and a space; or nothing."""
    near = difflib.get_close_matches(word, list(valid), n=1)
    return f"Did you mean {near[0]!r}? " if near else ""


def counted(number: int, noun: str) -> str:
    """(1, "segment") -> "1 segment"; (2, "segment") -> "2 segments"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
