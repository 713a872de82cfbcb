"""Text from a file or a pipe as Unicode: found in its encoding, checked for damage, brought to form NFC."""

from __future__ import annotations

import codecs
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cosycli.errors import InputError

__all__ = [
    "CONTROL",
    "MAX_BYTES",
    "check_text",
    "decode_book_text",
    "decode_text",
    "guess_encoding",
    "normalise",
    "read_arriving",
    "read_text_file",
    "to_nfc",
]

MAX_BYTES = 32 * 1024 * 1024  # seven Bibles
ARRIVING_BYTES = 4096  # read at most at once; as many as there are, when there are fewer
# Control characters that no text holds. Tabs, line ends, form feeds (page ends) and U+0085 are white space.
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
MAX_DAMAGE = 0.001  # of the characters of a book; a file that is no text has far more control characters
MAX_BROKEN = 0.1  # of the characters beyond ASCII; a text in another encoding has almost none that are UTF-8
BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SAMPLE_BYTES = 256 * 1024
_PLAUSIBLE = 0.7
# First bytes of signs, kana, Hangul and the characters of level 1.
_EVERYDAY = {
    "euc_kr": frozenset((0xA1, 0xA3, *range(0xB0, 0xC9))),
    "euc_jp": frozenset((0xA1, 0xA4, 0xA5, *range(0xB0, 0xD0))),
    "gb18030": frozenset((0xA1, 0xA3, *range(0xB0, 0xD8))),
    "big5hkscs": frozenset(range(0xA1, 0xC7)),
    "cp932": frozenset((*range(0x81, 0x84), *range(0x88, 0x99))),
}
_FEW_TOGETHER = re.compile(r"(?<![^\x00-\x7f])[^\x00-\x7f]{1,2}(?![^\x00-\x7f])")
_WESTERN = re.compile("[À-ÖØ-öø-ÿŠšŽžŒœŸ“”„‘’‚«»‹›–—…¡¿§°ªº©®™€£·¼½¾²³×÷†•\xa0\xad]")
# Python sorts a run of combining characters by insertion: six million of them, as no text has, would take hours.
_PIECE = re.compile(r".{1,256}[\u0300-\u036f\u3099\u309a]{0,30}", re.DOTALL)


def read_text_file(path: Path) -> str:
    """The text in `path`.

    Raises:
        InputError: it cannot be read, is too large, or is not text in UTF-8 (or UTF-16 that says so).
    """
    if path.is_dir():
        raise InputError(f"{path} is a directory.", f"Name a text file in it, for example: cosy speak {path / 'a.txt'}")
    try:
        with path.open("rb") as file:
            return decode_text(file.read(MAX_BYTES + 1), str(path))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", "Check its name and permissions.") from None


def decode_text(data: bytes, source: str) -> str:
    """`data` as text; `source` names it in an error.

    Raises:
        InputError: it is too large, or not text in UTF-8 (or UTF-16 that says so).
    """
    _check_size(data, source)
    try:
        text = data.decode(_marked_encoding(data) or "utf-8")
    except UnicodeDecodeError as error:
        raise _not_utf_8(data, error.start, source) from None
    return check_text(text, source)


def read_arriving(file: BinaryIO, source: str) -> Iterator[str]:
    """A text in UTF-8 as it arrives, with "\n" at its line ends; `source` names it in an error.

    Raises:
        InputError: what has arrived is not text in UTF-8.
    """
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8-sig")(), translate=True)
    num_read, data = 0, b"\0"
    while data:
        data = file.read1(ARRIVING_BYTES)  # type: ignore[attr-defined]
        num_read += len(data)
        try:
            text = decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            raise _not_utf_8(error.object, error.start, source, before=num_read - len(error.object)) from None
        yield check_text(text, source)


def decode_book_text(data: bytes, source: str) -> tuple[str, tuple[str, ...]]:
    """The text of a book, which may be older than Unicode or slightly damaged, and a warning where it is.

    Raises:
        InputError: it is too large, is not text, or is in an encoding that cannot be told.
    """
    _check_size(data, source)
    data = data.rstrip(b"\x1a")  # the end of a text, to DOS
    warnings = []
    try:
        text = data.decode(_marked_encoding(data) or "utf-8")
    except UnicodeDecodeError as error:
        otherwise = _decode_otherwise(data)
        if otherwise is None:
            raise _not_utf_8(data, error.start, source) from None
        text, problem = otherwise
        warnings.append(f"{source} {problem}.")
    num_control = len(CONTROL.findall(text))
    if 0 < num_control <= MAX_DAMAGE * len(text):
        text = CONTROL.sub("", text)
        warnings.append(f"{source} holds {num_control} control characters, which were taken out.")
    return check_text(text, source), tuple(warnings)


def _decode_otherwise(data: bytes) -> tuple[str, str] | None:
    """Text that is not UTF-8 but looks like that of another encoding, or is UTF-8 for the most part; and what it is."""
    if encoding := guess_encoding(data):
        return data.decode(encoding), f"is not UTF-8; it was read as {encoding}, which it looks like"
    text = data.decode("utf-8", errors="replace")
    num_broken, num_beyond_ascii = text.count("\ufffd"), sum(char > "\x7f" for char in text)
    if num_broken > max(MAX_BROKEN * num_beyond_ascii, MAX_DAMAGE * len(text)):
        return None
    return text, f"holds {num_broken} characters that are not UTF-8 and cannot be read"


def _marked_encoding(data: bytes) -> str | None:
    return next((encoding for mark, encoding in BYTE_ORDER_MARKS if data.startswith(mark)), None)


def _check_size(data: bytes, source: str) -> None:
    if len(data) > MAX_BYTES:
        raise InputError(f"{source} is larger than {MAX_BYTES >> 20} MB.", "Split it into several files.")


def _not_utf_8(data: bytes, position: int, source: str, before: int = 0) -> InputError:
    return InputError(
        f"{source} is not UTF-8 text: byte {before + position} is 0x{data[position]:02X}.",
        f"If it is Latin-1 text, convert it: iconv -f LATIN1 -t UTF-8 {source} > utf8.txt",
    )


def check_text(text: str, source: str) -> str:
    """`text` itself.

    Raises:
        InputError: it holds control characters, or bytes that were not UTF-8 where it came from.
    """
    if found := CONTROL.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise InputError(
            f"{source} is not plain text: line {line} holds the control character U+{ord(found[0]):04X}.",
            "Remove it, for example with: tr -d '\\000-\\010\\016-\\037\\177' < FILE > clean.txt",
        )
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise InputError(f"{source} is not UTF-8 text.", "Put the text into a UTF-8 file and name that.") from None
    return text


def guess_encoding(data: bytes) -> str | None:
    """The encoding that makes `data`, which is not UTF-8, the most everyday text; None if none makes it much of one.

    Level 1 of each national standard holds the characters in common use: 3,755 of GB 2312, 5,401 of Big5, 2,965 of
    JIS X 0208. A text read in the wrong encoding is full of others. In a Western text what is not ASCII stands alone
    or in pairs.

    Pieces cut at random places from Chinese, Japanese, German, French and English books and told right, by length in
    bytes:

        pieces of                100         400         2,000
        this function         355/358     408/408     439/439
        charset-normalizer    300/358     358/408     356/439    (3.5.2, its best guess)
    """
    scores = {encoding: _plausibility(data, encoding) for encoding in ("cp1252", *_EVERYDAY)}
    best = max(scores, key=lambda encoding: scores[encoding])
    return best if scores[best] > _PLAUSIBLE else None


def _plausibility(data: bytes, encoding: str) -> float:
    """Which share of the characters that are not ASCII is everyday; 0 if the bytes are not in that encoding at all."""
    try:
        data.decode(encoding)
        text = codecs.getincrementaldecoder(encoding)().decode(data[:_SAMPLE_BYTES])
    except UnicodeDecodeError:
        return 0.0
    if encoding == "cp1252":
        everyday = sum(len(_WESTERN.findall(few)) for few in _FEW_TOGETHER.findall(text))
        return everyday / max(1, sum(char > "\x7f" for char in text))
    counts = Counter(char for char in text if char > "\x7f")
    everyday = sum(count for char, count in counts.items() if char.encode(encoding)[0] in _EVERYDAY[encoding])
    return everyday / max(1, counts.total())


def normalise(text: str) -> str:
    """`text` in Unicode form NFC and with "\n" at its line ends."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def to_nfc(text: str) -> str:
    """`text` in form NFC; where hundreds of combining characters follow each other some may stay apart."""
    return "".join(unicodedata.normalize("NFC", piece[0]) for piece in _PIECE.finditer(text))
