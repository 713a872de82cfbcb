"""The text of a block as a browser would show it: white space collapsed, lines broken, marks on some of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cosycli.documents.book import Alphabet, Mark, MarkKind
from cosycli.documents.plain_text import to_nfc
from cosycli.documents.text_layout import is_wide

__all__ = ["FlowingText", "Ruby", "Span"]

_WHITE_SPACE = " \t\r\n"
_NOT_ONE_SPACE = re.compile(r"[ \t\r\n]*[\t\r\n][ \t\r\n]*| {2,}")
_CLOSING = frozenset(".,;:!?…)]}”’»、。，；：！？）」』】")


@dataclass
class Span:
    """A mark that is not finished: it starts with the next character, and ends where it is closed."""

    kind: MarkKind
    value: str = ""
    alphabet: Alphabet | None = None
    start: int | None = None


class FlowingText:
    """Collects the pieces of a block's text.

    White space is held back until a character follows: only then is it known whether it is one space, a line's end, or
    nothing, as between two Chinese characters of different lines (CSS Text 3, section 4.1.3).
    """

    def __init__(self, open_spans: Sequence[Span] = ()) -> None:
        self._pieces: list[str] = []
        self._marks: list[Mark] = []
        self._open = [Span(span.kind, span.value, span.alphabet) for span in open_spans]
        self._not_started = list(self._open)
        self._gap = ""
        self._after_left_out = False
        self.length = 0

    @property
    def ends_line(self) -> bool:
        """True if a line was broken after the last character."""
        return self.length > 0 and self._gap == "\n"

    @property
    def open_spans(self) -> Sequence[Span]:
        return self._open

    def add(self, text: str) -> None:
        """Append text of a document; its white space counts as one space."""
        text = to_nfc(text)
        words = text.strip(_WHITE_SPACE)
        start = text.find(words[0]) if words else len(text)
        self._hold_back(text[:start])
        if words:
            self._append(_NOT_ONE_SPACE.sub(_collapsed, words))
            self._hold_back(text[start + len(words) :])

    def add_preserved(self, text: str) -> None:
        """Append text whose spaces and line ends are meant."""
        text = to_nfc(text).replace("\r\n", "\n").replace("\r", "\n")
        if not self.length:
            text = text.lstrip("\n")
        if text:
            self._append(text)

    def break_line(self) -> None:
        self._gap = "\n"

    def leave_out(self, text: str) -> None:
        """Note that `text` stood here; words that it kept apart stay apart."""
        self._after_left_out = True
        if text[:1].isspace() or text[-1:].isspace():
            self._hold_back(" ")

    def open(self, kind: MarkKind, value: str = "", alphabet: Alphabet | None = None) -> None:
        self._open.append(Span(kind, value, alphabet))
        self._not_started.append(self._open[-1])

    def close(self) -> None:
        """End the mark that was opened last."""
        self._finish(self._open.pop())

    def watch(self) -> Span:
        """A span that starts with the next character and puts no mark on it."""
        span = Span(MarkKind.PRONUNCIATION)
        self._not_started.append(span)
        return span

    def mark(self, start: int, end: int, kind: MarkKind, value: str, alphabet: Alphabet | None) -> None:
        """Put a mark on characters that are there already."""
        if start < end:
            self._marks.append(Mark(start, end, kind, value, alphabet))

    def finish(self) -> tuple[str, tuple[Mark, ...]]:
        """The text without the white space around it, and its marks, the outer ones first."""
        for span in self._open:
            self._finish(span)
        text = "".join(self._pieces)
        stripped = text.strip()
        first = len(text) - len(text.lstrip())
        moved = (
            Mark(max(mark.start - first, 0), min(mark.end - first, len(stripped)), mark.kind, mark.value, mark.alphabet)
            for mark in reversed(self._marks)  # marks are put on when they end: the outer one after the inner one
        )
        return stripped, tuple(_nested([mark for mark in moved if mark.start < mark.end]))

    def _hold_back(self, white_space: str) -> None:
        """The gap becomes what it was and this: a broken line outweighs a line's end in the file, and that a space."""
        if white_space and self._gap != "\n":
            self._gap = "\r" if self._gap == "\r" or "\n" in white_space or "\r" in white_space else " "

    def _append(self, words: str) -> None:
        gap = self._gap if self.length else ""
        if gap == "\r":
            gap = _joint(self._pieces[-1][-1], words[0])
        if gap == " " and self._after_left_out and words[0] in _CLOSING:
            gap = ""
        if gap:
            self._pieces.append(gap)
            self.length += len(gap)
        for span in self._not_started:
            span.start = self.length
        self._not_started.clear()
        self._pieces.append(words)
        self.length += len(words)
        self._gap = ""
        self._after_left_out = False

    def _finish(self, span: Span) -> None:
        if span.start is not None:
            self.mark(span.start, self.length, span.kind, span.value, span.alphabet)


def _collapsed(white_space: re.Match[str]) -> str:
    text = white_space.string
    if "\n" in white_space[0] or "\r" in white_space[0]:
        return _joint(text[white_space.start() - 1], text[white_space.end()])
    return " "


def _joint(before: str, after: str) -> str:
    """What a line's end in the file is shown as; Korean is written with spaces though its letters are wide."""
    return "" if all(is_wide(char) and not "\uac00" <= char <= "\ud7a3" for char in (before, after)) else " "


def _nested(marks: list[Mark]) -> Iterator[Mark]:
    """The marks by their start, the outer ones first; of two that cross, the second ends where the first does."""
    outer: list[Mark] = []
    for mark in sorted(marks, key=lambda mark: (mark.start, -mark.end)):
        while outer and outer[-1].end <= mark.start:
            outer.pop()
        if outer and mark.end > outer[-1].end:
            mark = replace(mark, end=outer[-1].end)
        outer.append(mark)
        yield mark


class Ruby:
    """Puts the readings of one ruby element, printed over characters, on those characters.

    HTML (section 4.5.10) lets bases and readings alternate (山<rt>やま</rt>路<rt>じ</rt>) or come in groups
    (<rb>山</rb><rb>路</rb><rt>やま</rt><rt>じ</rt>). A second row of readings (rtc) is only used if there is no first.
    """

    def __init__(self, text: FlowingText) -> None:
        self._bases: list[tuple[int, int]] = []
        self._readings: list[str] = []
        self.has_reading = False
        self.start(text)

    def start(self, text: FlowingText) -> None:
        """Take the characters that are added to `text` from now on as bases."""
        self._text = text
        self._base = text.watch()

    def next_base(self) -> None:
        """Note that an `rb` starts or ends."""
        self._end_base()
        self._base = self._text.watch()

    def add_reading(self, reading: str) -> None:
        """Take the text of an `rt`."""
        self.next_base()
        self._readings.append(" ".join(reading.split()))
        self.has_reading = True

    def finish(self) -> None:
        """Put on what was read since the start; the element may go on in the next block."""
        self._end_base()
        self._pair()

    def _end_base(self) -> None:
        start = self._base.start
        if start is not None:
            if self._readings:
                self._pair()
            self._bases.append((start, self._text.length))

    def _pair(self) -> None:
        readings = self._readings
        if len(readings) == len(self._bases):
            for (start, end), reading in zip(self._bases, readings, strict=True):
                self._mark(start, end, reading)
        elif self._bases:
            joined = ("" if all(map(_is_kana, readings)) else " ").join(filter(None, readings))
            self._mark(self._bases[0][0], self._bases[-1][1], joined)
        self._bases, self._readings = [], []

    def _mark(self, start: int, end: int, reading: str) -> None:
        if reading:
            self._text.mark(start, end, MarkKind.PRONUNCIATION, reading, Alphabet.RUBY)


def _is_kana(reading: str) -> bool:
    return all("\u3040" <= char <= "\u30ff" or char.isspace() for char in reading)
