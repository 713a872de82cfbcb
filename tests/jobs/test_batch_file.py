import json
from pathlib import Path

import pytest

from cosycli.errors import InputError, UsageError
from cosycli.jobs.batch_file import TextJob, read_batch
from cosycli.jobs.book import BookJob
from cosycli.publish.book_files import Layout
from cosycli.settings import RenderOptions
from tests.model.tiny_model_v1 import write_tiny_model_v1


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("COSY_HOME", str(tmp_path / "home"))


@pytest.fixture
def desk(tmp_path):
    folder = tmp_path / "desk"
    folder.mkdir()
    return folder


def read(desk: Path, text: str, name: str = "jobs.yaml", **flags: object) -> list[TextJob | BookJob]:
    (desk / name).write_text(text, encoding="utf-8")
    return read_batch(desk / name, RenderOptions(), flags)


def mistakes(desk: Path, text: str, name: str = "jobs.yaml") -> str:
    with pytest.raises(UsageError) as error:
        read(desk, text, name)
    return error.value.what


def test_texts_with_defaults_and_their_own_settings(desk):
    one, two = read(
        desk,
        """
        defaults: {voice: michael, speed: 1.2}
        jobs:
          - id: one
            text: The kettle is on.
          - id: two
            text: The rain has stopped.
            voice: heart
            seed: 7
            out: rain/two.mp3
        """,
    )
    settings = RenderOptions(voice="michael", speed=1.2)
    assert one == TextJob("one", "The kettle is on.", desk / "one.wav", "wav", settings)
    assert two.out == desk / "rain" / "two.mp3"
    assert two.audio_format == "mp3"
    assert two.settings == RenderOptions(voice="heart", speed=1.2, seed=7)


def test_json_lines(desk):
    lines = (
        '{"id": "one", "text": "湖水很静。", "voice": "bella"}\n\n{"id": "two", "text": "Yes.", "out": "two.opus"}\n'
    )
    one, two = read(desk, lines, "jobs.jsonl")
    assert (one.text, one.settings.voice) == ("湖水很静。", "bella")
    assert (two.out, two.audio_format) == (desk / "two.opus", "opus")


def test_flags_go_over_defaults_and_under_jobs(desk):
    text = "defaults: {voice: bella, seed: 1}\njobs: [{id: a, text: One.}, {id: b, text: Two., voice: heart}]"
    one, two = read(desk, text, voice="michael", speed=None)
    assert (one.settings.voice, one.settings.seed) == ("michael", 1)
    assert two.settings.voice == "heart"


def test_the_name_of_a_file_says_its_format_unless_the_job_does(desk):
    text = """
        defaults: {format: flac}
        jobs:
          - {id: a, text: One.}
          - {id: b, text: One., out: b.mp3}
          - {id: c, text: One., out: c.mp3, format: wav}
    """
    assert [(job.out.name, job.audio_format) for job in read(desk, text)] == [
        ("a.flac", "flac"),
        ("b.mp3", "mp3"),
        ("c.mp3", "wav"),
    ]


def test_a_book_with_all_it_may_say(desk):
    for name in ("novel.md", "names.yaml"):
        (desk / name).write_text("# One\n")
    (desk / "cast.yaml").write_text("Alice: michael\n")
    (book,) = read(
        desk,
        """
        jobs:
          - id: novel
            source: novel.md
            format: mp3
            layout: chapters
            language: en
            lexicon: [names.yaml]
            read: notes, code
            skip: [tables]
            chapters: 2-5,7
            dialogue-voice: michael
            cast: cast.yaml
            pause: {paragraph: 1, chapter: 3.5}
            subtitles: srt, vtt
            read-along: true
            loudness: -19
        """,
    )
    assert isinstance(book, BookJob)
    request, publication = book.request, book.publication
    assert request.source == desk / "novel.md"
    assert (request.read, request.skip) == ({"notes", "code"}, {"tables"})
    assert request.lexicons == (desk / "names.yaml",)
    assert (request.dialogue_voice, request.cast) == ("michael", {"Alice": "michael"})
    assert (request.pauses.paragraph_s, request.pauses.chapter_s) == (1.0, 3.5)
    assert 7 in request.chapters
    assert 6 not in request.chapters
    assert (publication.target.path, publication.target.layout) == (desk / "novel", Layout.CHAPTERS)
    assert publication.target.audio_format == "mp3"
    assert (publication.subtitles, publication.read_along) == (("srt", "vtt"), True)


def test_books_of_a_library_share_its_folder(desk):
    (desk / "a.md").write_text("# A\n")
    (desk / "b.md").write_text("# B\n")
    text = "jobs: [{id: a, source: a.md, layout: audiobookshelf}, {id: b, source: b.md, layout: audiobookshelf}]"
    assert [job.out for job in read(desk, text)] == [desk, desk]


def test_every_document_of_a_folder_is_a_book(desk):
    for name in ("The Lake.md", "shore.txt", "picture.png", ".hidden.md", "湖.epub"):
        (desk / name).write_text("Words.")
    jobs = read_batch(desk, RenderOptions(), {"voice": "michael"}, desk.parent / "audio")
    assert [job.id for job in jobs] == ["The Lake", "shore", "湖"]
    assert jobs[0].out == desk.parent / "audio" / "The Lake.m4b"
    assert jobs[0].settings.voice == "michael"


def test_relative_paths_start_where_the_jobs_are(desk, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (desk / "voices" / "ada").mkdir(parents=True)
    (desk / "voices" / "ada" / "voice.yaml").write_text("{name: ada, language: en, rights: mine, speaker: heart}")
    (job,) = read(desk, "jobs: [{id: a, text: One., voice: voices/ada, out: ../a.wav}]")
    assert job.settings.voice == str(desk / "voices" / "ada")
    assert job.out.resolve() == tmp_path / "a.wav"


def test_all_mistakes_of_all_jobs_are_named_by_line_and_job(desk):
    text = """
defaults:
  vioce: michael
jobs:
  - id: one
    text: One.
    speed: fast
  - id: two
    text: Two.
    voice: micheal
  - id: two
    text: 2
  - {text: Three.}
  - id: four
  - id: ../five
    text: Five.
  - id: six
    source: missing.epub
"""
    what = mistakes(desk, text)
    assert "jobs.yaml has 9 mistakes; nothing was run." in what
    for line in (
        "line 3: there is no key 'vioce' here. Did you mean 'voice'?",
        "line 5, job one: `speed` is 'fast', which is not a number.",
        "line 8, job two: There is no voice 'micheal'. Did you mean 'michael'?",
        "line 11, job two: `text` is 2, which is not text.",
        "line 11, job two: another job has the same `id`.",
        "line 13: it has no `id`.",
        "line 14, job four: it has neither `text` nor `source`",
        "line 15, job ../five: an id is used as the name of a file",
        "line 17, job six: There is no file",
    ):
        assert line in what


@pytest.mark.parametrize(
    ("job", "said"),
    [
        ("{id: a, text: One., speed: 9}", "Speed 9 is out of range"),
        ("{id: a, text: One., seed: 1.5}", "`seed` is 1.5, which is not a whole number"),
        ("{id: a, text: One., mask: ful}", "Did you mean 'full'?"),
        ("{id: a, text: One., model: cosyvoice9}", "no model 'cosyvoice9'"),
        ("{id: a, text: One., style: happy}", "no style 'happy'"),
        ("{id: a, text: One., variant: rl}", "no variant 'rl'"),
        ("{id: a, source: a.md, language: de}", "not trained on the language 'de'"),
        ("{id: a, text: One., format: m4b}", "no format 'm4b'"),
        ("{id: a, text: One., out: a.xyz, format: mp4}", "no format 'mp4'"),
        ("{id: a, text: One., language: en}", "no key 'language'"),
        ("{id: a, text: }", "`text` is empty"),
        ('{id: a, text: "a\\0b"}', "control character"),
        ("{id: a, text: One., voice: }", "`voice` is empty"),
        ("{id: a, text: [One.]}", "`text` is a list"),
        ("{id: 7, text: One.}", "`id` is 7, which is not a name or path"),
        ("{id: a, text: One., out: %s}" % ("x" * 2000), "not a name or path"),
        ("{id: a, text: One., out: %s}" % ("x" * 300), "cannot be used: File name too long"),
        ('{id: a, text: One., out: "b\\0.wav"}', "not a name or path"),
        ("{id: a, source: a.md, loudness: .nan}", "A loudness of nan dB"),
        ("{id: a, text: One., source: a.md}", "no key 'text'"),
        ("{id: a, text: One., out: .}", "is a directory"),
        ("{id: a, text: One., out: jobs.yaml}", "which is the jobs themselves"),
        ("{id: a, source: a.md, out: a.md, format: wav}", "which is the source of a book"),
        ("{id: a, source: a.md, format: raw}", "no book format 'raw'"),
        ("{id: a, source: a.md, layout: files}", "Did you mean 'file'?"),
        ("{id: a, source: a.md, read: notse}", "Did you mean 'notes'?"),
        ("{id: a, source: a.md, pause: {word: 1}}", "no pause 'word'"),
        ("{id: a, source: a.md, pause: {paragraph: 100}}", "0 to 60 seconds"),
        ("{id: a, source: a.md, subtitles: ssa}", "no subtitle format 'ssa'"),
        ("{id: a, source: a.md, read-along: 1}", "not true or false"),
        ("{id: a, source: a.md, chapters: 5-2}", "names no chapters"),
        ("{id: a, source: a.md, dialogue-voice: micheal}", "no voice 'micheal'"),
        ("{id: a, source: a.md, cast: cast.yaml}", "no voice '中文女'"),
        ("{id: a, id: b, text: One.}", "'id' is given twice"),
        ("just words", "not lines of `key: value`"),
    ],
)
def test_what_is_wrong_with_a_job_is_said(desk, job, said):
    (desk / "a.md").write_text("# A\n")
    (desk / "cast.yaml").write_text("Alice: 中文女\n", encoding="utf-8")
    assert said in mistakes(desk, f"jobs:\n  - {job}\n")


def test_a_model_s_own_speakers_may_play_in_its_books(desk, tmp_path):
    model = write_tiny_model_v1(tmp_path / "CosyVoice-300M-SFT")
    (desk / "a.md").write_text("# A\n")
    (desk / "cast.yaml").write_text("Alice: 中文女\n", encoding="utf-8")
    job = f"{{id: a, source: a.md, model: {model}, dialogue-voice: 英文男, cast: cast.yaml}}"
    (book,) = read(desk, f"jobs:\n  - {job}\n")
    assert isinstance(book, BookJob)
    assert book.request.voices == ("英文男", "中文女")


def test_a_mask_that_the_model_does_not_know_is_a_mistake(desk, tmp_path):
    model = write_tiny_model_v1(tmp_path / "CosyVoice-300M-SFT")
    assert "job a: There is no mask 'chunk' for this model. Valid: full." in mistakes(
        desk, f"jobs:\n  - {{id: a, text: One., model: {model}, voice: 中文女, mask: chunk}}\n"
    )


def test_two_jobs_may_not_write_one_file(desk):
    text = "jobs: [{id: a, text: One., out: x/../b.wav}, {id: b, text: Two.}]"
    assert "which is written by job a" in mistakes(desk, text)


def test_mistakes_in_json_lines_are_named_by_line(desk):
    lines = (
        '{"id": "a", "text": "One."}\n{"id": "b"\n["c"]\n{"id": "d", "id": "e", "text": "x"}\n{"id": "f", "txet": "x"}'
    )
    what = mistakes(desk, lines, "jobs.jsonl")
    assert "line 2: it is not JSON" in what
    assert "line 3: it is not a job" in what
    assert "line 4: it is not JSON: 'id' is given twice" in what
    assert "line 5, job f: there is no key 'txet' here. Did you mean 'text'?" in what


def test_half_a_character_is_no_text(desk):
    assert "not text" in mistakes(desk, '{"id": "a", "text": "\\ud83d"}', "jobs.jsonl")


def test_many_mistakes_are_counted(desk):
    what = mistakes(desk, "\n".join(json.dumps({"id": f"j{i}"}) for i in range(100)), "jobs.jsonl")
    assert "has 100 mistakes" in what
    assert what.endswith("and 70 more")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x [1, 1]\njobs: [*x, *x]", "aliases are not taken"),
        ("jobs: [{id: !!python/object:os.system a}]", "is not YAML that can be read"),
        ("jobs: [", "is not YAML that can be read"),
        ("[" * 5000, "is not YAML that can be read"),
    ],
)
def test_yaml_that_does_more_than_say_values_is_refused(desk, text, said):
    with pytest.raises(InputError) as error:
        read(desk, text)
    assert said in error.value.what


@pytest.mark.parametrize("text", ["", "jobs: []", "defaults: {voice: michael}"])
def test_a_file_without_jobs_is_refused(desk, text):
    assert "holds no job" in mistakes(desk, text)


@pytest.mark.parametrize(("text", "said"), [("- id: a", "does not hold `jobs:`"), ("jobs: {id: a}", "is not a list")])
def test_a_file_of_another_shape_is_refused(desk, text, said):
    assert said in mistakes(desk, text)


def test_a_part_that_does_not_exist_is_named(desk):
    what = mistakes(desk, "default: {voice: michael}\njobs: [{id: a, text: One.}]")
    assert "line 1: there is no part 'default'. Did you mean 'defaults'?" in what


def test_a_file_that_is_too_large_is_refused(desk):
    with pytest.raises(InputError, match="larger than 4 MB"):
        read(desk, "#" * (4 << 20) + "\njobs: []")


def test_what_is_not_there_or_no_jobs_file_is_refused(desk):
    with pytest.raises(InputError, match="no file or folder"):
        read_batch(desk / "jobs", RenderOptions(), {})
    with pytest.raises(InputError, match="cannot be read"):
        read_batch(desk / "jobs.yaml", RenderOptions(), {})
    with pytest.raises(UsageError, match="not a jobs file"):
        read(desk, "jobs: []", "jobs.txt")
    with pytest.raises(UsageError, match="holds no job"):
        read_batch(desk / "..", RenderOptions(), {})
