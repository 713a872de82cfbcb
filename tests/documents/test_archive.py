"""ZIP archives that nobody vouches for: small ones are read, hostile ones are refused, nothing is ever written."""

from __future__ import annotations

import struct
import zipfile
import zlib

import pytest

from cosycli.documents import archive
from cosycli.documents.archive import Archive, UnreadableEntryError
from cosycli.errors import InputError


def write_zip(path, files, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as written:
        for name, data in files:
            written.writestr(name, data)
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.zip"


def test_files_are_found_whatever_their_case_and_composition(path):
    with Archive(write_zip(path, [("OPS/Caf\u00e9.xhtml", b"text")])) as opened:
        assert "ops/cafe\u0301.XHTML" in opened
        assert opened.read("ops/cafe\u0301.XHTML") == b"text"


def test_names_that_lead_out_of_the_archive_are_not_used(path):
    names = ["../up.txt", "a/../../up.txt", "/etc/passwd", "C:/up.txt", "..\\up.txt"]
    with Archive(write_zip(path, [(name, b"x") for name in names])) as opened:
        assert not any(name in opened for name in names)
        assert len(opened.warnings) == len(names)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_files_with_one_name_the_last_is_read(path):
    with Archive(write_zip(path, [("a", b"old"), ("a", b"new")])) as opened:
        assert opened.read("a") == b"new"
        assert "twice" in opened.warnings[0]


@pytest.mark.parametrize(
    ("limit", "value", "content"), [("MAX_TOTAL_BYTES", 50_000, bytes(100_000)), ("MAX_RATIO", 50, bytes(3_000_000))]
)
def test_bombs_are_refused_while_they_unpack(path, monkeypatch, limit, value, content):
    monkeypatch.setattr(archive, limit, value)
    with Archive(write_zip(path, [("a", content)])) as opened, pytest.raises(InputError, match="unpacks"):
        opened.read("a")


def test_a_file_larger_than_its_entry_says_is_refused(path):
    """The size in the directory is the attacker's word; only what was unpacked counts."""
    with Archive(write_zip(path, [("a", bytes(5_000_000))])) as opened, pytest.raises(InputError, match="unpacks"):
        opened.read("a", max_bytes=1_000_000)


def test_too_many_files_are_refused(path, monkeypatch):
    monkeypatch.setattr(archive, "MAX_ENTRIES", 3)
    write_zip(path, [(str(number), b"") for number in range(4)])
    with pytest.raises(InputError, match="more than 3 files"):
        Archive(path)


def test_a_list_of_files_too_long_to_hold_is_refused(path):
    """The end record claims a list of 4 GB; zipfile would read as much as there is."""
    size = 9 * 1024 * 1024
    with path.open("wb") as file:
        file.write(bytes(size))
        file.write(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, size, 0, 0))
    with pytest.raises(InputError, match="not a ZIP archive"):
        Archive(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_unpack_without_bounds_are_not_used(path, method):
    with Archive(write_zip(path, [("a", b"text")], method)) as opened, pytest.raises(UnreadableEntryError):
        opened.read("a")


def test_of_a_damaged_file_the_sound_part_is_read(path):
    text = b"".join(b"line %d of the text\n" % number for number in range(20_000))
    write_zip(path, [("a", text)])
    data = bytearray(path.read_bytes())
    data[len(data) * 2 // 3] ^= 0xFF
    path.write_bytes(data)
    with Archive(path) as opened:
        got = opened.read("a")
        assert text.startswith(got[:10_000])
        assert "damaged" in opened.warnings[0]


def test_what_is_missing_is_said(path):
    with Archive(write_zip(path, [])) as opened, pytest.raises(UnreadableEntryError, match="no file 'a'"):
        opened.read("a")


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\3\4" + zlib.compress(b"x")])
def test_what_is_no_archive_is_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a ZIP archive"):
        Archive(path)


def test_a_folder_and_nothing_are_no_archives(tmp_path):
    for path, says in ((tmp_path, "is a directory"), (tmp_path / "none", "does not exist")):
        with pytest.raises(InputError, match=says):
            Archive(path)
