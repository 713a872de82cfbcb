"""`cosy plan`: what a book will become, with every character accounted for and nothing loaded or written."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cosycli.voices import voice_folders
from tests.model.tiny_model_v1 import write_tiny_model_v1

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
KEYS = ["title", "authors", "language", "chapters", "skipped", "coverage", "notes_count", "warnings"]
NOVEL = """# One

It was late. Nobody had come, and 3 lamps were out.

# Two

See [the map](http://example.org/map) and read on.
"""


def facts():
    """What is known of the books of the corpus; nothing where it is absent."""
    path = CORPUS / "epub" / "expected.json"
    return json.loads(path.read_text(encoding="utf-8"))["books"] if path.is_file() else []


@pytest.fixture
def plan(cosy):
    def run(*arguments):
        ended = cosy("plan", *arguments, "--json")
        assert ended.status == 0, ended.err
        assert ended.synthesizers == []
        return json.loads(ended.out)

    return run


@pytest.fixture
def novel(cosy):
    Path("novel.md").write_text(NOVEL, encoding="utf-8")
    return "novel.md"


def test_a_plan_says_what_there_is(plan, novel):
    report = plan(novel)
    assert set(KEYS) <= set(report)
    assert [(chapter["title"], chapter["words"]) for chapter in report["chapters"]] == [("One", 12), ("Two", 7)]
    assert report["chapters"][0]["segments"] == 2
    assert 2 < report["chapters"][0]["duration_s"] < 20
    assert report["estimate"]["audio_s"] > 5


def test_every_character_of_the_source_is_accounted_for(plan, novel):
    coverage = plan(novel)["coverage"]
    assert coverage["source"] == len("".join(NOVEL.split()))
    assert coverage["source"] == coverage["spoken"] + coverage["skipped"]
    assert coverage["rewritten"] == 1
    assert coverage["unaccounted"] == 0


def test_segments_are_listed_on_request(plan, novel):
    first = plan(novel, "--segments", "--voice", "michael")["chapters"][0]["segments"][1]
    assert first["id"] == "1.2"
    assert first["text"] == "It was late. Nobody had come, and three lamps were out."
    assert (first["voice"], first["style"]) == ("michael", None)
    assert first["pause_s"] == 2.5


def test_a_plan_for_people_is_a_table(cosy, novel):
    shown = cosy("plan", novel).out.decode()
    assert "Two" in shown
    assert "0 unaccounted" in shown
    assert "of audio" in shown


def test_a_plan_writes_nothing(cosy, novel):
    cosy("plan", novel)
    assert [path.name for path in Path().iterdir()] == [novel]


def test_dialogue_gets_its_voice(plan, cosy):
    Path("talk.md").write_text('She put the lamp down. "Who is there?" she asked.\n', encoding="utf-8")
    chapter = plan("talk.md", "--dialogue-voice", "michael", "--segments")["chapters"][0]
    voices = [each["voice"] for each in chapter["segments"]]
    assert voices == ["heart", "michael", "heart"]


def test_a_cast_gives_names_their_voices(plan, cosy):
    Path("play.md").write_text("[voice: Alice]Good evening.[/voice]\n", encoding="utf-8")
    Path("cast.yaml").write_text("Alice: michael\n", encoding="utf-8")
    (segment,) = plan("play.md", "--cast", "cast.yaml", "--segments")["chapters"][0]["segments"]
    assert segment["voice"] == "michael"


def test_a_model_s_own_speakers_play_too(plan, cosy, tmp_path):
    model = write_tiny_model_v1(tmp_path / "CosyVoice-300M-SFT")
    Path("play.md").write_text('[voice: Alice]Good evening.[/voice] [voice: 英文男]Who?[/voice] "Me."\n', "utf-8")
    Path("cast.yaml").write_text("Alice: 中文女\n", encoding="utf-8")
    options = ("--cast", "cast.yaml", "--dialogue-voice", "中文女", "--model", model)
    segments = plan("play.md", *options, "--segments")["chapters"][0]["segments"]
    assert [segment["voice"] for segment in segments] == ["中文女", "英文男", "中文女"]
    ended = cosy("plan", "play.md", *options[:4])
    assert ended.status == 4
    assert "There is no voice '中文女'" in ended.err
    assert "Voices: bella, heart, michael." in ended.err


def test_what_runs_the_model_is_not_loaded(plan, novel):
    """PyTorch alone would take a second."""
    script = "import sys; from cosycli.cli.main import main; main(sys.argv[1:]); sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", script, "plan", novel], capture_output=True, check=True)


def test_a_voice_folder_plays_a_role(plan, cosy):
    shutil.copytree(voice_folders()["michael"], "kate")
    Path("play.md").write_text('[voice: Alice]Good evening.[/voice] "Who is there?"\n', encoding="utf-8")
    Path("cast.yaml").write_text("Alice: ./kate\n", encoding="utf-8")
    told = plan("play.md", "--cast", "cast.yaml", "--dialogue-voice", "kate", "--segments")
    assert [segment["voice"] for segment in told["chapters"][0]["segments"]] == ["./kate", "kate"]


@pytest.mark.parametrize("text", ["- Alice\n", "Alice: 3\n", "Alice: [michael\n", "Alice: nobody\n"])
def test_a_cast_that_is_none_is_refused(cosy, novel, text):
    Path("cast.yaml").write_text(text, encoding="utf-8")
    ended = cosy("plan", novel, "--cast", "cast.yaml")
    assert ended.status in (2, 3, 4)
    assert "Traceback" not in ended.err


def test_a_lexicon_is_obeyed(plan, cosy):
    Path("tale.md").write_text("Then Weena came.\n", encoding="utf-8")
    Path("names.yaml").write_text("Weena: W IY1 N AH0\n", encoding="utf-8")
    (segment,) = plan("tale.md", "--lexicon", "names.yaml", "--segments")["chapters"][0]["segments"]
    assert segment["text"] == "Then [W][IY1][N][AH0] came."


@pytest.mark.parametrize("book", [pytest.param(book, id=book["id"]) for book in facts()])
def test_real_books_are_planned_as_the_facts_say(plan, cosy, book):
    path = CORPUS / "epub" / book["file"]
    if not book["text_linear_excl_nav"]["chars"]:
        ended = cosy("plan", path)
        assert ended.status in (0, 3)
        return
    report = plan(path)
    assert report["title"] == book["title"]
    assert report["authors"] == book["authors"]
    assert report["coverage"]["source"] == book["text_linear_excl_nav"]["chars"]
    assert report["coverage"]["unaccounted"] == 0
    assert report["notes_count"] == book["footnote_refs"]
    assert (report["cover"] or {}).get("path") == (book["cover"] or {}).get("path")
