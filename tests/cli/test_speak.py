import json
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

FAKE_COSY = [sys.executable, str(Path(__file__).parents[1] / "fake_synthesizer.py")]


def pitch(samples: np.ndarray, rate: int) -> float:
    """Frequency of the strongest partial, Hz."""
    spectrum = np.abs(np.fft.rfft(samples))
    return float(spectrum.argmax() * rate / len(samples))


def test_a_sentence_becomes_a_file(cosy):
    ended = cosy("speak", "Every good book deserves a voice of its own.", "-o", "hello.wav")
    assert (ended.status, ended.out) == (0, b"")
    assert "hello.wav" in ended.err
    samples, rate = soundfile.read("hello.wav")
    assert (samples.ndim, rate) == (1, 24_000)
    assert len(samples) / rate > 0.8
    assert np.abs(samples).max() < 10 ** (-1 / 20)


def test_a_folder_is_no_file_and_a_name_in_it_is_proposed(cosy, tmp_path):
    ended = cosy("speak", "Good evening.", "-o", tmp_path)
    assert ended.status == 3
    assert f"{tmp_path} is a directory.\nName a file in it: -o {tmp_path / 'speech.wav'}" in ended.err


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3", "opus", "ogg"])
def test_the_name_chooses_the_format(cosy, suffix):
    assert cosy("speak", "Good evening.", "-o", f"a.{suffix}").status == 0
    assert soundfile.info(f"a.{suffix}").format == {"opus": "OGG", "ogg": "OGG"}.get(suffix, suffix.upper())


def test_a_text_file_is_read(cosy):
    Path("notes.txt").write_text("First paragraph.\n\nSecond paragraph, with a é in it.\n", encoding="utf-8")
    assert cosy("speak", "notes.txt", "-o", "a.wav").status == 0
    assert soundfile.info("a.wav").duration > 0.8


def test_standard_input_is_read_and_standard_output_is_audio_only(cosy):
    ended = cosy("speak", "-", "-o", "-", stdin=b"One. Two.")
    assert ended.status == 0
    assert ended.out.startswith(b"RIFF")
    Path("piped.wav").write_bytes(ended.out)
    assert soundfile.info("piped.wav").samplerate == 24_000


def test_raw_on_a_pipe_is_s16le(cosy):
    wav = cosy("speak", "One. Two.", "-o", "-").out
    raw = cosy("speak", "One. Two.", "-o", "-", "--format", "raw").out
    assert wav[44:] == raw


def test_no_silence_at_the_ends_and_a_pause_between(cosy):
    cosy("speak", "This is the first sentence of two. And this here is the second sentence.", "-o", "a.wav")
    samples, rate = soundfile.read("a.wav")
    sounding = np.flatnonzero(np.abs(samples) > 0.01)
    assert sounding[0] / rate < 0.2
    assert (len(samples) - sounding[-1]) / rate < 0.2


@pytest.fixture
def two_trainings():
    """A model folder with a second training of its language model."""
    folder = Path("two")
    folder.mkdir()
    for name in ("cosyvoice3.yaml", "llm.pt", "llm.rl.pt"):
        (folder / name).touch()
    return folder


def test_a_variant_reaches_the_synthesizer(cosy, two_trainings):
    ended = cosy("speak", "Hello.", "-o", "a.wav", "--model", "./two", "--variant", "rl")
    assert [synthesizer.options.variant for synthesizer in ended.synthesizers] == ["rl"]


def test_a_variant_that_is_not_there_is_refused_before_the_model_loads(cosy, two_trainings):
    ended = cosy("speak", "Hello.", "-o", "a.wav", "--model", "./two", "--variant", "lr")
    assert ended.status == 2
    assert "no variant 'lr'" in ended.err
    assert "Variants here: rl." in ended.err
    assert ended.synthesizers == []


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB.")])
@pytest.mark.parametrize("options", [(), ("--stream",)])
def test_memory_that_runs_out_is_no_bug(cosy, monkeypatch, options, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("fake_synthesizer.tone", fail)
    ended = cosy("speak", "-", "-o", "a.wav", *options, stdin=b"Hello.")
    assert ended.status == 4
    assert ended.err.startswith("Error: There is not enough memory for this.\n")
    assert "cosy models list" in ended.err
    assert not Path("a.wav").exists()


def test_verify_makes_the_synthesizer_listen(cosy):
    cosy("speak", "Hello.", "-o", "a.wav")
    ended = cosy("speak", "Hello.", "-o", "a.wav", "--verify")
    assert [synthesizer.options.verify for synthesizer in ended.synthesizers] == [False, True]


def test_retakes_memory_and_prompt_reach_the_synthesizer(cosy):
    ended = cosy("speak", "Hello.", "-o", "a.wav", "--retakes", "5", "--memory", "4GB", "--prompt", "3")
    (loaded,) = (each.options for each in ended.synthesizers)
    assert (loaded.retakes, loaded.memory, loaded.prompt) == (5, "4GB", 3.0)


@pytest.mark.parametrize(
    ("option", "value", "hint"),
    [
        ("--retakes", "11", "Give 0 to 10"),
        ("--retakes", "-1", "Give 0 to 10"),
        ("--memory", "lots", "such as 4GB"),
        ("--prompt", "0", "Give 3 to 30"),
        ("--prompt", "nan", "Give 3 to 30"),
    ],
)
def test_retakes_memory_and_prompt_that_cannot_be_are_refused_before_the_model_loads(cosy, option, value, hint):
    ended = cosy("speak", "Hello.", "-o", "a.wav", option, value)
    assert ended.status == 2
    assert hint in ended.err
    assert ended.synthesizers == []


def test_verify_without_a_recognizer_is_refused_before_the_model_loads(cosy, two_trainings, monkeypatch):
    from cosycli.model.profile import ModelProfile

    monkeypatch.setattr("cosycli.engine.verification.read_profile", lambda _: ModelProfile())
    monkeypatch.setattr("cosycli.engine.verification.find_spec", lambda _: None)
    ended = cosy("speak", "Hello.", "-o", "a.wav", "--model", "./two", "--verify")
    assert ended.status == 4
    assert "pip install faster-whisper" in ended.err
    assert ended.synthesizers == []


def test_options_reach_the_synthesizer(cosy):
    ended = cosy(
        *("speak", "Hello.", "-o", "a.wav", "--voice", "heart", "--speed", "1.5", "--seed", "7", "--mask", "chunk"),
        *("--device", "cpu", "--dtype", "bfloat16"),
    )
    (synthesizer,) = ended.synthesizers
    loaded = synthesizer.options
    assert (loaded.model, loaded.device, loaded.dtype) == ("builtin", "cpu", "bfloat16")
    (request,) = synthesizer.requests
    assert request == {"voice": "heart", "style": None, "speed": 1.5, "mask": "chunk"}


def test_the_voice_is_heard(cosy):
    cosy("speak", "A long enough sentence to measure.", "-o", "a.wav", "--voice", "heart")
    assert pitch(*soundfile.read("a.wav")) == pytest.approx(110, abs=1)


def test_flags_go_over_the_folder_s_settings_and_those_over_the_user_s(cosy, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "cosy.yaml").write_text("voice: bella\nspeed: 1\n")
    Path("cosy.yaml").write_text("voice: heart\nmask: causal\n")
    cosy("speak", "Hello.", "-o", "a.wav", "--mask", "full")
    ((spoken,), (alike,)) = (
        made.requests for made in cosy("speak", "Hello.", "-o", "b.wav", "--seed", "3").synthesizers
    )
    assert (spoken, alike["mask"]) == ({"voice": "heart", "style": None, "speed": 1.0, "mask": "full"}, "causal")


def test_another_seed_gives_another_reading(cosy):
    for seed in ("3", "4", "3"):
        ended = cosy("speak", "Hello.", "-o", "a.wav", "--seed", seed)
    first, other, again = (made.seeds for made in ended.synthesizers)
    assert first == again != other


def test_what_is_not_spoken_is_named(cosy):
    ended = cosy("speak", "Well done 🎉 and on to page [12].", "-o", "a.wav")
    assert ended.status == 0
    assert "Not spoken: '🎉'" in ended.err
    assert "[12] is not a tag" in ended.err


def test_a_segment_that_fails_its_checks_is_named_and_the_rest_is_written(cosy):
    ended = cosy("speak", "Good evening.\n\nMumble mumble.", "-o", "a.wav")
    assert ended.status == 5
    assert "Failed its checks (pace): 'Mumble mumble.'" in ended.err
    assert soundfile.info("a.wav").duration > 0.5


def test_quiet_is_silent(cosy):
    ended = cosy("speak", "Hello.", "-o", "a.wav", "-q")
    assert (ended.out, ended.err) == (b"", "")


def test_progress_as_json_is_json_lines_on_stderr(cosy):
    lines = cosy("speak", "Hello.", "-o", "a.wav", "--progress", "json").err.splitlines()
    events = [json.loads(line) for line in lines]
    assert events[-1]["output"] == "a.wav"
    assert events[-1]["audio_s"] > 0


def test_progress_on_a_terminal_leaves_only_the_result(cosy):
    ended = cosy("speak", "Hello.", "-o", "a.wav", "--progress", "rich")
    assert ended.out == b""
    assert "s of speech" in ended.err


def test_playing_goes_to_a_player(cosy, tmp_path, monkeypatch):
    player = tmp_path / "bin" / "aplay"
    player.parent.mkdir()
    player.write_text(f"#!/bin/sh\nexec cat > {shlex.quote(str(tmp_path / 'played.wav'))}\n")
    player.chmod(0o755)
    monkeypatch.setenv("PATH", f"{player.parent}:/bin:/usr/bin")
    monkeypatch.setattr("cosycli.sound.play.PLAYERS", (("aplay", "-q", "-"),))
    assert cosy("speak", "Hello.", "--play", "-o", "a.wav").status == 0
    played = (tmp_path / "played.wav").read_bytes()[44:]
    assert len(played) > 1000
    assert Path("a.wav").read_bytes().endswith(played)


def test_a_player_that_fails_is_named(cosy, monkeypatch):
    monkeypatch.setattr("cosycli.sound.play.PLAYERS", (("sh", "-c", "echo no such device >&2; exit 1"),))
    ended = cosy("speak", "Hello.", "--play")
    assert ended.status == 4
    assert "no such device" in ended.err
    monkeypatch.setattr("cosycli.sound.play.PLAYERS", (("a-player-that-is-not-there",),))
    ended = cosy("speak", "Hello.", "--play")
    assert ended.status == 4
    assert "a-player-that-is-not-there" in ended.err


def test_the_same_line_twice_gives_the_same_file(cosy):
    cosy("speak", "Hello.", "-o", "a.wav")
    cosy("speak", "Hello.", "-o", "b.wav")
    assert Path("a.wav").read_bytes() == Path("b.wav").read_bytes()


def test_nothing_heavy_is_loaded_for_help():
    code = "import sys; from cosycli.cli.main import main; main(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert not loaded & {"torch", "transformers", "numpy", "soundfile", "yaml", "rich"}
    assert "cosy speak" in done.stdout


@pytest.mark.parametrize(
    "command", [[], ["speak"], ["voices"], ["voices", "add"], ["models"], ["models", "pull"], ["doctor"], ["bench"]]
)
def test_every_help_ends_with_an_example(cosy, command):
    ended = cosy(*command, "--help")
    assert ended.status == 0
    assert ended.out.decode().rstrip().splitlines()[-1].strip().startswith(("cosy ", "echo ", "--"))


def test_the_real_process_speaks(tmp_path):
    done = subprocess.run(
        [*FAKE_COSY, "speak", "-", "-o", "-"], input=b"One.", capture_output=True, cwd=tmp_path, check=True
    )
    assert done.stdout.startswith(b"RIFF")
