"""What bad input gets: one message on stderr that names the remedy, the documented exit code, and nothing broken."""

import os
import pickle
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import fake_synthesizer
import numpy as np
import pytest
import soundfile

from cosycli.model.library import model_folder

FAKE_COSY = [sys.executable, str(Path(__file__).with_name("fake_synthesizer.py"))]
SOUND = 0.3 * np.sin(2 * np.pi * 150 * np.arange(45 * 24_000) / 24_000) * np.sin(np.arange(45 * 24_000) / 4000)


def refused(ended, status, complaint, remedy):
    """The command ended with `status`, one message with its remedy, no traceback and nothing in its folder."""
    assert ended.status == status
    assert ended.out == b""
    assert complaint in ended.err
    assert remedy in ended.err
    assert "Traceback" not in ended.err
    assert ended.err.count("Error: ") == 1 + ended.err.count("DivisionError: ")
    assert not list(Path().glob("**/*.part"))
    assert not Path("out.wav").exists()


@pytest.mark.parametrize("text", ["", "  \n\t ", "?!... --- ;", "🎉🎊", "()[]{}"])
def test_nothing_to_say(cosy, text):
    refused(cosy("speak", text, "-o", "out.wav"), 3, "text", "at least one word")
    refused(cosy("speak", "-", "-o", "out.wav", stdin=text.encode()), 3, "text", "at least one word")


@pytest.mark.parametrize("word", ["onward ", "a"])
def test_200_000_characters_without_a_stop_are_all_spoken(cosy, word):
    """None is cut: the takes account for every character."""
    Path("long.txt").write_text(word * (200_000 // len(word)))
    ended = cosy("speak", "long.txt", "-o", "out.flac")
    assert ended.status == 0
    assert soundfile.info("out.flac").duration > 200_000 * fake_synthesizer.SECONDS_PER_LETTER * 0.9


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\x9b"])
def test_control_characters(cosy, character):
    Path("notes.txt").write_text(f"Good evening.\nGood{character}night.", encoding="utf-8")
    refused(cosy("speak", "notes.txt", "-o", "out.wav"), 3, "line 2", "tr -d")
    refused(cosy("speak", "-", "-o", "out.wav", stdin=f"a{character}b".encode()), 3, "control character", "tr -d")


def test_latin_1_bytes(cosy):
    Path("notes.txt").write_bytes("Caf\xe9 cr\xe8me.".encode("latin-1"))
    refused(cosy("speak", "notes.txt", "-o", "out.wav"), 3, "not UTF-8 text: byte 3 is 0xE9", "iconv -f LATIN1")


def test_latin_1_bytes_on_the_command_line(tmp_path):
    command = [*FAKE_COSY, "speak", b"Caf\xe9.", "-o", "out.wav"]
    done = subprocess.run(command, capture_output=True, cwd=tmp_path, env=os.environ | {"PYTHONUTF8": "1"})
    assert done.returncode == 3
    assert b"not UTF-8" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_directory_as_input(cosy):
    Path("chapters").mkdir()
    refused(cosy("speak", "chapters", "-o", "out.wav"), 3, "chapters is a directory", "cosy speak chapters/")


def test_a_file_that_is_not_there(cosy):
    refused(cosy("speak", "nowhere.txt", "-o", "out.wav"), 3, "no file nowhere.txt", "Check the name")


def test_a_file_that_may_not_be_read(cosy):
    Path("secret.txt").write_text("Hush.")
    Path("secret.txt").chmod(0)
    if os.access("secret.txt", os.R_OK):
        pytest.skip("this user may read every file")
    refused(cosy("speak", "secret.txt", "-o", "out.wav"), 3, "cannot be read", "permissions")


@pytest.mark.parametrize(
    ("arguments", "status", "complaint", "remedy"),
    [
        (["--voice", "micheal"], 4, "no voice 'micheal'", "Did you mean 'michael'"),
        (["--model", "built-in"], 4, "no model 'built-in'", "Did you mean 'builtin'"),
        (["--model", "cosyvoice2-0.5b"], 4, "not on this machine", "cosy models pull cosyvoice2-0.5b"),
        (["--format", "wave"], 2, "no format 'wave'", "Did you mean 'wav'"),
        (["--mask", "ful"], 2, "no mask 'ful'", "Did you mean 'full'"),
        (["--device", "gpu"], 2, "no device 'gpu'", "cuda"),
        (["--dtype", "int3"], 2, "no dtype 'int3'", "bfloat16"),
        (["--speed", "9"], 2, "Speed 9 is out of range", "0.5"),
        (["--seed", "-1"], 2, "Seed -1", "0 or any"),
        (["--progress", "fancy"], 2, "no progress style 'fancy'", "json"),
        (["--style", "hapy"], 2, "style 'hapy'", "style"),
        (["--voise", "michael"], 2, "--voise", "--voice"),
        (["--speed", "fast"], 2, "--speed", "number"),
    ],
)
def test_an_option_with_a_value_that_does_not_exist(cosy, arguments, status, complaint, remedy):
    refused(cosy("speak", "Good evening.", "-o", "out.wav", *arguments), status, complaint, remedy)


@pytest.mark.parametrize(
    ("text", "complaint", "remedy"),
    [
        ("Good [laugther] evening.", "[laugther] is not a tag", "[laughter]"),
        ("[voice: micheal]Good evening.[/voice]", "no voice 'micheal'", "Did you mean 'michael'"),
        ("<strnog>Good</strnog> day.", "<strnog> is not a tag", "<strong>"),
        ("[style: hapy]Good[/style] day.", "no style 'hapy'", "happy"),
        ("He read{R EH1 XX} it.", "not CMU phones: XX", "Phones: AA AE"),
        ("银行{yin2 hagn2}。", "not pinyin syllables: hagn2", "银行{yin2 hang2}"),
        ("银行{yin2 HH AE1}。", "mixes pinyin with CMU phones", "write \\{yin2 HH AE1}"),
        ("家{jie5}。", "No model has tokens for the syllable 'jie5'", "the nearest is 'jiè'"),
    ],
)
def test_a_mark_that_does_not_exist(cosy, text, complaint, remedy):
    ended = cosy("speak", text, "-o", "out.wav")
    refused(ended, 2, complaint, remedy)
    assert "Line 1" in ended.err


@pytest.mark.parametrize(
    ("settings", "complaint", "remedy"),
    [
        ("voise: michael\n", "unknown setting 'voise'", "Did you mean 'voice'"),
        ("speed: fast\n", "speed is 'fast'", "number"),
        ("- voice\n", "does not hold settings", "key: value"),
        ("voice: {\n", "cannot be read", "key: value"),
    ],
)
def test_settings_that_mean_nothing(cosy, settings, complaint, remedy):
    Path("cosy.yaml").write_text(settings)
    refused(cosy("speak", "Good evening.", "-o", "out.wav"), 2, complaint, remedy)


@pytest.mark.parametrize(
    ("clip", "complaint", "remedy"),
    [
        (SOUND[: 24_000 // 2], "0.5 s", "3 to 30 s"),
        (SOUND, "longer than 30 s", "Cut it"),
        (np.zeros(5 * 24_000), "silent", "speech in it"),
        (np.clip(SOUND[: 5 * 24_000] * 20, -1, 1), "clipped", "lower level"),
    ],
)
def test_a_clip_no_voice_can_be_learned_from(cosy, clip, complaint, remedy):
    soundfile.write("clip.wav", clip, 24_000)
    ended = cosy("voices", "add", "ada", "--clip", "clip.wav", "--transcript", "Words.", "--rights", "Mine.")
    refused(ended, 3, complaint, remedy)
    assert "ada" not in cosy("voices", "list").out.decode()


def test_a_clip_that_is_not_audio(cosy):
    Path("clip.wav").write_text("These are words, not sound.")
    ended = cosy("voices", "add", "ada", "--clip", "clip.wav", "--transcript", "Words.", "--rights", "Mine.")
    refused(ended, 3, "not audio", "convert it with ffmpeg")


@pytest.mark.parametrize("target", ["missing/out.wav", "/proc/out.wav", "chapters"])
def test_output_that_cannot_be_written(cosy, target):
    Path("chapters").mkdir()
    extra = ["--format", "wav"] if target == "chapters" else []
    ended = cosy("speak", "Good evening.", "-o", target, *extra)
    refused(ended, 3, target.split("/")[0], "-o" if target != "missing/out.wav" else "mkdir -p")


@pytest.mark.parametrize("audio_format", ["wav", "flac", "mp3", "opus", "raw"])
def test_a_full_disk(tmp_path, audio_format):
    """A limit on the size of files stands for the disk; the older file under the name stays."""
    (tmp_path / "out").write_text("the older file")
    (tmp_path / "long.txt").write_text("This sentence fills the disk. " * 500)
    done = subprocess.run(
        [*FAKE_COSY, "speak", "long.txt", "-o", "out", "--format", audio_format],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
    )
    assert done.returncode == 3
    assert "could not be written" in done.stderr
    assert "-o" in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["long.txt", "out"]
    assert (tmp_path / "out").read_text() == "the older file"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
@pytest.mark.parametrize("audio_format", ["wav", "mp3", "raw"])
def test_a_full_disk_behind_standard_output(tmp_path, audio_format):
    with Path("/dev/full").open("wb") as full:
        command = [*FAKE_COSY, "speak", "Good evening.", "-o", "-", "--format", audio_format]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    assert done.returncode == 3
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("audio_format", ["wav", "flac", "mp3", "opus", "raw"])
def test_standard_output_closed_early(tmp_path, audio_format):
    (tmp_path / "long.txt").write_text("This sentence goes on. " * 300)
    command = [*FAKE_COSY, "speak", "long.txt", "-o", "-", "--format", audio_format]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path) as process:
        head = process.stdout.read(100)
        process.stdout.close()
        message = process.stderr.read().decode()
    assert len(head) == 100
    assert process.returncode == 3
    assert "has closed" in message
    assert "-o speech.wav" in message
    assert "Traceback" not in message
    assert "Exception" not in message


def heed_interrupts():
    """A test run in the background is started with Ctrl-C ignored, and so would be its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("audio_format", ["wav", "mp3"])
def test_interrupted(tmp_path, ending, audio_format):
    command = [*FAKE_COSY, "speak", "Begin. [pause 3s] Wait for it.", "-o", "out", "--format", audio_format]
    with subprocess.Popen(command, stderr=subprocess.PIPE, cwd=tmp_path, preexec_fn=heed_interrupts) as process:
        assert b"waiting\n" in iter(process.stderr.readline, b"")
        process.send_signal(ending)
        message = process.stderr.read().decode()
    assert process.returncode == 130
    assert "Interrupted" in message
    assert "Traceback" not in message
    assert list(tmp_path.iterdir()) == []


class Malicious:
    """Unpickled carelessly, it makes a file."""

    def __reduce__(self):
        return Path.touch, (Path("executed"),)


def truncate(weights: Path) -> None:
    weights.write_bytes(weights.read_bytes()[:-1000])


def mismatch(weights: Path) -> None:
    weights.unlink()
    shutil.copy(model_folder("builtin") / "vocoder.safetensors", weights)


def booby_trap(weights: Path) -> None:
    weights.unlink()
    weights.with_suffix(".pt").write_bytes(pickle.dumps({"llm.weight": Malicious()}, protocol=2))


@pytest.mark.parametrize(
    ("harm", "complaint"), [(truncate, "is damaged"), (mismatch, "lacks"), (booby_trap, "a pickle can run any program")]
)
def test_a_damaged_mismatched_or_malicious_checkpoint(tmp_path, monkeypatch, capfd, harm, complaint):
    """With the real model: its networks are built, its weights refused."""
    from cosycli.cli.main import main

    shutil.copytree(model_folder("builtin"), tmp_path / "model")
    harm(tmp_path / "model" / "llm.safetensors")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COSY_HOME", str(tmp_path / "home"))
    assert main(["speak", "Good evening.", "-o", "out.wav", "--model", "model"]) == 4
    message = capfd.readouterr().err
    assert complaint in message
    assert "llm." in message
    assert "Traceback" not in message
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_bug_of_ours_is_called_one(cosy, monkeypatch):
    monkeypatch.setattr("cosycli.engine.speech.read_text", lambda *_, **__: 1 / 0)
    refused(cosy("speak", "Good evening.", "-o", "out.wav"), 1, "bug: ZeroDivisionError", "cosy --debug")
    assert "Traceback" in cosy("--debug", "speak", "Good evening.", "-o", "out.wav").err
