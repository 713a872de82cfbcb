import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.sound.test_recording import convert as recode
from tests.sound.test_recording import voice_like


@pytest.fixture
def clip(cosy):
    soundfile.write("clip.wav", voice_like(45, 44_100), 44_100)
    return Path("clip.wav")


def test_a_recording_becomes_another_of_the_same_length(cosy, clip):
    ended = cosy("convert", clip, "--voice", "heart", "-o", "out.wav")
    assert (ended.status, ended.out) == (0, b"")
    samples, rate = soundfile.read("out.wav")
    assert (len(samples), rate) == (45 * 24_000, 24_000)
    np.testing.assert_allclose(samples[9_000:-9_000], voice_like(45, 24_000)[9_000:-9_000] / 2, atol=2e-3)
    assert ended.synthesizers[0].requests == [{"voice": "heart", "mask": "full"}]


def test_the_prompt_reaches_the_synthesizer(cosy, clip):
    ended = cosy("convert", clip, "--prompt", "3", "-o", "out.wav")
    assert [each.options.prompt for each in ended.synthesizers] == [3.0]


@pytest.mark.parametrize("suffix", [".flac", ".mp3", ".ogg", ".m4a", ".webm"])
def test_any_audio_file_is_read(cosy, clip, suffix):
    recode(clip, Path(f"clip{suffix}"))
    assert cosy("convert", f"clip{suffix}", "-o", "out.flac").status == 0
    assert soundfile.info("out.flac").duration == pytest.approx(45, abs=0.1)


def test_a_pipe_gets_audio_only(cosy, clip):
    ended = cosy("convert", clip, "-o", "-")
    assert ended.out.startswith(b"RIFF")
    assert len(ended.out) == 44 + 2 * 45 * 24_000


def test_progress_counts_seconds(cosy, clip):
    events = [json.loads(line) for line in cosy("convert", clip, "-o", "a.wav", "--progress", "json").err.splitlines()]
    assert events[0]["unit"] == "seconds"
    assert events[0]["total"] == 45
    assert events[-1]["audio_s"] == 45


def test_what_cannot_be_converted_is_refused_before_the_model_loads(cosy, clip):
    Path("words.wav").write_text("These are words, not sounds.")
    soundfile.write("empty.wav", np.zeros(0, np.float32), 24_000)
    cases = [
        (("nothing.wav",), 3, "does not exist"),
        (("words.wav",), 3, "is not audio"),
        (("empty.wav",), 3, "holds no sound"),
        ((clip, "--voice", "nobody"), 4, "nobody"),
        ((clip, "--model", "no-such-model"), 4, "no-such-model"),
    ]
    for arguments, status, complaint in cases:
        ended = cosy("convert", *arguments, "-o", "out.wav")
        assert ended.status == status
        assert complaint in ended.err
        assert not ended.synthesizers
        assert not Path("out.wav").exists()


def test_a_damaged_end_is_named(cosy, clip):
    recode(clip, Path("clip.flac"))
    data = bytearray(Path("clip.flac").read_bytes())
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    Path("clip.flac").write_bytes(data)
    ended = cosy("convert", "clip.flac", "-o", "out.wav")
    assert ended.status == 3
    assert "Traceback" not in ended.err
    assert not Path("out.wav").exists()


def test_it_must_be_said_where_the_audio_goes(cosy, clip):
    ended = cosy("convert", clip)
    assert ended.status == 2
    assert "Where should the audio go?" in ended.err
