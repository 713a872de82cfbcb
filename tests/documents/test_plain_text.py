import pytest

from cosycli.documents.plain_text import decode_book_text, decode_text, read_text_file
from cosycli.errors import InputError

TEXT = "Café, naïve, 你好。\r\n\tEnd.\f"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_utf_8_and_marked_utf_16_are_read(tmp_path, encoding):
    (tmp_path / "a.txt").write_bytes(TEXT.encode(encoding))
    assert read_text_file(tmp_path / "a.txt") == TEXT


def test_the_line_of_a_control_character_is_named():
    with pytest.raises(InputError, match=r"line 3 contains the control character U\+0008"):
        decode_text(b"one\ntwo\nth\x08ree", "a.txt")


def test_a_file_that_ends_within_a_character_is_not_utf_8():
    with pytest.raises(InputError, match="byte 1 is 0xE4"):
        decode_text("a你".encode()[:-1], "a.txt")


def test_a_file_too_large_to_be_a_text_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr("cosycli.documents.plain_text.MAX_BYTES", 1 << 20)
    (tmp_path / "a.txt").write_bytes(b"a" * ((1 << 20) + 1))
    with pytest.raises(InputError, match="larger than 1 MB"):
        read_text_file(tmp_path / "a.txt")


OLD_TEXTS = {
    "cp1252": "Der Bär saß müde „unter“ der Brücke – und las. L'été, là-bas, où ça sent le café. ¿Qué pasó mañana?",
    "gb18030": "山下有一条河，河边住着一个老人，他每天都在水边钓鱼。今天的天气很好，没有风，也没有云。",
    "big5hkscs": "山下有一條河，河邊住著一個老人，他每天都在水邊釣魚。今天的天氣很好，沒有風，也沒有雲。",
    "cp932": "山の下に川があって、そのほとりに老人が住んでいた。今日は天気がよく、風も雲もない。カメラを持つ。",
    "euc_jp": "山の下に川があって、そのほとりに老人が住んでいた。今日は天気がよく、風も雲もない。カメラを持つ。",
    "euc_kr": "산 아래에 강이 있고 그 곁에 노인이 살고 있었다. 오늘은 날씨가 좋고 바람도 구름도 없다.",
}


@pytest.mark.parametrize("encoding", OLD_TEXTS)
def test_the_encoding_of_an_old_book_is_told(encoding):
    text, warnings = decode_book_text(OLD_TEXTS[encoding].encode(encoding), "old.txt")
    assert text == OLD_TEXTS[encoding]
    assert warnings == (f"old.txt is not UTF-8; it was decoded as {encoding}, the best match.",)


def test_text_to_speak_is_never_guessed():
    with pytest.raises(InputError, match="not UTF-8"):
        decode_text(OLD_TEXTS["cp1252"].encode("cp1252"), "old.txt")


@pytest.mark.parametrize("encoding", ["koi8-r", "cp1251", "iso8859-7"])
def test_an_encoding_that_cannot_be_told_is_an_error(encoding):
    text = "Όλες οι ευτυχισμένες" if encoding == "iso8859-7" else "Все счастливые семьи похожи друг на друга"
    with pytest.raises(InputError, match="not UTF-8"):
        decode_book_text(text.encode(encoding), "old.txt")


def test_a_book_with_a_few_broken_characters_is_read_with_a_warning():
    data = "Ένα καλό βιβλίο που χάλασε λίγο. ".encode() * 3 + b"\xce"
    text, warnings = decode_book_text(data, "old.txt")
    assert text.endswith("\ufffd")
    assert "1 place that cannot be decoded as UTF-8" in warnings[0]


def test_the_end_mark_of_dos_is_no_text():
    assert decode_book_text(b"End.\r\n\x1a", "old.txt") == ("End.\r\n", ())


def test_a_book_with_few_control_characters_is_read_without_them():
    text, warnings = decode_book_text(b"word " * 500 + b"wo\x00rd", "old.txt")
    assert text.endswith("word word")
    assert "1 control character removed" in warnings[0]
    with pytest.raises(InputError, match="control character"):
        decode_book_text(b"wo\x00rd " * 500, "old.txt")
