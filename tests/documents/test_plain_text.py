import pytest

from cosycli.documents.plain_text import decode_text, read_text_file
from cosycli.errors import InputError

TEXT = "Café, naïve, 你好。\r\n\tEnd.\f"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_utf_8_and_marked_utf_16_are_read(tmp_path, encoding):
    (tmp_path / "a.txt").write_bytes(TEXT.encode(encoding))
    assert read_text_file(tmp_path / "a.txt") == TEXT


def test_the_line_of_a_control_character_is_named():
    with pytest.raises(InputError, match=r"line 3 holds the control character U\+0008"):
        decode_text(b"one\ntwo\nth\x08ree", "a.txt")


def test_a_file_that_ends_within_a_character_is_not_utf_8():
    with pytest.raises(InputError, match="byte 1 is 0xE4"):
        decode_text("a你".encode()[:-1], "a.txt")


def test_a_file_too_large_to_be_a_text_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr("cosycli.documents.plain_text.MAX_BYTES", 1 << 20)
    (tmp_path / "a.txt").write_bytes(b"a" * ((1 << 20) + 1))
    with pytest.raises(InputError, match="larger than 1 MB"):
        read_text_file(tmp_path / "a.txt")
