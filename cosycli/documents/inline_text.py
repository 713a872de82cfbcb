"""Builds the text of a block as a browser shows it: white space collapsed, line breaks kept, marks placed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cosycli.documents.book import Alphabet, Mark, MarkKind
from cosycli.documents.plain_text import to_nfc
from cosycli.documents.text_layout import is_wide

_WHITE_SPACE = " \t\r\n"
_NOT_ONE_SPACE = re.compile(r"[ \t\r\n]*[\t\r\n][ \t\r\n]*| {2,}")
_CLOSING = frozenset(".,;:!?…)]}”’»、。，；：！？）」』】")


@dataclass
class OpenMark:
    """A mark under construction: it starts at the next character, and ends where it is closed."""

    kind: MarkKind
    value: str = ""
    alphabet: Alphabet | None = None
    start: int | None = None


class InlineText:
    """Collects the text of a block and the marks on it.

    White space is queued until the next character: only then is it known whether it becomes a space, a line break, or
    nothing, as between two Chinese characters on different lines (CSS Text 3, section 4.1.3).
    """

    def __init__(self, open_marks: Sequence[OpenMark] = ()) -> None:
        self._texts: list[str] = []
        self._marks: list[Mark] = []
        self._open = [OpenMark(span.kind, span.value, span.alphabet) for span in open_marks]
        self._not_started = list(self._open)
        self._queued = ""
        self._after_omission = False
        self.length = 0

    @property
    def ends_line(self) -> bool:
        """True if a line break follows the last character."""
        return self.length > 0 and self._queued == "\n"

    @property
    def open_marks(self) -> Sequence[OpenMark]:
        return self._open

    def add(self, text: str) -> None:
        """Append text whose white space collapses."""
        text = to_nfc(text)
        words = text.strip(_WHITE_SPACE)
        start = text.find(words[0]) if words else len(text)
        self._queue_white_space(text[:start])
        if words:
            self._append(_NOT_ONE_SPACE.sub(_collapsed, words))
            self._queue_white_space(text[start + len(words) :])

    def add_preserved(self, text: str) -> None:
        """Append text whose white space and line breaks are kept."""
        text = to_nfc(text).replace("\r\n", "\n").replace("\r", "\n")
        if not self.length:
            text = text.lstrip("\n")
        if text:
            self._append(text)

    def break_line(self) -> None:
        self._queued = "\n"

    def omit(self, text: str) -> None:
        """Omit `text` here; words that it separated stay separate."""
        self._after_omission = True
        if text[:1].isspace() or text[-1:].isspace():
            self._queue_white_space(" ")

    def open(self, kind: MarkKind, value: str = "", alphabet: Alphabet | None = None) -> None:
        self._open.append(OpenMark(kind, value, alphabet))
        self._not_started.append(self._open[-1])

    def close(self) -> None:
        """Close the mark that was opened last."""
        self._finish(self._open.pop())

    def track_next(self) -> OpenMark:
        """Return an object whose `start` will be the position of the next character, without a mark on it."""
        span = OpenMark(MarkKind.PRONUNCIATION)
        self._not_started.append(span)
        return span

    def mark(self, start: int, end: int, kind: MarkKind, value: str, alphabet: Alphabet | None) -> None:
        """Put a mark on characters that were added before."""
        if start < end:
            self._marks.append(Mark(start, end, kind, value, alphabet))

    def finish(self) -> tuple[str, tuple[Mark, ...]]:
        """Return the text without surrounding white space, and its marks, outer marks first."""
        for span in self._open:
            self._finish(span)
        text = "".join(self._texts)
        stripped = text.strip()
        first = len(text) - len(text.lstrip())
        moved = (
            Mark(max(mark.start - first, 0), min(mark.end - first, len(stripped)), mark.kind, mark.value, mark.alphabet)
            for mark in reversed(self._marks)  # a mark is added where it ends: outer marks after inner ones
        )
        return stripped, tuple(_nested([mark for mark in moved if mark.start < mark.end]))

    def _queue_white_space(self, white_space: str) -> None:
        """Add to the queued white space: a line break overrides a line end of the source, which overrides a space."""
        if white_space and self._queued != "\n":
            self._queued = "\r" if self._queued == "\r" or "\n" in white_space or "\r" in white_space else " "

    def _append(self, words: str) -> None:
        gap = self._queued if self.length else ""
        if gap == "\r":
            gap = _joint(self._texts[-1][-1], words[0])
        if gap == " " and self._after_omission and words[0] in _CLOSING:
            gap = ""
        if gap:
            self._texts.append(gap)
            self.length += len(gap)
        for span in self._not_started:
            span.start = self.length
        self._not_started.clear()
        self._texts.append(words)
        self.length += len(words)
        self._queued = ""
        self._after_omission = False

    def _finish(self, span: OpenMark) -> None:
        if span.start is not None:
            self.mark(span.start, self.length, span.kind, span.value, span.alphabet)


def _collapsed(white_space: re.Match[str]) -> str:
    text = white_space.string
    if "\n" in white_space[0] or "\r" in white_space[0]:
        return _joint(text[white_space.start() - 1], text[white_space.end()])
    return " "


def _joint(before: str, after: str) -> str:
    """Return what a line end of the source becomes."""
    return "" if is_wide(before) and is_wide(after) else " "


def _nested(marks: list[Mark]) -> Iterator[Mark]:
    """Yield the marks by their start, outer marks first; of two that cross, the second ends with the first."""
    outer: list[Mark] = []
    for mark in sorted(marks, key=lambda mark: (mark.start, -mark.end)):
        while outer and outer[-1].end <= mark.start:
            outer.pop()
        if outer and mark.end > outer[-1].end:
            mark = replace(mark, end=outer[-1].end)
        outer.append(mark)
        yield mark


class Ruby:
    """Converts one ruby element, readings printed above characters, to pronunciation marks.

    HTML (section 4.5.10) lets bases and readings alternate (山<rt>やま</rt>路<rt>じ</rt>) or come in groups
    (<rb>山</rb><rb>路</rb><rt>やま</rt><rt>じ</rt>). A second row of readings (rtc) is only used if there is no first.
    """

    def __init__(self, text: InlineText) -> None:
        self._bases: list[tuple[int, int]] = []
        self._readings: list[str] = []
        self.has_reading = False
        self.start(text)

    def start(self, text: InlineText) -> None:
        """Use the characters that are added to `text` from now on as bases."""
        self._text = text
        self._base = text.track_next()

    def next_base(self) -> None:
        """Process the start or end of an `rb`."""
        self._end_base()
        self._base = self._text.track_next()

    def add_reading(self, reading: str) -> None:
        """Process the text of an `rt`."""
        self.next_base()
        self._readings.append(" ".join(reading.split()))
        self.has_reading = True

    def finish(self) -> None:
        """Place the marks for the bases since the start; the element may continue in the next block."""
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
