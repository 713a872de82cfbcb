"""Reads SSML 1.1 (W3C Recommendation, 7 September 2010) as a book of one chapter, with elements as marks.

Pitch, volume and recorded audio have no effect and cause a warning. No lexicon or audio file is fetched.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePath

from lxml import etree

from cosycli.documents.accounting import Account, count_characters
from cosycli.documents.book import Alphabet, Block, BlockKind, Book, Chapter, Mark, MarkKind, Metadata
from cosycli.documents.inline_text import InlineText, OpenMark
from cosycli.documents.parsing import parse_xml
from cosycli.documents.plain_text import CONTROL, MAX_BYTES
from cosycli.documents.semantics import local_name
from cosycli.errors import InputError

MAX_PAUSE_S = 60.0  # as in the notation for plain text
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
# Section 3.2.3 gives no durations. From weak on, these are the pauses at a comma, sentence, paragraph and scene break.
_STRENGTHS_S = {"none": 0.0, "x-weak": 0.1, "weak": 0.15, "medium": 0.4, "strong": 0.8, "x-strong": 1.6}
_TIME = re.compile(r"\+?(\d+(?:\.\d*)?|\.\d+)(ms|s)")
# Section 3.2.4 gives no factors; these are the ones of eSpeak NG.
_RATES = {"x-slow": 0.6, "slow": 0.8, "medium": 1.0, "default": 1.0, "fast": 1.25, "x-fast": 1.6}
_RATE = re.compile(r"([+-]?)(\d+(?:\.\d*)?|\.\d+)(%?)")
_ALPHABETS = {
    "ipa": Alphabet.IPA,
    "x-ipa": Alphabet.IPA,
    "x-sampa": Alphabet.X_SAMPA,
    "x-cmu": Alphabet.CMU,
    "x-arpabet": Alphabet.CMU,
    "cmu-arpabet": Alphabet.CMU,
    "x-pinyin": Alphabet.PINYIN,
    "pinyin": Alphabet.PINYIN,
}
_LEFT_OUT = {
    "metadata": ("metadata", "metadata is not read"),
    "meta": ("metadata", "metadata is not read"),
    "desc": ("hidden", "descriptions of sounds are not read"),
    "lexicon": ("metadata", "metadata is not read"),
}
_PARAGRAPHS = frozenset({"speak", "p", "paragraph"})
_WITHOUT_MARKS = frozenset({"speak", "p", "paragraph", "s", "sentence", "w", "token", "mark", "audio", "lookup"})
_IGNORED = ("pitch", "contour", "range", "duration", "volume")


def read_ssml(data: bytes, name: str) -> Book:
    """Read an SSML document; `name` is its file name, for the title if the document has none.

    Raises:
        InputError: the document is too large, not well-formed XML, or not SSML.
    """
    if len(data) > MAX_BYTES:
        raise InputError(f"{name} is larger than {MAX_BYTES >> 20} MB.", "Split it into several files.")
    document = parse_xml(data, name)
    if document.warnings:  # a repair may lose words
        problem = document.warnings[0].rpartition(": ")[2]
        raise InputError(
            f"{name} is not well-formed XML: {problem}.", "Close every element, and write & as &amp; and < as &lt;."
        )
    root = document.root
    if local_name(root) != "speak":
        raise InputError(f"{name} is not SSML: its root is <{local_name(root)}>.", "Put all of it in <speak>…</speak>.")
    reader = _SsmlReader(name)
    reader.read(root)
    title = _title(root) or PurePath(name).stem
    return Book(
        Metadata(title=title, language=root.get(_LANGUAGE, "")),
        (Chapter(title, 1, tuple(reader.blocks)),) if reader.blocks else (),
        sum(count_characters(_clean(text)) for text in root.itertext()),
        left_out=reader.account.left_out,
        warnings=tuple(reader.warnings),
    )


def _title(root: etree._Element) -> str:
    """Return the title in the metadata, from Dublin Core or a `meta` element, or ""."""
    for element in root.iter("*"):
        if local_name(element) == "title" or (local_name(element) == "meta" and element.get("name") == "title"):
            return " ".join((element.get("content") or element.text or "").split())
    return ""


def _clean(text: str) -> str:
    return unicodedata.normalize("NFC", CONTROL.sub("", text))


class _SsmlReader:
    """Walks the tree recursively; the parser limits it to 256 levels."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.account = Account()
        self.blocks: list[Block] = []
        self.warnings: dict[str, None] = {}
        self._text = InlineText()
        self._pauses: list[Mark] = []

    def read(self, element: etree._Element) -> None:
        name = local_name(element)
        if name in _LEFT_OUT:
            self._leave_out(element, name)
            return
        if name == "break":
            self._add_pause(element)
            return
        if name in _PARAGRAPHS:
            self._end_block()
        spans = list(self._spans(element, name))
        for span in spans:
            self._text.open(span.kind, span.value, span.alphabet)
        self._text.add(_clean(element.text or ""))
        for child in element:
            self.read(child)
            self._text.add(_clean(child.tail or ""))
        for _ in spans:
            self._text.close()
        if name in _PARAGRAPHS:
            self._end_block()
        elif name in ("s", "sentence"):
            self._text.break_line()

    def _spans(self, element: etree._Element, name: str) -> Iterator[OpenMark]:
        """Yield the marks on the content of an element."""
        language = element.get(_LANGUAGE)
        if language and name != "speak":
            yield OpenMark(MarkKind.LANGUAGE, language.partition("-")[0].lower())
        if name == "voice":
            yield from self._voice(element)
        elif name == "prosody":
            yield from self._prosody(element)
        elif name == "phoneme":
            yield from self._phoneme(element)
        elif name == "sub":
            yield OpenMark(MarkKind.ALIAS, element.get("alias", ""))
        elif name == "say-as":
            yield OpenMark(MarkKind.SAY_AS, element.get("interpret-as", ""))
        elif name == "emphasis":
            if element.get("level") not in ("none", "reduced"):
                yield OpenMark(MarkKind.EMPHASIS)
        elif name not in _WITHOUT_MARKS and name != "lang":
            self._warn(f"<{name}> is not an element of SSML 1.1; its text is read")

    def _voice(self, element: etree._Element) -> Iterator[OpenMark]:
        names = element.get("name", "").split()
        if names:
            yield OpenMark(MarkKind.VOICE, names[0])
        else:
            self._warn("<voice> without a name is ignored: voices are selected by name only")

    def _prosody(self, element: etree._Element) -> Iterator[OpenMark]:
        ignored = [attribute for attribute in _IGNORED if attribute in element.attrib]
        if ignored:
            self._warn(f"<prosody> ignores {', '.join(ignored)}: only the rate has an effect")
        written = element.get("rate")
        rate = _read_rate(written) if written else None
        if rate is not None:
            yield OpenMark(MarkKind.RATE, f"{rate:g}")
        elif written:
            self._warn(f"<prosody rate={written!r}> is not a rate: write slow, fast or a percentage")

    def _phoneme(self, element: etree._Element) -> Iterator[OpenMark]:
        alphabet = _ALPHABETS.get(element.get("alphabet", "ipa").lower())
        if alphabet and element.get("ph"):
            yield OpenMark(MarkKind.PRONUNCIATION, element.get("ph", ""), alphabet)
        elif alphabet is None:
            known = ", ".join(member.value for member in Alphabet if member is not Alphabet.RUBY)
            self._warn(f"<phoneme> in the alphabet {element.get('alphabet')!r} is ignored; supported are {known}")
        if not (element.text or "").strip():
            self._warn("<phoneme> without text is silent: put the word into it")

    def _leave_out(self, element: etree._Element, name: str) -> None:
        if name == "lexicon":
            self._warn(f"<lexicon uri={element.get('uri', '')!r}> was not opened: give the file with --lexicon")
        characters = sum(count_characters(_clean(text)) for text in element.itertext())
        if characters:
            kind, reason = _LEFT_OUT[name]
            self.account.leave_out(kind, reason, characters)

    def _add_pause(self, element: etree._Element) -> None:
        """Add a pause at the current position: in this block, or at the end of the one before if this is empty."""
        seconds = self._pause_s(element)
        if self._text.length == 0 and self.blocks:
            last = self.blocks[-1]
            pause = Mark(len(last.text), len(last.text), MarkKind.PAUSE, f"{seconds:g}")
            self.blocks[-1] = replace(last, marks=(*last.marks, pause))
        else:
            self._pauses.append(Mark(self._text.length, self._text.length, MarkKind.PAUSE, f"{seconds:g}"))

    def _pause_s(self, element: etree._Element) -> float:
        strength, time = element.get("strength", "medium"), element.get("time", "").strip()
        written = _TIME.fullmatch(time)
        if time and not written:
            self._warn(f"<break time={time!r}> is not a time: write 300ms or 1.5s")
        if not written:
            return _STRENGTHS_S.get(strength, _STRENGTHS_S["medium"])
        seconds = float(written[1]) / (1000 if written[2] == "ms" else 1)
        if seconds > MAX_PAUSE_S:
            self._warn(f"<break time={time!r}> was cut to {MAX_PAUSE_S:.0f} s")
        return min(seconds, MAX_PAUSE_S)

    def _end_block(self) -> None:
        """Finish the current block; open marks continue in the next one."""
        text, marks = self._text.finish()
        self._text = InlineText(self._text.open_marks)
        if text:
            ordered = sorted((*marks, *self._pauses), key=lambda mark: (mark.start, -mark.end))
            self.blocks.append(Block(BlockKind.PARAGRAPH, text, marks=tuple(ordered), source=self.name))
            self._pauses = []

    def _warn(self, message: str) -> None:
        self.warnings[f"{self.name}: {message}."] = None


def _read_rate(written: str) -> float | None:
    """Parse a rate: "slow" -> 0.8, "120%" -> 1.2, and as in SSML 1.0 "1.2" and "+20%"; None if it is not above 0."""
    if written in _RATES:
        return _RATES[written]
    number = _RATE.fullmatch(written.strip())
    if number is None:
        return None
    value = float(number[2]) / (100 if number[3] else 1)
    if number[1]:
        value = 1 + value if number[1] == "+" else 1 - value
    return value if value > 0 else None
