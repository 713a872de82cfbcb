import base64
import struct
import subprocess

import pytest

from cosycli.documents.book import Cover
from cosycli.publish.cover import Picture, read_cover
from cosycli.sound.ffmpeg import find_ffmpeg

SVG = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{width}" height="30">
<rect width="20" height="30" fill="red"/>{more}</svg>"""


def picture(codec: str, container: str, side: int = 20, source: str = "color=red") -> bytes:
    size = f"{source}:s={side}x{side}" if "=" in source else f"{source}=s={side}x{side}"
    command = [find_ffmpeg(), "-v", "error", "-f", "lavfi", "-i", size, "-frames:v", "1", "-c:v", codec]
    return subprocess.run([*command, "-f", container, "pipe:1"], capture_output=True, check=True).stdout


def fitted(data: bytes, media_type: str = "image/x") -> Picture | None:
    return read_cover(Cover(data, media_type, "front"))[0]


def drawing(width: object = 20, more: str = "") -> bytes:
    return SVG.format(width=width, more=more).encode()


def size_of(png: bytes) -> tuple[int, int]:
    width, height = struct.unpack(">II", png[16:24])
    return width, height


@pytest.mark.parametrize(
    ("codec", "media_type", "suffix"), [("mjpeg", "image/jpeg", ".jpg"), ("png", "image/png", ".png")]
)
def test_jpeg_and_png_stay_as_they_are(codec, media_type, suffix):
    data = picture(codec, "image2pipe")
    found = fitted(data, "image/of-another-kind")
    assert found == Picture(data)
    assert (found.media_type, found.suffix) == (media_type, suffix)


@pytest.mark.parametrize(("codec", "container"), [("gif", "gif"), ("bmp", "image2pipe"), ("libwebp", "webp")])
def test_other_pictures_become_jpeg(codec, container):
    assert fitted(picture(codec, container)).media_type == "image/jpeg"


def test_a_huge_picture_is_scaled_down():
    data = picture("bmp", "image2pipe", side=2000)
    found = fitted(data)
    facts = subprocess.run([find_ffmpeg(), "-i", "pipe:0"], input=found.data, capture_output=True).stderr
    assert b"1600x1600" in facts
    assert len(found.data) < len(data) / 10


def test_a_drawing_becomes_png():
    found = fitted(drawing(), "image/svg+xml")
    assert found.media_type == "image/png"
    assert size_of(found.data) == (1067, 1600)


@pytest.mark.parametrize("width", ["1", "1e9", "100000000"])
def test_a_drawing_of_any_size_is_drawn_small(width):
    found = fitted(drawing(width))
    assert found is None or max(size_of(found.data)) <= 1600


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html/>",
        b"\x89PNG\r\n\x1a\n and no more",
        b"\xff\xd8\xff and no more",
        b"GIF89a cut off",
        drawing(more='<image xlink:href="/etc/passwd"/>'),
        drawing(more='<image href="other.png"/>'),
        b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + drawing(more="<text>&a;</text>")[:50],
    ],
)
def test_what_cannot_or_must_not_be_shown_is_left_out_and_named(data):
    found, warnings = read_cover(Cover(data, "image/png", "images/cover.png"))
    assert found is None
    assert "images/cover.png" in warnings[0]


def test_a_book_without_cover_has_none():
    assert read_cover(None) == (None, ())


def test_the_picture_block_of_flac():
    block = base64.b64decode(Picture(b"\xff\xd8\xffdata").as_flac_block())
    assert (
        block
        == struct.pack(">II10sI", 3, 10, b"image/jpeg", 0) + bytes(16) + struct.pack(">I", 7) + b"\xff\xd8\xffdata"
    )
