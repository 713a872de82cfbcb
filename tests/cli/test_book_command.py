"""`cosy book`: from a document to finished files, and on from wherever a run stopped."""

import errno
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import soundfile

from cosycli.model.profile import COSYVOICE_1

BOOK = """---
title: The Long Lamp
author: Ada Example
---

# The Stairs

The lamp was lit. Nobody on the stairs could say who had carried it up to the third floor that night.

It was still burning at noon.

# The Roof

On the roof there was a second lamp, and beside it a chair that nobody remembered having carried.
"""


@pytest.fixture
def novel(cosy):
    path = Path("novel.md")
    path.write_text(BOOK, encoding="utf-8")
    return path


def rendered(ended):
    """How many segments the run rendered; none where it did not even load the model."""
    return sum(len(made.requests) for made in ended.synthesizers[-1:])


def probe(path):
    if shutil.which("ffprobe") is None:
        pytest.skip("ffprobe is not installed")
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_chapters", "-show_format", path]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


def report():
    return json.loads(Path("novel.cosy", "report.json").read_text(encoding="utf-8"))


def test_the_report_lists_words_that_are_approximated_and_languages_the_model_does_not_speak(cosy):
    Path("novel.md").write_text("# One\n\nHe read{R EH1 D} it.\n\n他去银行{yin2 hang2}。\n", encoding="utf-8")
    assert cosy("book", "novel.md").status == 0
    warnings = "\n".join(report()["warnings"])
    assert "{yin2 hang2} cannot be spoken by this model, which was not trained on Chinese." in warnings
    assert "{R EH1 D}" not in warnings  # the built-in model has tokens for English
    assert "not trained on the language 'zh' of 1 segment" in warnings


def test_a_language_that_the_model_does_not_speak_is_refused(cosy, novel):
    ended = cosy("book", novel, "--language", "de")
    assert ended.status == 2
    assert "not trained on the language 'de'" in ended.err
    assert "Its languages: en." in ended.err
    assert ended.synthesizers == []


def test_a_book_becomes_an_m4b_with_its_chapters(cosy, novel):
    ended = cosy("book", novel)
    assert (ended.status, ended.out) == (0, b"")
    shown = probe("novel.m4b")
    assert [chapter["tags"]["title"] for chapter in shown["chapters"]] == ["The Stairs", "The Roof"]
    tags = shown["format"]["tags"]
    assert (tags["title"], tags["artist"]) == ("The Long Lamp", "Ada Example")
    assert "Synthetic speech" in tags["comment"]


def test_the_chapters_are_where_the_report_says(cosy, novel):
    cosy("book", novel)
    for chapter, told in zip(probe("novel.m4b")["chapters"], report()["chapters"], strict=True):
        assert float(chapter["start_time"]) == pytest.approx(told["start_s"], abs=0.05)
        assert float(chapter["end_time"]) == pytest.approx(told["end_s"], abs=0.05)


def test_the_report_accounts_for_every_character(cosy, novel):
    cosy("book", novel)
    coverage = report()["coverage"]
    assert coverage["source"] == len("".join(BOOK.split()))
    assert coverage["source"] == coverage["spoken"] + coverage["skipped"]
    assert coverage["unaccounted"] == 0


def test_a_second_run_renders_nothing_and_writes_the_same_file(cosy, novel):
    first = cosy("book", novel)
    before = Path("novel.m4b").read_bytes()
    second = cosy("book", novel)
    assert (rendered(first) > 0, len(second.synthesizers)) == (True, 1)
    assert Path("novel.m4b").read_bytes() == before


def test_one_changed_sentence_renders_one_segment(cosy, novel):
    cosy("book", novel)
    novel.write_text(BOOK.replace("still burning", "cold again"), encoding="utf-8")
    assert rendered(cosy("book", novel)) == 1


def test_an_inserted_paragraph_is_all_that_is_rendered(cosy, novel):
    cosy("book", novel)
    novel.write_text(BOOK.replace("It was", "A door opened below, and closed again.\n\nIt was"), encoding="utf-8")
    assert rendered(cosy("book", novel)) == 1


def test_other_pauses_render_nothing(cosy, novel):
    cosy("book", novel)
    before = report()["duration_s"]
    assert len(cosy("book", novel, "--pause", "paragraph=5").synthesizers) == 1
    assert report()["duration_s"] > before + 3


def test_another_voice_renders_everything_and_keeps_the_takes_of_the_first(cosy, novel):
    first = rendered(cosy("book", novel))
    assert rendered(cosy("book", novel, "--voice", "michael")) == first
    assert len(cosy("book", novel).synthesizers) == 2


def test_other_retakes_render_everything_anew_and_other_memory_nothing(cosy, novel):
    first = rendered(cosy("book", novel))
    assert rendered(cosy("book", novel, "--retakes", "5")) == first
    assert len(cosy("book", novel, "--retakes", "5", "--memory", "4GB").synthesizers) == 2


def test_a_mask_that_the_model_does_not_know_is_refused_before_it_loads(cosy, novel, monkeypatch):
    monkeypatch.setattr("cosycli.engine.prepare.read_profile", lambda folder: COSYVOICE_1)
    ended = cosy("book", novel, "--mask", "chunk")
    assert ended.status == 2
    assert "There is no mask 'chunk' for this model.\nValid: full." in ended.err
    assert ended.synthesizers == []


def test_another_prompt_renders_everything_anew(cosy, novel):
    first = rendered(cosy("book", novel))
    assert rendered(cosy("book", novel, "--prompt", "3")) == first


def test_verify_renders_everything_anew_and_keeps_the_takes_that_were_not_heard(cosy, novel):
    first = rendered(cosy("book", novel))
    assert rendered(cosy("book", novel, "--verify")) == first
    cosy("book", novel, "--verify")
    assert [synthesizer.options.verify for synthesizer in cosy("book", novel).synthesizers] == [False, True]


def test_redo_draws_one_segment_anew_and_keeps_it(cosy, novel):
    first = cosy("book", novel)
    again = cosy("book", novel, "--redo", "1.2")
    assert rendered(again) == 1
    assert again.synthesizers[-1].seeds[0] not in first.synthesizers[0].seeds
    assert len(cosy("book", novel).synthesizers) == 2


def test_redo_of_a_segment_that_is_not_there_says_so(cosy, novel):
    ended = cosy("book", novel, "--redo", "9.9")
    assert ended.status == 2
    assert "no segment 9.9" in ended.err


def test_only_the_chosen_chapters_are_rendered_and_all_of_them_fit_in_later(cosy, novel):
    one = rendered(cosy("book", novel, "--chapters", "2"))
    assert [chapter["title"] for chapter in report()["chapters"]] == ["The Roof"]
    both = cosy("book", novel)
    assert rendered(both) + one == len(cosy("book", novel, "-o", "other.m4b").synthesizers[-1].requests)


def test_a_segment_that_fails_its_checks_is_named_with_the_command_to_fix_it(cosy, novel):
    novel.write_text(BOOK + "\nMumble mumble, said the third lamp, and went out of its own accord.\n", encoding="utf-8")
    ended = cosy("book", novel)
    assert ended.status == 5
    assert "--redo 2.3" in ended.err
    assert [item["id"] for item in report()["segments"]["judged"]] == ["2.3"]
    assert Path("novel.m4b").is_file()


def test_one_file_for_each_chapter(cosy, novel):
    cosy("book", novel, "-o", "chapters", "--layout", "chapters", "--format", "flac")
    assert sorted(path.name for path in Path("chapters").iterdir()) == ["01 - The Stairs.flac", "02 - The Roof.flac"]


def test_what_a_killed_run_left_half_written_is_swept_away(cosy, novel):
    options = ("book", novel, "-o", "chapters", "--layout", "chapters", "--format", "flac")
    cosy(*options)
    Path("chapters", ".01 - The Stairs.flac.77.part").touch()
    Path("chapters", ".01 - The Stairs.flac.77.part.abc").mkdir()
    cosy(*options)
    assert sorted(path.name for path in Path("chapters").iterdir()) == ["01 - The Stairs.flac", "02 - The Roof.flac"]


def full_after(num_calls):
    """What fails for want of space after so many calls."""
    calls = iter(range(num_calls))

    def call(*_):
        if next(calls, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return call


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("cosycli.jobs.take_store.os.fsync", "A take could not be kept"),
        ("cosycli.publish.formats.write_m4b", "novel.m4b"),
    ],
)
def test_after_a_full_disk_the_next_run_goes_on_and_ends_in_the_same_file(cosy, novel, call, message):
    with pytest.MonkeyPatch.context() as disk:
        disk.setattr(call, full_after(1 if "take" in call else 0))
        ended = cosy("book", novel)
    assert ended.status == 3
    assert message in ended.err
    assert "No space left" in ended.err
    assert [path for path in Path().rglob("*") if ".part" in path.name or path.suffix == ".m4b"] == []
    assert list(Path("novel.cosy").rglob("*.flac")) != []
    assert cosy("book", novel).status == 0
    assert cosy("book", novel, "-o", "undisturbed.m4b").status == 0
    assert novel.with_suffix(".m4b").read_bytes() == Path("undisturbed.m4b").read_bytes()


def test_acx_files_are_what_acx_takes(cosy, novel):
    cosy("book", novel, "-o", "acx", "--acx")
    files = sorted(Path("acx").iterdir())
    assert [soundfile.info(file).samplerate for file in files] == [44_100, 44_100]


def test_subtitles_and_read_along_lie_beside_the_sound(cosy, novel):
    ended = cosy("book", novel, "--subtitles", "srt,vtt", "--subtitles", "lrc", "--read-along")
    assert ended.status == 0
    written = ["novel.srt", "novel.vtt", "novel.lrc", "novel.read-along.epub"]
    assert [name for name in written if Path(name).is_file()] == written
    assert "It was still burning at noon." in Path("novel.srt").read_text(encoding="utf-8")


def test_what_is_not_read_is_named(cosy, novel):
    novel.write_text(BOOK + "\n```\nx = 1\n```\n", encoding="utf-8")
    assert "Not read: code" in cosy("book", novel).err


def test_a_book_comes_through_a_pipe(cosy):
    assert cosy("book", "-", "-o", "piped.m4b", stdin=b"Once upon a time there was a pipe.").status == 0
    assert Path("piped.m4b").is_file()


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["book", "missing.epub"], 3, "missing.epub"),
        (["book", "novel.md", "-o", "novel.xyz"], 2, "does not say which format"),
        (["book", "novel.md", "-o", "nowhere/novel.m4b"], 3, "mkdir -p"),
        (["book", "novel.md", "-o", "novel.md", "--format", "wav"], 2, "the source itself"),
        (["book", "novel.md", "--format", "m4a"], 2, "m4b"),
        (["book", "novel.md", "--layout", "files"], 2, "chapters"),
        (["book", "novel.md", "--subtitles", "ass"], 2, "srt, vtt, lrc"),
        (["book", "novel.md", "--voice", "nobody"], 4, "cosy voices add"),
        (["book", "novel.md", "--chapters", "7"], 2, "the book has 2"),
        (["book", "novel.md", "--chapters", "two"], 2, "--chapters 2-5,7"),
        (["book", "novel.md", "--pause", "breath=1"], 2, "paragraph"),
        (["book", "novel.md", "--pause", "sentence=long"], 2, "number of seconds"),
        (["book", "novel.md", "--skip", "adverbs"], 2, "notes"),
        (["book", "novel.md", "--loudness", "0"], 2, "-20"),
        (["book", "-"], 2, "-o book.m4b"),
    ],
)
def test_what_cannot_work_is_said_before_anything_is_rendered(cosy, novel, arguments, status, message):
    ended = cosy(*arguments)
    assert ended.status == status, ended.err
    assert message in ended.err
    assert ended.synthesizers == []
    assert "Traceback" not in ended.err
