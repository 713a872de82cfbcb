"""`cosycli.make_book`: what `cosy book` does, from Python."""

from pathlib import Path

import fake_synthesizer
import pytest
import soundfile

import cosycli
from cosycli.errors import InputError, MissingError, UsageError
from cosycli.jobs.book import BookProgress

BOOK = '# The Stairs\n\n"Who is there?" she asked.\n\n# The Roof\n\nMumble mumble.\n'


@pytest.fixture
def made(tmp_path, monkeypatch):
    """The synthesizers that are loaded; the working folder holds a book."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COSY_HOME", str(tmp_path / "home"))
    Path("novel.md").write_text(BOOK, encoding="utf-8")
    return fake_synthesizer.install(monkeypatch.setattr)


def test_a_source_becomes_a_file_that_its_name_says(made):
    assert cosycli.make_book("novel.md").files == (Path("novel.m4b"),)
    book = cosycli.make_book("novel.md", Path("novel.flac"))
    assert book.files == (Path("novel.flac"),)
    assert soundfile.info("novel.flac").duration == pytest.approx(book.assembly.duration_s, abs=0.01)


def test_options_are_those_of_the_command(made):
    book = cosycli.make_book(
        "novel.md",
        "chapters",
        layout="chapters",
        format="wav",
        chapters="1",
        dialogue_voice="michael",
        pause={"paragraph": 2},
        subtitles=["srt"],
        speed=1.5,
        retakes=4,
    )
    assert [path.name for path in book.files] == ["01 - The Stairs.wav", "01 - The Stairs.srt"]
    (synthesizer,) = made
    assert synthesizer.options.retakes == 4
    assert [request["voice"] for request in synthesizer.requests] == ["heart", "michael", "heart"]
    assert {request["speed"] for request in synthesizer.requests} == {1.5}


def test_a_second_call_renders_nothing_and_one_for_a_segment_renders_that(made):
    cosycli.make_book("novel.md", work="takes")
    cosycli.make_book("novel.md", work="takes")
    assert len(made) == 1
    book = cosycli.make_book("novel.md", work="takes", redo=["1.2"])
    assert book.rendered.num_made == 1


def test_segments_that_failed_their_checks_are_named(made):
    book = cosycli.make_book("novel.md")
    assert [(segment.id, segment.failures) for segment in book.failed] == [("2.2", ("pace",))]


def test_how_far_it_has_come_is_told(made):
    class Told(BookProgress):
        def __init__(self) -> None:
            self.segments: list[int] = []

        def planned(self, plan) -> None:
            self.title = plan.script.chapters[0].chapter.title

        def rendered(self, done, total, chapter, so_far) -> None:
            self.segments.append(done)

    told = Told()
    cosycli.make_book("novel.md", progress=told)
    assert told.title == "The Stairs"
    assert told.segments == list(range(1, len(made[0].requests) + 1))


def test_settings_files_of_the_command_are_not_read(made):
    Path("cosy.yaml").write_text("voice: michael\n")
    cosycli.make_book("novel.md")
    assert {request["voice"] for request in made[0].requests} == {"heart"}


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"vioce": "michael"}, UsageError, "Did you mean 'voice'"),
        ({"chapters": 2}, UsageError, "chapters is 2"),
        ({"speed": 9}, UsageError, "out of range"),
        ({"voice": "nobody"}, MissingError, "no voice 'nobody'"),
        ({"work": "takes", "source": "missing.epub"}, InputError, "missing.epub"),
    ],
)
def test_what_cannot_work_is_said_before_anything_is_rendered(made, options, error, said):
    source = options.pop("source", "novel.md")
    with pytest.raises(error, match=said):
        cosycli.make_book(source, **options)
    assert made == []
