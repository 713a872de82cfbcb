"""Reads texts of Aozora Bunko: readings in 《》, annotations for headings, emphasis and page breaks in ［＃…］.

The annotations are those of the manual, 注記一覧 (aozora.gr.jp/annotation). Readings become pronunciations; annotations
of emphasis, headings and page breaks are applied; characters that the encoding lacks are filled in. All other
annotations describe layout and are left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from cosycli.documents.accounting import Account, count_characters
from cosycli.documents.book import Alphabet, Block, BlockKind, Book, Chapter, Mark, MarkKind, Metadata
from cosycli.documents.headings import cut_at_headings, heading_title
from cosycli.documents.reading_policy import ReadingPolicy, reason_for

_LEGEND_TITLE = "【テキスト中に現れる記号について】"
_LEGEND = re.compile(rf"^-{{20,}}\n{_LEGEND_TITLE}.*?\n-{{20,}}$", re.MULTILINE | re.DOTALL)
_IMPRINT = re.compile(r"^底本：.*", re.MULTILINE | re.DOTALL)
_ANNOTATION = r"［＃(?P<note>[^［］]*(?:［[^［］]*］[^［］]*)*)］"
# The base of a reading follows ｜, else it is the run of one script before it; 《》 after hiragana are quotes.
_SCRIPTS = "[一-鿿㐀-䶿\U00020000-\U0003ffff々〆〇ヶ仝]+|[ァ-ヴー]+|[A-Za-zＡ-Ｚａ-ｚ]+|〔[^〔〕]+〕"
_BASE = rf"｜(?P<marked>[^｜《》［］]+)|(?P<base>{_SCRIPTS})"
_ANNOTATION_OR_READING = re.compile(rf"{_ANNOTATION}|(?:{_BASE})《(?P<reading>[^《》]+)》")
_MISSING_CHARACTER = re.compile(rf"※{_ANNOTATION}")
_UNICODE = re.compile(r"U\+([0-9A-Fa-f]{4,6})")
_JIS_POSITION = re.compile(r"(?:第\d水準)?([12])-(\d{1,2})-(\d{1,2})")  # plane, row and cell of JIS X 0213
_EUROPEAN = re.compile("〔[^〔〕]*〕")
# "e'tude", but not the apostrophe of "qu'il" or a comma after a word.
_ACCENTED = re.compile("(?:[aeioyAEIOUY]|(?<![qQ])u)['`^:_]|[ANOano]~|[Cc],|[Aa]&")
_ACCENTS = dict(zip("'`^:~,&_", "\u0301\u0300\u0302\u0308\u0303\u0327\u030a\u0304", strict=True))
_HEADING = re.compile(r"「(?P<words>.+)」は(?P<size>[大中小])見出し|(?:ここから)?(?P<opened>[大中小])見出し")
_HEADING_END = re.compile(r"(?:ここで)?[大中小]見出し終わり")
_EMPHASIS = re.compile(r"「(?P<words>.+?)」(?:の左)?に\w*(?:傍点|傍線|太字)")
_EMPHASIS_SPAN = re.compile(r"(?:左に)?\w{0,6}(?:傍点|傍線|太字)(?P<end>終わり)?")
_PAGE_BREAK = re.compile("改ページ|改丁|改見開き")
_RULE = re.compile(r"[―─－\-‐*＊×◇◆○●☆★※\s]{3,}|[*＊×◇◆☆★※]")
_LEVELS = {"大": 1, "中": 2, "小": 3}


def is_aozora(text: str) -> bool:
    """Return True for a text in Aozora Bunko's notation: with its legend, or with both an annotation and a reading."""
    return _LEGEND_TITLE in text or ("［＃" in text and bool(re.search("《[ぁ-ヴー]+》", text)))


def read_aozora(text: str, name: str, policy: ReadingPolicy) -> Book:
    """Read a text of Aozora Bunko; its two largest sizes of headings start chapters."""
    account = Account()
    body = _leave_out(_LEGEND, text, account, "markup", "the legend of symbols is not read")
    body = _leave_out(_IMPRINT, body, account, "copyright", reason_for("copyright"))
    head, _, rest = body.lstrip("\n").partition("\n\n")
    title_lines = [line.strip() for line in head.splitlines()]
    metadata = Metadata(
        title=title_lines[0] if len(title_lines) > 1 else PurePath(name).stem,
        authors=tuple(title_lines[1:][-1:]),
        language="ja",
    )
    if len(title_lines) == 1 or policy.reads("title-page"):
        rest = body
    else:
        account.leave_out("title-page", reason_for("title-page"), count_characters(head), title=metadata.title)
    blocks = list(_AozoraReader(name, account).blocks(rest))
    return Book(metadata, tuple(_chapters(blocks, metadata.title)), count_characters(text), left_out=account.left_out)


def _leave_out(pattern: re.Pattern[str], text: str, account: Account, kind: str, reason: str) -> str:
    found = pattern.search(text)
    if not found:
        return text
    account.leave_out(kind, reason, count_characters(found[0]))
    return text[: found.start()] + text[found.end() :]


def _chapters(blocks: Sequence[Block], title: str) -> Iterator[Chapter]:
    sizes = sorted({block.level for block in blocks if block.kind is BlockKind.HEADING})[:2]
    for heading, part in cut_at_headings(blocks, sizes):
        yield (
            Chapter(heading_title(heading), sizes.index(heading.level) + 1, part)
            if heading
            else Chapter(title, 1, part)
        )


@dataclass
class _Line:
    """A line without its annotations, and what these mean."""

    text: str = ""
    marks: list[Mark] = field(default_factory=list)
    heading_level: int = 0
    is_page_break: bool = False


class _AozoraReader:
    """Reads lines into blocks; a heading may span several lines."""

    def __init__(self, source: str, account: Account) -> None:
        self.source = source
        self.account = account
        self._open_heading = 0
        self._emphasized_from: int | None = None

    def blocks(self, text: str) -> Iterator[Block]:
        for written in text.split("\n"):
            filled_in = _MISSING_CHARACTER.sub(self._fill_in, written)
            line = self._read(_EUROPEAN.sub(self._accent, filled_in))
            block = _block(line, self.source)
            if block.kind is BlockKind.SCENE_BREAK:
                signs = count_characters(line.text)
                if signs:
                    self.account.leave_out("scene-breaks", reason_for("scene-breaks"), signs)
                yield block
            elif block.text:
                yield block

    def _fill_in(self, note: re.Match[str]) -> str:
        """Return the character that an annotation gives by its code point; ※ if it gives none."""
        character = _described_character(note["note"]) or "※"
        self._record_annotation(count_characters(note[0]) - count_characters(character))
        return character

    def _accent(self, words: re.Match[str]) -> str:
        """Compose European words, which are written with accents after the letters."""
        accented = _ACCENTED.sub(_composed, words[0])
        self._record_annotation(len(words[0]) - len(accented))
        return accented

    def _record_annotation(self, characters: int) -> None:
        if characters:
            self.account.leave_out("markup", "annotations of the editors are not read", characters)

    def _read(self, written: str) -> _Line:
        line = _Line(heading_level=self._open_heading)
        self._emphasized_from = 0 if self._emphasized_from is not None else None
        position = 0
        for found in _ANNOTATION_OR_READING.finditer(written):
            line.text += written[position : found.start()]
            position = found.end()
            if found["note"] is not None:
                self._apply(found["note"], line)
                self._record_annotation(count_characters(found[0]))
            else:
                self._add_reading(found, line)
        line.text += written[position:]
        if self._emphasized_from is not None:
            _add_mark(line, self._emphasized_from, len(line.text), MarkKind.EMPHASIS)
        return line

    def _add_reading(self, found: re.Match[str], line: _Line) -> None:
        base = found["marked"] or found["base"]
        line.marks.append(
            Mark(len(line.text), len(line.text) + len(base), MarkKind.PRONUNCIATION, found["reading"], Alphabet.RUBY)
        )
        line.text += base
        characters = count_characters(found[0]) - count_characters(base)
        self.account.leave_out("markup", "readings are spoken in place of the characters beside them", characters)

    def _apply(self, note: str, line: _Line) -> None:
        if heading := _HEADING.fullmatch(note):
            level = _LEVELS[heading["size"] or heading["opened"]]
            if heading["opened"]:
                self._open_heading = level
            line.heading_level = level
        elif _HEADING_END.fullmatch(note):
            self._open_heading = 0
        elif emphasis := _EMPHASIS.fullmatch(note):
            start = line.text.rfind(emphasis["words"])
            if start >= 0:
                _add_mark(line, start, start + len(emphasis["words"]), MarkKind.EMPHASIS)
        elif span := _EMPHASIS_SPAN.fullmatch(note):
            if span["end"] and self._emphasized_from is not None:
                _add_mark(line, self._emphasized_from, len(line.text), MarkKind.EMPHASIS)
            self._emphasized_from = None if span["end"] else len(line.text)
        elif _PAGE_BREAK.fullmatch(note):
            line.is_page_break = True


def _described_character(note: str) -> str:
    """Return the character described as "口＋世、U+546D" or "てへん＋劣、第3水準1-84-77", or ""."""
    if code := _UNICODE.search(note):
        return chr(int(code[1], 16)) if int(code[1], 16) < 0x110000 else ""
    if place := _JIS_POSITION.search(note):
        plane, row, cell = map(int, place.groups())
        encoded = bytes((0x8F,) * (plane == 2) + (0xA0 + row, 0xA0 + cell)) if max(row, cell) <= 94 else b""
        return encoded.decode("euc_jis_2004", errors="ignore")
    return ""


def _composed(written: re.Match[str]) -> str:
    """Return the precomposed character of a letter and its accent, or both unchanged."""
    composed = unicodedata.normalize("NFC", written[0][0] + _ACCENTS[written[0][1]])
    return composed if len(composed) == 1 else written[0]


def _add_mark(line: _Line, start: int, end: int, kind: MarkKind) -> None:
    """Add a mark, unless it would cross another."""
    crosses = any(start < mark.start < end < mark.end or mark.start < start < mark.end < end for mark in line.marks)
    if start < end and not crosses:
        line.marks.append(Mark(start, end, kind))


def _block(line: _Line, source: str) -> Block:
    if not line.text.strip() or _RULE.fullmatch(line.text.strip()):
        is_break = line.is_page_break or bool(line.text.strip())
        return Block(BlockKind.SCENE_BREAK if is_break else BlockKind.PARAGRAPH, "", source=source)
    indent = len(line.text) - len(line.text.lstrip())
    text = line.text.strip()
    moved = (Mark(m.start - indent, min(m.end - indent, len(text)), m.kind, m.value, m.alphabet) for m in line.marks)
    marks = tuple(sorted((m for m in moved if 0 <= m.start < m.end), key=lambda mark: (mark.start, -mark.end)))
    kind = BlockKind.HEADING if line.heading_level else BlockKind.PARAGRAPH
    return Block(kind, text, line.heading_level, marks=marks, source=source)
