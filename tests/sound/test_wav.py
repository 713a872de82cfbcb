import struct

import numpy as np
import soundfile

from cosycli.sound.wav import WavFile, wav_header
from tests.publish.synthetic_book import decoded, ffprobe

SOUND = np.linspace(-1, 1, 1001, dtype=np.float32)


def write(path, tags=None):
    with path.open("wb") as file:
        wav = WavFile(file, 24_000, tags)
        wav.write(SOUND)
        wav.finish()


class PretendsToBeLong:
    """A file that is where it would be after `num_bytes` more than it was given."""

    def __init__(self, file, num_bytes):
        self.file, self.num_bytes = file, num_bytes

    def write(self, data):
        self.file.write(data)

    def tell(self):
        return self.file.tell() + self.num_bytes

    def seek(self, position):
        self.file.seek(position)

    def flush(self):
        self.file.flush()


def test_a_wav_is_read_back(tmp_path):
    write(tmp_path / "a.wav")
    samples, rate = soundfile.read(tmp_path / "a.wav", dtype="float32")
    assert rate == 24_000
    np.testing.assert_allclose(samples, SOUND, atol=2 / 32767)


def test_its_tags_are_read_by_others(tmp_path):
    write(tmp_path / "a.wav", {"title": "古文 odd", "artist": "A. Author", "comment": "Synthetic speech", "mood": "-"})
    tags = ffprobe(tmp_path / "a.wav")["tags"]
    assert tags == {"title": "古文 odd", "artist": "A. Author", "comment": "Synthetic speech"}
    assert len(decoded(tmp_path / "a.wav")) == len(SOUND)


def test_beyond_4_gb_it_becomes_rf64(tmp_path):
    """The header EBU Tech 3306 asks for: RF64, sizes of -1, and a ds64 chunk that holds the true ones."""
    num_bytes = 5 * 2**30
    path = tmp_path / "long.wav"
    with path.open("wb") as file:
        wav = WavFile(file, 24_000, {"title": "Long"})
        start = wav.start
        wav.file = PretendsToBeLong(file, num_bytes)
        wav.finish()
        file.truncate(start + num_bytes)  # sparse: it takes no room on the disk
    head = path.open("rb").read(start)
    assert struct.unpack("<4sI4s4sI", head[:20]) == (b"RF64", 0xFFFFFFFF, b"WAVE", b"ds64", 28)
    riff_size, data_size, num_samples, table = struct.unpack("<QQQI", head[20:48])
    assert (data_size, num_samples, table) == (num_bytes, num_bytes // 2, 0)
    assert riff_size == path.stat().st_size - 8
    assert head.endswith(b"data\xff\xff\xff\xff")
    assert soundfile.info(path).frames == num_bytes // 2


def test_up_to_4_gb_it_stays_a_plain_wav(tmp_path):
    path = tmp_path / "almost.wav"
    with path.open("wb") as file:
        wav = WavFile(file, 24_000)
        num_bytes = 0xFFFFFFFE - wav.start
        wav.file = PretendsToBeLong(file, num_bytes)
        wav.finish()
        file.truncate(wav.start + num_bytes)
    assert path.open("rb").read(4) == b"RIFF"
    assert soundfile.info(path).frames == num_bytes // 2


def test_a_stream_says_that_it_has_no_end():
    assert wav_header(24_000)[-8:] == b"data" + (0x7FFFF000).to_bytes(4, "little")
