"""Writes M4B audiobooks: AAC frames in an MP4 file whose chapters, tags and tables come first, so that it plays while
it loads.

The boxes follow ISO/IEC 14496-12 and -14; chapters follow Apple's "QuickTime File Format Specification", Chapter Lists;
tags are those that iTunes writes. ffmpeg's muxer is not used because it keeps a record of every AAC frame: a book of 50
hours took 361 MB of memory there and takes 17 MB here, 4 bytes a frame.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from cosycli.publish.cover import Picture
from cosycli.publish.tags import ChapterMark

ADTS_HEADER_BYTES = 7
MOVIE_TIMESCALE = 1000
FRAME_SAMPLES = 1024  # samples of an AAC frame, ISO/IEC 14496-3
PRIMING_SAMPLES = 1024  # samples that ffmpeg's encoder adds before the sound
FRAMES_PER_CHUNK = 24  # about a second
UNDETERMINED = 0x55C4  # the language "und" in three times five bits
UNITY_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
UTF8, JPEG, PNG, INTEGER = 1, 13, 14, 21  # types of tag data
AUDIOBOOK = 2  # media kind
TAG_NAMES = {
    "title": b"\xa9nam",
    "artist": b"\xa9ART",
    "album": b"\xa9alb",
    "album_artist": b"aART",
    "composer": b"\xa9wrt",
    "genre": b"\xa9gen",
    "date": b"\xa9day",
    "comment": b"\xa9cmt",
    "description": b"desc",
}
MAX_CHAPTER_LIST = 255  # entries, and bytes of a title, in Nero's chapter list, which counts both in one byte


def write_m4b(
    frames: IO[bytes],
    target: IO[bytes],
    sample_rate: int,
    num_samples: int,
    tags: dict[str, str],
    marks: Sequence[ChapterMark],
    cover: Picture | None,
) -> None:
    """Write AAC frames in ADTS (ISO/IEC 14496-3, annex 1.A.3), as ffmpeg's `-f adts` produces them, as an M4B.

    Args:
        frames: a seekable file.
        num_samples: length of the sound before encoding.
        marks: chapters that cover the sound without a gap, or none.
    """
    sizes = array("I", (len(frame) for frame in _frames(frames)))
    config = _audio_config(frames)
    titles = [_title_sample(mark.title) for mark in marks]
    user_data = _tag_list(tags, cover)
    user_data += _chapter_list([mark.start / sample_rate for mark in marks], [mark.title for mark in marks])

    def described(start: int) -> bytes:
        """The bytes before the titles and frames, which start at offset `start`."""
        first_frame = start + sum(map(len, titles))
        audio = _AudioTrack(sample_rate, num_samples, config, sizes, first_frame)
        durations = [mark.end - mark.start for mark in marks]
        text = _TextTrack(durations, array("I", map(len, titles)), start) if marks else None
        brands = _box(b"ftyp", b"M4B ", bytes(4), b"M4B ", b"M4A ", b"mp42", b"isom")
        media_header = (1).to_bytes(4, "big") + b"mdat" + (16 + first_frame - start + sum(sizes)).to_bytes(8, "big")
        return brands + _movie(audio, text, user_data) + media_header

    size = len(described(0))
    beginning = described(size)
    if len(beginning) != size:  # the offsets have become longer than 32 bits
        beginning = described(len(beginning))
    target.write(beginning)
    target.writelines(titles)
    target.writelines(_frames(frames))


def _frames(file: IO[bytes]) -> Iterator[bytes]:
    """Yield each frame without its header."""
    file.seek(0)
    while header := file.read(ADTS_HEADER_BYTES):
        size = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
        yield file.read(size - ADTS_HEADER_BYTES)


def _audio_config(file: IO[bytes]) -> bytes:
    """The AudioSpecificConfig with the profile, sampling frequency and channels of the first header."""
    file.seek(0)
    header = file.read(ADTS_HEADER_BYTES)
    profile, frequency = header[2] >> 6, header[2] >> 2 & 0xF
    channels = (header[2] & 1) << 2 | header[3] >> 6
    return ((profile + 1) << 11 | frequency << 7 | channels << 3).to_bytes(2, "big")


@dataclass(frozen=True)
class _AudioTrack:
    """AAC frames.

    Attributes:
        num_samples: length of the sound before encoding.
        config: the AudioSpecificConfig of ISO/IEC 14496-3.
        sizes: bytes of each frame.
        start: offset of the first frame in the file.
    """

    sample_rate: int
    num_samples: int
    config: bytes
    sizes: array[int]
    start: int


@dataclass(frozen=True)
class _TextTrack:
    """Chapter titles.

    Attributes:
        durations: length of each chapter in samples of the sound.
        sizes: bytes of each title, as `_title_sample` writes it.
        start: offset of the first title in the file.
    """

    durations: Sequence[int]
    sizes: array[int]
    start: int


def _box(name: bytes, *contents: bytes) -> bytes:
    content = b"".join(contents)
    return struct.pack(">I4s", 8 + len(content), name) + content


def _movie(audio: _AudioTrack, titles: _TextTrack | None, user_data: bytes) -> bytes:
    """The `moov` box of a file with these tracks."""
    duration = round(audio.num_samples * MOVIE_TIMESCALE / audio.sample_rate)
    num_tracks = 1 if titles is None else 2
    header = struct.pack(">5II", 0, 0, 0, MOVIE_TIMESCALE, duration, 0x10000)
    header += struct.pack(">H10x", 0x100) + UNITY_MATRIX + bytes(24) + struct.pack(">I", num_tracks + 1)
    tracks = [_audio_track(audio, duration, has_titles=titles is not None)]
    if titles is not None:
        tracks.append(_text_track(titles, audio.sample_rate, duration))
    return _box(b"moov", _box(b"mvhd", header), *tracks, _box(b"udta", user_data))


def _title_sample(title: str) -> bytes:
    """A chapter title as a text sample, marked as UTF-8."""
    text = title.encode()[:0xFFFF]
    return struct.pack(">H", len(text)) + text + _box(b"encd", struct.pack(">I", 0x100))


def _chapter_list(starts_s: Sequence[float], titles: Sequence[str]) -> bytes:
    """Nero's chapter list, which some players read instead of the track; empty if it cannot contain all chapters."""
    if len(titles) > MAX_CHAPTER_LIST:
        return b""
    entries = [struct.pack(">IIB", 0x01000000, 0, len(titles))]
    for start_s, title in zip(starts_s, titles, strict=True):
        text = title.encode()[:MAX_CHAPTER_LIST].decode(errors="ignore").encode()
        entries.append(struct.pack(">QB", round(start_s * 10_000_000), len(text)) + text)
    return _box(b"chpl", *entries)


def _tag_list(tags: dict[str, str], cover: Picture | None) -> bytes:
    """The tags in iTunes' form; those without an iTunes name keep their own names."""
    items = [_tag(TAG_NAMES[name], UTF8, text.encode()) for name, text in tags.items() if name in TAG_NAMES]
    items += [_named_tag(name, text) for name, text in tags.items() if name not in (*TAG_NAMES, "track")]
    if "track" in tags:
        number, total = map(int, tags["track"].split("/"))
        items.append(_tag(b"trkn", 0, struct.pack(">2x3H", number, total, 0)))
    items.append(_tag(b"stik", INTEGER, bytes([AUDIOBOOK])))
    if cover is not None:
        items.append(_tag(b"covr", PNG if cover.is_png else JPEG, cover.data))
    handler = _box(b"hdlr", struct.pack(">II4s4s9x", 0, 0, b"mdir", b"appl"))
    return _box(b"meta", bytes(4), handler, _box(b"ilst", *items))


def _tag(name: bytes, kind: int, value: bytes) -> bytes:
    return _box(name, _box(b"data", struct.pack(">II", kind, 0), value))


def _named_tag(name: str, text: str) -> bytes:
    owner = _box(b"mean", bytes(4), b"com.apple.iTunes")
    data = _box(b"data", struct.pack(">II", UTF8, 0), text.encode())
    return _box(b"----", owner, _box(b"name", bytes(4), name.encode()), data)


def _audio_track(track: _AudioTrack, duration: int, has_titles: bool) -> bytes:
    # Players skip what precedes the media time: the priming samples.
    edits = _box(b"edts", _box(b"elst", struct.pack(">IIIiI", 0, 1, duration, PRIMING_SAMPLES, 0x10000)))
    chapters = _box(b"tref", _box(b"chap", struct.pack(">I", 2))) if has_titles else b""
    num_frames = len(track.sizes)
    table = _sample_table(
        description=_aac_description(track),
        durations=[(num_frames, FRAME_SAMPLES)],
        sizes=track.sizes,
        chunk=FRAMES_PER_CHUNK,
        start=track.start,
    )
    media = _media(
        track.sample_rate, num_frames * FRAME_SAMPLES, b"soun", _box(b"smhd", struct.pack(">Ihh", 0, 0, 0)), table
    )
    return _box(b"trak", _track_header(1, duration, enabled=True), edits, chapters, media)


def _text_track(track: _TextTrack, timescale: int, duration: int) -> bytes:
    table = _sample_table(
        description=_text_description(),
        durations=[(1, duration) for duration in track.durations],
        sizes=track.sizes,
        chunk=len(track.sizes),
        start=track.start,
    )
    graphics = _box(b"gmin", struct.pack(">IH3HhH", 0, 0x40, 0x8000, 0x8000, 0x8000, 0, 0))
    header = _box(b"gmhd", graphics, _box(b"text", UNITY_MATRIX))
    media = _media(timescale, sum(track.durations), b"text", header, table)
    return _box(b"trak", _track_header(2, duration, enabled=False), media)


def _track_header(number: int, duration: int, enabled: bool) -> bytes:
    in_movie, on = 2, 1
    volume = 0x100 if enabled else 0
    header = struct.pack(">IIIIII8x", in_movie | (on if enabled else 0), 0, 0, number, 0, duration)
    return _box(b"tkhd", header, struct.pack(">hhHxx", 0, 0, volume), UNITY_MATRIX, bytes(8))


def _media(timescale: int, duration: int, kind: bytes, media_header: bytes, table: bytes) -> bytes:
    if duration < 2**32:
        header = struct.pack(">IIIII", 0, 0, 0, timescale, duration)
    else:  # 50 hours at 24 kHz are more samples than 32 bits count
        header = struct.pack(">IQQIQ", 0x01000000, 0, 0, timescale, duration)
    handler = _box(b"hdlr", struct.pack(">II4s13x", 0, 0, kind))
    here = _box(b"dinf", _box(b"dref", struct.pack(">II", 0, 1), _box(b"url ", struct.pack(">I", 1))))
    information = _box(b"minf", media_header, here, table)
    return _box(b"mdia", _box(b"mdhd", header, struct.pack(">HH", UNDETERMINED, 0)), handler, information)


def _sample_table(
    description: bytes, durations: Sequence[tuple[int, int]], sizes: array[int], chunk: int, start: int
) -> bytes:
    """The positions and durations of the samples of a track, which are stored consecutively from offset `start`.

    Args:
        durations: runs of equal durations, as number and duration.
        sizes: bytes of each sample.
        chunk: number of samples that share one offset.
    """
    times = struct.pack(">II", 0, len(durations)) + b"".join(struct.pack(">II", *run) for run in durations)
    num_chunks, rest = divmod(len(sizes), chunk)
    runs = [(1, chunk, 1)] if num_chunks else []
    if rest:
        runs.append((num_chunks + 1, rest, 1))
    chunks = struct.pack(">II", 0, len(runs)) + b"".join(struct.pack(">III", *run) for run in runs)
    return _box(
        b"stbl",
        _box(b"stsd", struct.pack(">II", 0, 1), description),
        _box(b"stts", times),
        _box(b"stsc", chunks),
        _box(b"stsz", struct.pack(">III", 0, 0, len(sizes)), _big_endian(sizes)),
        _chunk_offsets(sizes, chunk, start),
    )


def _chunk_offsets(sizes: array[int], chunk: int, start: int) -> bytes:
    offsets = array("Q")
    for first in range(0, len(sizes), chunk):
        offsets.append(start)
        start += sum(sizes[first : first + chunk])
    if start < 2**32:
        return _box(b"stco", struct.pack(">II", 0, len(offsets)), _big_endian(array("I", offsets)))
    return _box(b"co64", struct.pack(">II", 0, len(offsets)), _big_endian(offsets))


def _aac_description(track: _AudioTrack) -> bytes:
    """The sample entry of AAC, with the descriptors of ISO/IEC 14496-1, section 7.2.6."""
    bit_rate = 8 * sum(track.sizes) * track.sample_rate // max(1, len(track.sizes) * FRAME_SAMPLES)
    aac, audio_stream = 0x40, 0x15
    decoder = struct.pack(">BBBHII", aac, audio_stream, 0, max(track.sizes), bit_rate, bit_rate)
    stream = struct.pack(">HB", 0, 0) + _descriptor(4, decoder + _descriptor(5, track.config)) + _descriptor(6, b"\x02")
    channels, bits = 1, 16
    entry = struct.pack(">6xH8xHHII", 1, channels, bits, 0, track.sample_rate << 16)
    return _box(b"mp4a", entry, _box(b"esds", bytes(4), _descriptor(3, stream)))


def _descriptor(tag: int, content: bytes) -> bytes:
    return bytes([tag, len(content)]) + content


def _text_description() -> bytes:
    """The sample entry of QuickTime text; its layout fields are 0 because it is not displayed."""
    return _box(b"text", struct.pack(">6xH", 1), bytes(4 + 4 + 6 + 8 + 8 + 2 + 2 + 1 + 2 + 6 + 1))


def _big_endian(numbers: array[int]) -> bytes:
    swapped = numbers[:]
    if sys.byteorder == "little":
        swapped.byteswap()
    return swapped.tobytes()
