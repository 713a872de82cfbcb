"""The formats a book is written in: its sound, tags, chapter marks and cover in one file."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cosycli.folders import replacing
from cosycli.publish.cover import Picture
from cosycli.publish.m4b import write_m4b
from cosycli.publish.tags import ChapterMark, id3_tag
from cosycli.sound.encode import AudioSink
from cosycli.sound.ffmpeg import EXACT, FfmpegSink, to_ffmetadata
from cosycli.sound.wav import WavFile

__all__ = ["ACX", "BOOK_FORMATS", "Contents", "open_book_file"]

# AAC of a voice at 24 kHz takes 30 MB an hour. ffmpeg's encoder does best with its fast coder: on 9 minutes of the
# built-in voices at 64k its noise is 38 and 44 dB below the voice, that of the slower default 30 and 34.
# MP3 begins with a Xing header, which holds the length and what a player must cut off at both ends. LAME turns sound
# down, to 0.95 at 96 kb/s and to 0.97 at 192 (measured: 0.45 and 0.27 dB), which is undone beforehand.
ACX = "acx"  # the MP3 of "ACX Audio Submission Requirements": constant 192 kb/s or more, 44.1 kHz
LAME = ("-c:a", "libmp3lame", "-id3v2_version", "0", "-f", "mp3")
OPTIONS = {
    "m4b": ("-c:a", "aac", "-aac_coder", "fast", "-b:a", "64k", "-f", "adts"),
    "mp3": ("-af", "volume=1/0.95", "-b:a", "96k", *LAME),
    ACX: ("-af", "volume=1/0.97", "-b:a", "192k", "-ar", "44100", *LAME),
    "flac": ("-c:a", "flac", "-f", "flac"),
    "opus": ("-c:a", "libopus", "-b:a", "48k", "-f", "ogg"),
}
AS_COVER = ("-map", "2:v", "-c:v", "copy", "-disposition:v", "attached_pic", "-metadata:s:v", "comment=Cover (front)")
BOOK_FORMATS = {"m4b": ".m4b", "mp3": ".mp3", ACX: ".mp3", "flac": ".flac", "opus": ".opus", "wav": ".wav"}


@dataclass(frozen=True)
class Contents:
    """What a file holds beside its sound.

    Attributes:
        tags: by the names ffmpeg has for them.
        marks: gives the chapters, which cover the sound without a gap. They are asked for before the first sample is
            written into FLAC and Opus, and after the last one into M4B and MP3.
    """

    sample_rate: int
    tags: dict[str, str]
    marks: Callable[[], Sequence[ChapterMark]]
    cover: Picture | None


@contextmanager
def open_book_file(target: Path, audio_format: str, contents: Contents) -> Iterator[AudioSink]:
    """A sink that ends in `target`, which appears under its name only when it is complete.

    WAV has no room for chapters and covers; it carries title, artist, date and comment.

    Raises:
        InputError: the target cannot be written, or its disk is full.
    """
    with replacing(target.resolve()) as part:
        if audio_format == "wav":
            with part.open("wb") as file:
                yield (wav := WavFile(file, contents.sample_rate, contents.tags))
                wav.finish()
            return
        with tempfile.TemporaryDirectory(prefix=f"{part.name}.", dir=part.parent) as folder:
            opened = _open_vorbis if audio_format in ("flac", "opus") else _open_composed
            with opened(part, audio_format, contents, Path(folder)) as sink:
                yield sink


@contextmanager
def _open_composed(target: Path, audio_format: str, contents: Contents, folder: Path) -> Iterator[AudioSink]:
    """An M4B or MP3, whose sound is encoded first, and then put behind what we say about it."""
    rate, tags, cover = contents.sample_rate, contents.tags, contents.cover
    sound = folder / "sound"
    with FfmpegSink(rate, (*OPTIONS[audio_format], *EXACT, f"file:{sound}")) as sink:
        yield sink
    marks = contents.marks()
    with sound.open("rb") as frames, target.open("wb") as file:
        if audio_format == "m4b":
            write_m4b(frames, file, rate, marks[-1].end, tags, marks, cover)
        else:
            file.write(id3_tag(tags, marks, rate, cover))
            shutil.copyfileobj(frames, file)


@contextmanager
def _open_vorbis(target: Path, audio_format: str, contents: Contents, folder: Path) -> Iterator[AudioSink]:
    """FLAC or Opus, whose tags ffmpeg writes; Opus has its cover among them."""
    comments = _vorbis_comments(contents)
    cover: tuple[str, ...] = ()
    if contents.cover is not None and audio_format == "opus":
        comments["METADATA_BLOCK_PICTURE"] = contents.cover.as_flac_block()
    elif contents.cover is not None:
        picture = folder / "cover"
        picture.write_bytes(contents.cover.data)
        cover = ("-f", "png_pipe" if contents.cover.is_png else "jpeg_pipe", "-i", f"file:{picture}", *AS_COVER)
    metadata = folder / "metadata"
    metadata.write_text(to_ffmetadata(comments), encoding="utf-8", newline="\n")
    inputs = ("-f", "ffmetadata", "-i", f"file:{metadata}", *cover, "-map", "0:a", "-map_metadata", "1")
    with FfmpegSink(contents.sample_rate, (*inputs, *OPTIONS[audio_format], *EXACT, f"file:{target}")) as sink:
        yield sink


def _vorbis_comments(contents: Contents) -> dict[str, str]:
    """Tags and chapters as ffmpeg is to write them into FLAC and Ogg.

    The chapters as well: ffmpeg writes none into FLAC, and into Ogg it writes 38.72 s as 39.72 (version 9.0.2).
    """
    comments = dict(contents.tags)
    if "description" in comments:
        comments["synopsis"] = comments.pop("description")  # ffmpeg writes its comment under the name of description
    for number, mark in enumerate(contents.marks()):
        seconds, milliseconds = divmod(round(1000 * mark.start / contents.sample_rate), 1000)
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        comments[f"CHAPTER{number:03}"] = f"{hours:02}:{minutes:02}:{seconds:02}.{milliseconds:03}"
        comments[f"CHAPTER{number:03}NAME"] = mark.title
    return comments
