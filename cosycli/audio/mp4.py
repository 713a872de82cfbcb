"""The boxes that an audiobook in an MP4 file is made of: ISO/IEC 14496-12 and -14, chapters as Apple's players want
them ("QuickTime File Format Specification", Chapter Lists), tags as iTunes writes them.

We write them ourselves because ffmpeg's muxer keeps a record of every AAC frame: for a book of 50 hours it took 361 MB
of memory, where this takes 4 bytes a frame, 17 MB.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["AudioTrack", "TextTrack", "box", "chapter_list", "movie", "tag_list", "title_sample"]

MOVIE_TIMESCALE = 1000
FRAME_SAMPLES = 1024  # of an AAC frame, ISO/IEC 14496-3
PRIMING_SAMPLES = 1024  # that ffmpeg's encoder puts before the sound
FRAMES_PER_CHUNK = 24  # about a second
UNDETERMINED = 0x55C4  # the language "und", in three times five bits
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
MAX_CHAPTER_LIST = 255  # entries, and bytes of a title, in Nero's chapter list: both are counted in one byte


@dataclass(frozen=True)
class AudioTrack:
    """AAC frames.

    Attributes:
        num_samples: length of the sound, without what the encoder added at its ends.
        config: the AudioSpecificConfig of ISO/IEC 14496-3.
        sizes: bytes of each frame.
        start: where in the file the first frame is.
    """

    sample_rate: int
    num_samples: int
    config: bytes
    sizes: array[int]
    start: int


@dataclass(frozen=True)
class TextTrack:
    """Chapter titles.

    Attributes:
        durations: of each chapter, in samples of the sound.
        sizes: bytes of each title, as `title_sample` writes it.
        start: where in the file the first title is.
    """

    durations: Sequence[int]
    sizes: array[int]
    start: int


def box(name: bytes, *contents: bytes) -> bytes:
    content = b"".join(contents)
    return struct.pack(">I4s", 8 + len(content), name) + content


def movie(audio: AudioTrack, titles: TextTrack | None, user_data: bytes) -> bytes:
    """The box that describes a file with these tracks."""
    duration = _in_movie_time(audio.num_samples, audio.sample_rate)
    num_tracks = 1 if titles is None else 2
    header = struct.pack(">5II", 0, 0, 0, MOVIE_TIMESCALE, duration, 0x10000)
    header += struct.pack(">H10x", 0x100) + UNITY_MATRIX + bytes(24) + struct.pack(">I", num_tracks + 1)
    tracks = [_audio_track(audio, duration, has_titles=titles is not None)]
    if titles is not None:
        tracks.append(_text_track(titles, audio.sample_rate, duration))
    return box(b"moov", box(b"mvhd", header), *tracks, box(b"udta", user_data))


def title_sample(title: str) -> bytes:
    """A chapter title as a sample of text, marked as UTF-8."""
    text = title.encode()[:0xFFFF]
    return struct.pack(">H", len(text)) + text + box(b"encd", struct.pack(">I", 0x100))


def chapter_list(starts_s: Sequence[float], titles: Sequence[str]) -> bytes:
    """Nero's chapter list, which some players read instead of the track; nothing where it cannot hold all chapters."""
    if len(titles) > MAX_CHAPTER_LIST:
        return b""
    entries = [struct.pack(">IIB", 0x01000000, 0, len(titles))]
    for start_s, title in zip(starts_s, titles, strict=True):
        text = title.encode()[:MAX_CHAPTER_LIST].decode(errors="ignore").encode()
        entries.append(struct.pack(">QB", round(start_s * 10_000_000), len(text)) + text)
    return box(b"chpl", *entries)


def tag_list(tags: dict[str, str], cover: tuple[bytes, bool] | None) -> bytes:
    """iTunes' tags; those it has no name for go under their own. `cover` is a picture and whether it is a PNG."""
    items = [_tag(TAG_NAMES[name], UTF8, text.encode()) for name, text in tags.items() if name in TAG_NAMES]
    items += [_named_tag(name, text) for name, text in tags.items() if name not in (*TAG_NAMES, "track")]
    if "track" in tags:
        number, total = map(int, tags["track"].split("/"))
        items.append(_tag(b"trkn", 0, struct.pack(">2x3H", number, total, 0)))
    items.append(_tag(b"stik", INTEGER, bytes([AUDIOBOOK])))
    if cover is not None:
        items.append(_tag(b"covr", PNG if cover[1] else JPEG, cover[0]))
    handler = box(b"hdlr", struct.pack(">II4s4s9x", 0, 0, b"mdir", b"appl"))
    return box(b"meta", bytes(4), handler, box(b"ilst", *items))


def _tag(name: bytes, kind: int, value: bytes) -> bytes:
    return box(name, box(b"data", struct.pack(">II", kind, 0), value))


def _named_tag(name: str, text: str) -> bytes:
    owner = box(b"mean", bytes(4), b"com.apple.iTunes")
    data = box(b"data", struct.pack(">II", UTF8, 0), text.encode())
    return box(b"----", owner, box(b"name", bytes(4), name.encode()), data)


def _audio_track(track: AudioTrack, duration: int, has_titles: bool) -> bytes:
    # Players leave out what comes before the media time: the encoder's priming.
    edits = box(b"edts", box(b"elst", struct.pack(">IIIiI", 0, 1, duration, PRIMING_SAMPLES, 0x10000)))
    chapters = box(b"tref", box(b"chap", struct.pack(">I", 2))) if has_titles else b""
    num_frames = len(track.sizes)
    table = _sample_table(
        description=_aac_description(track),
        durations=[(num_frames, FRAME_SAMPLES)],
        sizes=track.sizes,
        chunk=FRAMES_PER_CHUNK,
        start=track.start,
    )
    media = _media(
        track.sample_rate, num_frames * FRAME_SAMPLES, b"soun", box(b"smhd", struct.pack(">Ihh", 0, 0, 0)), table
    )
    return box(b"trak", _track_header(1, duration, enabled=True), edits, chapters, media)


def _text_track(track: TextTrack, timescale: int, duration: int) -> bytes:
    table = _sample_table(
        description=_text_description(),
        durations=[(1, duration) for duration in track.durations],
        sizes=track.sizes,
        chunk=len(track.sizes),
        start=track.start,
    )
    graphics = box(b"gmin", struct.pack(">IH3HhH", 0, 0x40, 0x8000, 0x8000, 0x8000, 0, 0))
    header = box(b"gmhd", graphics, box(b"text", UNITY_MATRIX))
    media = _media(timescale, sum(track.durations), b"text", header, table)
    return box(b"trak", _track_header(2, duration, enabled=False), media)


def _track_header(number: int, duration: int, enabled: bool) -> bytes:
    in_movie, on = 2, 1
    volume = 0x100 if enabled else 0
    header = struct.pack(">IIIIII8x", in_movie | (on if enabled else 0), 0, 0, number, 0, duration)
    return box(b"tkhd", header, struct.pack(">hhHxx", 0, 0, volume), UNITY_MATRIX, bytes(8))


def _media(timescale: int, duration: int, kind: bytes, media_header: bytes, table: bytes) -> bytes:
    if duration < 2**32:
        header = struct.pack(">IIIII", 0, 0, 0, timescale, duration)
    else:  # 50 hours at 24 kHz are more samples than 32 bits count
        header = struct.pack(">IQQIQ", 0x01000000, 0, 0, timescale, duration)
    handler = box(b"hdlr", struct.pack(">II4s13x", 0, 0, kind))
    here = box(b"dinf", box(b"dref", struct.pack(">II", 0, 1), box(b"url ", struct.pack(">I", 1))))
    information = box(b"minf", media_header, here, table)
    return box(b"mdia", box(b"mdhd", header, struct.pack(">HH", UNDETERMINED, 0)), handler, information)


def _sample_table(
    description: bytes, durations: Sequence[tuple[int, int]], sizes: array[int], chunk: int, start: int
) -> bytes:
    """Where each of the samples is, that lie one after another from `start` on, and how long it lasts.

    Args:
        durations: runs of equal durations: how many, and which.
        sizes: bytes of each sample.
        chunk: samples that are found by one offset; the rest by adding sizes.
    """
    times = struct.pack(">II", 0, len(durations)) + b"".join(struct.pack(">II", *run) for run in durations)
    num_chunks, rest = divmod(len(sizes), chunk)
    runs = [(1, chunk, 1)] if num_chunks else []
    if rest:
        runs.append((num_chunks + 1, rest, 1))
    chunks = struct.pack(">II", 0, len(runs)) + b"".join(struct.pack(">III", *run) for run in runs)
    return box(
        b"stbl",
        box(b"stsd", struct.pack(">II", 0, 1), description),
        box(b"stts", times),
        box(b"stsc", chunks),
        box(b"stsz", struct.pack(">III", 0, 0, len(sizes)), _big_endian(sizes)),
        _chunk_offsets(sizes, chunk, start),
    )


def _chunk_offsets(sizes: array[int], chunk: int, start: int) -> bytes:
    offsets = array("Q")
    for first in range(0, len(sizes), chunk):
        offsets.append(start)
        start += sum(sizes[first : first + chunk])
    if start < 2**32:
        return box(b"stco", struct.pack(">II", 0, len(offsets)), _big_endian(array("I", offsets)))
    return box(b"co64", struct.pack(">II", 0, len(offsets)), _big_endian(offsets))


def _aac_description(track: AudioTrack) -> bytes:
    """The sample entry of AAC, with the descriptors of ISO/IEC 14496-1, section 7.2.6."""
    bit_rate = 8 * sum(track.sizes) * track.sample_rate // max(1, len(track.sizes) * FRAME_SAMPLES)
    aac, audio_stream = 0x40, 0x15
    decoder = struct.pack(">BBBHII", aac, audio_stream, 0, max(track.sizes), bit_rate, bit_rate)
    stream = struct.pack(">HB", 0, 0) + _descriptor(4, decoder + _descriptor(5, track.config)) + _descriptor(6, b"\x02")
    channels, bits = 1, 16
    entry = struct.pack(">6xH8xHHII", 1, channels, bits, 0, track.sample_rate << 16)
    return box(b"mp4a", entry, box(b"esds", bytes(4), _descriptor(3, stream)))


def _descriptor(tag: int, content: bytes) -> bytes:
    return bytes([tag, len(content)]) + content


def _text_description() -> bytes:
    """The sample entry of QuickTime text, which is not shown: all of its looks are 0."""
    return box(b"text", struct.pack(">6xH", 1), bytes(4 + 4 + 6 + 8 + 8 + 2 + 2 + 1 + 2 + 6 + 1))


def _in_movie_time(num_samples: int, sample_rate: int) -> int:
    return round(num_samples * MOVIE_TIMESCALE / sample_rate)


def _big_endian(numbers: array[int]) -> bytes:
    swapped = numbers[:]
    if sys.byteorder == "little":
        swapped.byteswap()
    return swapped.tobytes()
