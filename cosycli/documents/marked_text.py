"""Text that is put together piece by piece, with marks on some of it."""

from __future__ import annotations

from dataclasses import replace

from cosycli.documents.book import Alphabet, Mark, MarkKind
from cosycli.documents.text_layout import is_wide

__all__ = ["MarkedText"]


class MarkedText:
    """Collects the text and marks of a block."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._marks: list[Mark] = []
        self.length = 0

    def add(self, text: str) -> None:
        if text:
            self._pieces.append(text)
            self.length += len(text)

    def wrap(self) -> None:
        """An editor ended the line here: a space, but none after a Chinese or Japanese character."""
        if self._pieces and not is_wide(self._pieces[-1][-1]):
            self.add(" ")

    def mark(self, start: int, kind: MarkKind, value: str = "", alphabet: Alphabet | None = None) -> None:
        """Put a mark on the text from `start` on; only a pause may be on none."""
        if start < self.length or kind is MarkKind.PAUSE:
            self._marks.append(Mark(start, self.length, kind, value, alphabet))

    def finish(self) -> tuple[str, tuple[Mark, ...]]:
        """The text without the white space around it and its marks, the outer ones first."""
        text = "".join(self._pieces)
        stripped = text.strip()
        first = len(text) - len(text.lstrip())
        moved = [
            replace(
                mark,
                start=min(max(mark.start - first, 0), len(stripped)),
                end=min(max(mark.end - first, 0), len(stripped)),
            )
            for mark in reversed(self._marks)  # marks are put when they end: the outer one after the inner one
        ]
        kept = [mark for mark in moved if mark.start < mark.end or mark.kind is MarkKind.PAUSE]
        return stripped, tuple(sorted(kept, key=lambda mark: (mark.start, -mark.end)))
