import io
import json
from pathlib import Path

import fake_synthesizer
import numpy as np
import pytest
import soundfile

from tests.model.tiny_model_v1 import SPEAKERS, write_tiny_model_v1

WORDS = "Soup is best on the second day."


@pytest.fixture
def clip(cosy, monkeypatch):
    """A clip in the working folder, and a recogniser that hears its words."""
    t = np.arange(5 * 44_100) / 44_100
    soundfile.write("clip.wav", 0.3 * np.sin(2 * np.pi * 150 * t) * (np.sin(2 * np.pi * t) > 0), 44_100)
    fake_synthesizer.install(monkeypatch.setattr, heard=WORDS)
    return "clip.wav"


def add(cosy, clip, *extra, rights="My own voice."):
    return cosy("voices", "add", "ada", "--clip", clip, "--transcript", WORDS, "--rights", rights, *extra)


def test_list_names_every_voice_and_whose_it_is(cosy):
    lines = cosy("voices", "list").out.decode().splitlines()
    assert [line.split()[0] for line in lines] == ["bella", "heart", "michael"]
    assert all("Apache-2.0" in line for line in lines)


def test_list_and_show_as_json(cosy):
    listed = json.loads(cosy("voices", "list", "--json").out)
    assert [voice["name"] for voice in listed] == ["bella", "heart", "michael"]
    assert json.loads(cosy("voices", "show", "heart", "--json").out)["speaker"] == "heart"


def test_list_names_the_speakers_of_a_model_too(cosy, tmp_path):
    model = write_tiny_model_v1(tmp_path / "CosyVoice-300M-SFT")
    listed = [line.split()[:3] for line in cosy("voices", "list", "--model", model).out.decode().splitlines()]
    assert [name for name, _, _ in listed] == ["bella", "heart", "michael", *SPEAKERS]
    assert [origin for _, _, origin in listed] == ["shipped"] * 3 + ["model"] * 2


def test_list_leaves_out_what_a_model_cannot_use_and_says_why(cosy, tmp_path):
    library = tmp_path / "home" / "voices"
    (library / "meg").mkdir(parents=True)
    (library / "meg" / "voice.yaml").write_text("{name: meg, language: en, rights: mine, speaker: 中文女}")
    names = [line.split()[0] for line in cosy("voices", "list").out.decode().splitlines()]
    assert names == ["bella", "heart", "michael", "meg"]
    ended = cosy("voices", "list", "--model", "builtin")
    assert "meg" not in ended.out.decode()
    assert "'meg' is a speaker of another model" in ended.err
    sft = cosy("voices", "list", "--model", write_tiny_model_v1(tmp_path / "CosyVoice-300M-SFT"))
    assert "meg" in sft.out.decode()


def test_a_voice_is_added_shown_spoken_with_and_removed(cosy, clip):
    ended = add(cosy, clip)
    assert ended.status == 0
    folder = Path(ended.out.decode().strip())
    assert cosy("voices", "path", "ada").out.decode().strip() == str(folder)
    shown = cosy("voices", "show", "ada").out.decode()
    assert WORDS in shown
    assert "My own voice." in shown
    assert cosy("speak", "Good evening.", "-o", "a.wav", "--voice", "ada").status == 0
    assert cosy("voices", "check", "ada").status == 0
    assert cosy("voices", "remove", "ada", "--yes").status == 0
    assert not folder.exists()


def test_adding_reports_each_check(cosy, clip):
    report = add(cosy, clip).err
    checks = ["length", "silence", "clipping", "level", "noise", "words"]
    assert [line.split()[0] for line in report.splitlines()] == checks


def test_a_transcript_can_be_a_file(cosy, clip):
    Path("words.txt").write_text(WORDS)
    ended = cosy("voices", "add", "ada", "--clip", clip, "--transcript", "words.txt", "--rights", "Mine.")
    assert ended.status == 0
    assert WORDS in cosy("voices", "show", "ada").out.decode()


def test_other_words_than_the_transcript_s_need_force(cosy, clip, monkeypatch):
    fake_synthesizer.install(monkeypatch.setattr, heard="A gull with a big fish.")
    ended = add(cosy, clip)
    assert ended.status == 3
    assert "do not fit the sound" in ended.err
    assert "--force" in ended.err
    assert add(cosy, clip, "--force").status == 0


def test_rights_are_asked_for(cosy, clip, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    arguments = ("voices", "add", "ada", "--clip", clip, "--transcript", WORDS)
    ended = cosy(*arguments)
    assert ended.status == 2
    assert "--rights" in ended.err
    monkeypatch.setattr("cosycli.cli.voices.sys.stdin", Terminal("My own voice.\n"))
    from cosycli.cli.main import main

    assert main([*arguments]) == 0
    assert "My own voice." in cosy("voices", "show", "ada").out.decode()


def test_removal_is_confirmed(cosy, clip):
    add(cosy, clip)
    ended = cosy("voices", "remove", "ada")
    assert ended.status == 2
    assert "cosy voices remove ada --yes" in ended.err
    assert cosy("voices", "show", "ada").status == 0


def test_shipped_voices_stay(cosy):
    ended = cosy("voices", "remove", "michael", "--yes")
    assert ended.status == 2
    assert "came with the package" in ended.err


def test_a_damaged_voice_does_not_hide_the_others(cosy, tmp_path):
    (tmp_path / "home" / "voices" / "bad").mkdir(parents=True)
    (tmp_path / "home" / "voices" / "bad" / "voice.yaml").write_text("name: bad\n")
    ended = cosy("voices", "list")
    assert ended.status == 0
    assert len(ended.out.splitlines()) == 3
    assert "voice.yaml" in ended.err


def test_preview_speaks(cosy):
    assert cosy("voices", "preview", "heart", "-o", "heart.wav").status == 0
    assert soundfile.info("heart.wav").duration > 0.8


def test_path_says_where_voices_are_kept(cosy, tmp_path):
    assert cosy("voices", "path").out.decode().strip() == str(tmp_path / "home" / "voices")
