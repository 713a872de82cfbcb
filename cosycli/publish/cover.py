"""Turns the cover of a book into a picture that players show: keeps JPEG and PNG, converts other formats."""

from __future__ import annotations

import base64
import struct
import subprocess
import sys
from dataclasses import dataclass

from lxml import etree

from cosycli.documents.book import Cover
from cosycli.sound.ffmpeg import find_ffmpeg

SIDE = 1600  # pixels of the longer side of a converted cover; stores require at least 1400
MAX_BYTES = 4 * 2**20  # larger pictures are scaled down: every chapter file contains the cover
TIMEOUT_S = 60.0
# The first bytes of pictures, and the names of ffmpeg's demuxers.
JPEG, PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
READABLE = {JPEG: "jpeg_pipe", PNG: "png_pipe", b"GIF8": "gif_pipe", b"RIFF": "webp_pipe", b"BM": "bmp_pipe"}
# In a process of its own: resvg aborts the process if a drawing requests too much memory.
DRAW = f"""
import sys, resvg_py
drawing = sys.stdin.buffer.read().decode()
sys.stdout.buffer.write(resvg_py.svg_to_bytes(svg_string=drawing, width={SIDE}, height={SIDE}, background="white"))
"""


@dataclass(frozen=True)
class Picture:
    """A JPEG or PNG."""

    data: bytes

    @property
    def is_png(self) -> bool:
        return self.data.startswith(PNG)

    @property
    def media_type(self) -> str:
        return "image/png" if self.is_png else "image/jpeg"

    @property
    def suffix(self) -> str:
        return ".png" if self.is_png else ".jpg"

    def as_flac_block(self) -> str:
        """The picture block of FLAC (RFC 9639, section 8.8) in Base64, as in Vorbis comments."""
        front_cover, unknown = 3, 0
        media_type = self.media_type.encode()
        block = struct.pack(">II", front_cover, len(media_type)) + media_type
        block += struct.pack(">I4II", 0, unknown, unknown, unknown, unknown, len(self.data)) + self.data
        return base64.b64encode(block).decode()


def read_cover(cover: Cover | None) -> tuple[Picture | None, tuple[str, ...]]:
    """The picture, and a warning if the cover cannot be used."""
    if cover is None:
        return None, ()
    converted = _convert(cover.data) or _draw(cover.data)
    if converted is None:
        return None, (f"The cover {cover.path} was left out: it is not a readable picture.",)
    is_fit = len(cover.data) <= MAX_BYTES and cover.data.startswith((JPEG, PNG))
    return Picture(cover.data if is_fit else converted), ()


def _convert(data: bytes) -> bytes | None:
    """A raster picture as JPEG, or None if ffmpeg cannot read it."""
    name = next((name for start, name in READABLE.items() if data.startswith(start)), None)
    if name is None:
        return None
    source = ("-protocol_whitelist", "pipe", "-f", name, "-i", "pipe:0")
    scale = f"scale='min({SIDE},iw)':'min({SIDE},ih)':force_original_aspect_ratio=decrease"
    target = ("-frames:v", "1", "-vf", scale, "-c:v", "mjpeg", "-q:v", "2", "-f", "image2pipe", "pipe:1")
    return _output_of([find_ffmpeg(), "-v", "error", *source, *target], data)


def _draw(data: bytes) -> bytes | None:
    """An SVG drawing as PNG, or None if it is not SVG or refers to other files."""
    try:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if etree.QName(root).localname != "svg" or any(
        _is_outside(link) for link in root.xpath("//@*[local-name()='href']")
    ):
        return None
    return _output_of([sys.executable, "-c", DRAW], etree.tostring(root))


def _is_outside(link: str) -> bool:
    return not link.strip().startswith(("#", "data:"))


def _output_of(command: list[str], data: bytes) -> bytes | None:
    try:
        done = subprocess.run(command, input=data, capture_output=True, check=False, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return None
    return done.stdout if done.returncode == 0 and done.stdout else None
