"""Ruby: readings printed over characters, as pairs of the characters and how they are said.

HTML (section 4.5.10) lets bases and readings alternate (山<rt>やま</rt>路<rt>じ</rt>) or come in groups
(<rb>山</rb><rb>路</rb><rt>やま</rt><rt>じ</rt>). A second row of readings (rtc) is only used if there is no first.
"""

from __future__ import annotations

from cosycli.documents.book import Alphabet, MarkKind
from cosycli.documents.flowing_text import FlowingText

__all__ = ["Ruby"]


class Ruby:
    """Puts the readings of one ruby element on its bases."""

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
