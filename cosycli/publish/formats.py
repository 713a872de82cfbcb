"""Writes the file formats of a book: sound, tags, chapter marks and cover in one file."""

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

# ffmpeg's fast AAC coder is also its better one for speech: on 9 minutes of the built-in voices at 64k its noise is 38
# and 44 dB below the voice, that of the default coder 30 and 34 dB.
# MP3 begins with a Xing header, which contains the length and the padding at both ends. LAME attenuates the sound by
# 0.45 dB at 96 kb/s and by 0.27 dB at 192 (measured), which the volume filter compensates for.
ACX = "acx"  # the MP3 of "ACX Audio Submission Requirements": constant bit rate of at least 192 kb/s, 44.1 kHz
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
    """The content of a file besides its sound.

    Attributes:
        sample_rate: Hz, of the sound.
        tags: by ffmpeg's names.
        marks: returns the chapters, which cover the sound without a gap. It is called before the first sample is
            written to FLAC and Opus, and after the last one to M4B and MP3.
    """

    sample_rate: int
    tags: dict[str, str]
    marks: Callable[[], Sequence[ChapterMark]]
    cover: Picture | None


@contextmanager
def open_book_file(target: Path, audio_format: str, contents: Contents) -> Iterator[AudioSink]:
    """A sink that writes to `target`, which appears under its name only when it is complete.

    WAV cannot contain chapters and covers; it contains title, artist, date and comment.

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
    """M4B or MP3: the sound is encoded first, and then copied behind our tags."""
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
    """FLAC or Opus: ffmpeg writes the tags; in Opus the cover is one of them."""
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
    """The tags and chapters of FLAC and Ogg.

    Chapters are tags here because ffmpeg 9.0.2 writes no chapters into FLAC, and writes 38.72 s as 39.72 into Ogg.
    """
    comments = dict(contents.tags)
    if "description" in comments:
        comments["synopsis"] = comments.pop("description")  # ffmpeg writes its comment under the name "description"
    for number, mark in enumerate(contents.marks()):
        seconds, milliseconds = divmod(round(1000 * mark.start / contents.sample_rate), 1000)
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        comments[f"CHAPTER{number:03}"] = f"{hours:02}:{minutes:02}:{seconds:02}.{milliseconds:03}"
        comments[f"CHAPTER{number:03}NAME"] = mark.title
    return comments
