"""Reads files from an untrusted ZIP archive: by name, up to size limits, never to disk."""

from __future__ import annotations

import io
import struct
import unicodedata
import zipfile
import zlib
from pathlib import Path
from types import TracebackType

from cosycli.errors import InputError

MAX_DIRECTORY_BYTES = 8 * 1024 * 1024  # the central directory; an entry takes 46 bytes and its name
MAX_ENTRIES = 65_535  # what a ZIP file without extensions can hold; the largest book of the corpus has 234
MAX_ENTRY_BYTES = 32 * 1024 * 1024  # unpacked; the largest of the corpus has 2.8 MB
MAX_TOTAL_BYTES = 256 * 1024 * 1024  # unpacked, of all entries that are read
MAX_RATIO = 200  # unpacked to packed, beyond the first MB; the highest of the corpus is 11, a bomb has up to 1,032
RATIO_FREE_BYTES = 1024 * 1024
CHUNK_BYTES = 64 * 1024
# OCF 3.3, section 4.3: "OCF ZIP containers MUST include only stored and Deflate-compressed ZIP entries".
COMPRESSION_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, OSError, struct.error, ValueError, NotImplementedError)


class UnreadableEntryError(InputError):
    """A file is not in the archive, or no part of it can be unpacked."""


class _BoundedFile(io.FileIO):
    """A file that limits each read to the size of a large central directory; zipfile trusts the size in the file."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MAX_DIRECTORY_BYTES:
            raise zipfile.BadZipFile("the central directory is too large")
        return super().read(size) or b""


class Archive:
    """A ZIP archive, open for reading.

    Raises:
        InputError: the file is missing, is not a ZIP archive, or lists too many entries.

    Attributes:
        warnings: defects of the archive that did not stop reading.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.warnings: list[str] = []
        self._bytes_read = 0
        self._file = _open_file(path)
        try:
            self._zip = _open_zip(self._file, path)
            self._entries = self._index()
        except InputError:
            self._file.close()
            raise

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._zip.close()
        self._file.close()

    def __contains__(self, name: str) -> bool:
        return _lookup_key(name) in self._entries

    def read(self, name: str, max_bytes: int = MAX_ENTRY_BYTES) -> bytes:
        """Return the content of the entry `name`; for a damaged entry the part before the damage, with a warning.

        Raises:
            UnreadableEntryError: the entry is missing, needs a password, or cannot be unpacked at all.
            InputError: the entry is larger than `max_bytes`, or the archive exceeds `MAX_TOTAL_BYTES` or `MAX_RATIO`.
        """
        entry = self._entries.get(_lookup_key(name))
        if entry is None:
            raise UnreadableEntryError(f"{self.path} has no file {name!r}.", "Export the book again.")
        if entry.flag_bits & 1:
            raise UnreadableEntryError(f"{name!r} in {self.path} needs a password.", "Export it without one.")
        if entry.compress_type not in COMPRESSION_METHODS:
            raise UnreadableEntryError(f"{name!r} in {self.path} uses an unsupported compression.", "Use Deflate.")
        data = bytearray()
        try:
            with self._zip.open(entry) as stream:
                while chunk := stream.read(CHUNK_BYTES):
                    data += chunk
                    self._check_sizes(entry, len(data), len(chunk), max_bytes)
        except ZIP_ERRORS as error:
            if not data:
                raise UnreadableEntryError(f"{name!r} in {self.path} is damaged.", "Export the book again.") from error
            self.warnings.append(f"{name} is damaged: only its first {len(data)} bytes were read")
        return bytes(data)

    def _check_sizes(self, entry: zipfile.ZipInfo, entry_bytes: int, chunk_bytes: int, max_bytes: int) -> None:
        self._bytes_read += chunk_bytes
        too_dense = entry_bytes > RATIO_FREE_BYTES and entry_bytes > MAX_RATIO * max(entry.compress_size, 1)
        if entry_bytes > max_bytes or self._bytes_read > MAX_TOTAL_BYTES or too_dense:
            raise InputError(
                f"{self.path} unpacks to more than the limit, at {entry.filename!r}.",
                f"The limits are {max_bytes >> 20} MB a file and {MAX_TOTAL_BYTES >> 20} MB in all: split the book.",
            )

    def _index(self) -> dict[str, zipfile.ZipInfo]:
        entries: dict[str, zipfile.ZipInfo] = {}
        for entry in self._zip.infolist():
            if not _is_safe(entry.filename):
                self.warnings.append(f"the file name {entry.filename[:80]!r} points outside the archive and is ignored")
            elif not entry.is_dir():
                key = _lookup_key(entry.filename)
                if key in entries:
                    self.warnings.append(f"{entry.filename} is in the archive twice: the last one is read")
                entries[key] = entry
        return entries


def _open_file(path: Path) -> _BoundedFile:
    if not path.is_file():
        problem = "is a directory" if path.is_dir() else "does not exist"
        raise InputError(f"{path} {problem}.", "Give an EPUB file, for example: cosy book novel.epub")
    try:
        return _BoundedFile(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", "Check its permissions.") from None


def _open_zip(file: _BoundedFile, path: Path) -> zipfile.ZipFile:
    try:
        opened = zipfile.ZipFile(file)
    except ZIP_ERRORS:
        raise InputError(f"{path} is not a ZIP archive, or is truncated.", "Download or export it again.") from None
    if len(opened.infolist()) > MAX_ENTRIES:
        raise InputError(f"{path} contains more than {MAX_ENTRIES} files.", "Extract the book from it first.")
    return opened


def _is_safe(name: str) -> bool:
    """Return False for a name that would be written outside the target folder; such entries are ignored."""
    return not name.startswith(("/", "\\")) and ".." not in name.replace("\\", "/").split("/") and name[1:2] != ":"


def _lookup_key(name: str) -> str:
    """Return the key for look-up: names are unique after NFC and case folding (OCF 3.3, section 4.2)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
