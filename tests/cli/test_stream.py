"""`cosy speak --stream`: sound comes while the text still does."""

import io
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from tests.fake_synthesizer import SAMPLE_RATE, SECONDS_PER_LETTER
from tests.test_bad_input import heed_interrupts

FAKE_COSY = [sys.executable, str(Path(__file__).parents[1] / "fake_synthesizer.py")]
ONE_SENTENCE = 2 * round((0.6 + SECONDS_PER_LETTER * len("Good evening.")) * SAMPLE_RATE)  # bytes of its sound


def test_a_text_becomes_a_file(cosy):
    ended = cosy("speak", "Good evening. All is well.", "--stream", "-o", "a.flac")
    assert (ended.status, ended.out) == (0, b"")
    assert soundfile.info("a.flac").duration == pytest.approx(2 * 0.6 + 0.02 * 25 + 2 * 0.4, abs=0.1)
    assert "a.flac" in ended.err


def test_what_arrives_is_spoken_sentence_by_sentence(cosy):
    ended = cosy(
        "speak", "-", "--stream", "-o", "-", "--voice", "heart", stdin=b"Good evening.\nAll is well. Good night."
    )
    assert ended.status == 0
    assert ended.out.startswith(b"RIFF")
    samples, rate = soundfile.read(
        io.BytesIO(ended.out[:40] + (len(ended.out) - 44).to_bytes(4, "little") + ended.out[44:])
    )
    assert len(samples) / rate > 3 * 0.6
    assert [request["voice"] for request in ended.synthesizers[0].requests] == ["heart"] * 3


def test_the_latency_is_told_with_each_term(cosy):
    ended = cosy("speak", "Good evening.", "--stream", "-o", "a.wav")
    assert (
        "First packet after 0.49 s: 28 tokens × (10.0 ms language model + 5.0 ms flow + 2.5 ms vocoder)." in ended.err
    )
    events = [
        json.loads(line)
        for line in cosy("speak", "Hi.", "--stream", "-o", "a.wav", "--progress", "json").err.splitlines()
    ]
    told = events[-1]
    assert told["latency_s"] == pytest.approx(
        told["num_tokens"] * (told["d_lm_s"] + told["d_fm_s"] + told["d_voc_s"]), abs=1e-3
    )
    assert events[-2]["output"] == "a.wav"


@pytest.fixture
def running(tmp_path):
    """The program reading from a pipe that stays open, and writing raw samples to another."""
    command = [*FAKE_COSY, "speak", "-", "--stream", "-o", "-", "--format", "raw"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(command, cwd=tmp_path, preexec_fn=heed_interrupts, **pipes)
    yield process
    process.kill()
    process.communicate()


def test_the_first_sentence_sounds_before_the_second_arrives(running):
    running.stdin.write(b"Good evening.\n")
    running.stdin.flush()
    assert len(running.stdout.read(ONE_SENTENCE)) == ONE_SENTENCE
    rest, _ = running.communicate(b"All is well.")
    assert running.returncode == 0
    assert len(rest) > ONE_SENTENCE / 2


def test_an_interrupted_stream_has_written_what_it_had_said(running):
    running.stdin.write(b"Good evening.\n")
    running.stdin.flush()
    assert len(running.stdout.read(ONE_SENTENCE)) == ONE_SENTENCE
    running.send_signal(signal.SIGINT)
    _, message = running.communicate()  # no more text comes, or a signal just before a read would be heeded after it
    assert running.returncode == 130
    assert b"Interrupted" in message


@pytest.mark.parametrize(
    ("option", "complaint"),
    [
        (("--speed", "1.2"), "voice's own speed"),
        (("--mask", "full"), "cannot be rendered with the full mask"),
        (("--verify",), "before it could be re-rendered"),
    ],
)
def test_what_a_stream_cannot_do_is_refused(cosy, option, complaint):
    ended = cosy("speak", "Hello.", "--stream", "-o", "a.wav", *option)
    assert ended.status == 2
    assert complaint in ended.err
    assert not ended.synthesizers


def test_what_fails_its_checks_is_named_at_the_end(cosy):
    ended = cosy("speak", "Mumble.\n\nGood evening.", "--stream", "-o", "a.wav")
    assert ended.status == 5
    assert "Failed its checks (pace): 'Mumble.'" in ended.err
    assert Path("a.wav").exists()


@pytest.mark.parametrize(
    ("text", "options", "status", "complaint"),
    [
        ("Hello.", ("--voice", "meg"), 4, "speaker of another model"),
        ("Hello.", ("--voice", "micheal"), 4, "no voice 'micheal'"),
        ("[voice: micheal]Hello.[/voice]", (), 2, "no voice 'micheal'"),
        ("Hello [laugther].", (), 2, "not a tag of this model"),
    ],
)
@pytest.mark.parametrize("stream", [("--stream",), ()])
def test_what_cannot_be_spoken_is_refused_before_anything_is_written(
    cosy, tmp_path, text, options, status, complaint, stream
):
    folder = tmp_path / "home" / "voices" / "meg"
    folder.mkdir(parents=True)
    (folder / "voice.yaml").write_text("{name: meg, language: en, rights: mine, speaker: meg}")
    ended = cosy("speak", text, "-o", "-", *options, *stream)
    assert (ended.status, ended.out) == (status, b"")
    assert complaint in ended.err


@pytest.mark.parametrize(
    ("arrived", "complaint"),
    [
        (b"", "No word that can be spoken has arrived"),
        (b"*** \n\n", "No word that can be spoken has arrived"),
        (b"Good evening.\nCaf\xe9.", "byte 17 is 0xE9"),
        (b"Good evening.\nGood\x00night.", "control character"),
        ("Café".encode()[:-1], "not UTF-8 text"),
    ],
)
def test_what_is_no_text_leaves_no_file(cosy, arrived, complaint):
    ended = cosy("speak", "-", "--stream", "-o", "a.wav", stdin=arrived)
    assert ended.status == 3
    assert complaint in ended.err
    assert not Path("a.wav").exists()


def test_what_is_not_spoken_is_named(cosy):
    ended = cosy("speak", "-", "--stream", "-o", "a.wav", stdin="Good evening.\n🎉\n\nAll is well 🎊.".encode())
    assert ended.status == 0
    assert "Not spoken: '🎉'" in ended.err
    assert "'🎊'" in ended.err
