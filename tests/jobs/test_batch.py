from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile
from fake_synthesizer import FakeSynthesizer, FakeTake

from cosycli.errors import InputError, MissingError
from cosycli.jobs.batch import JobResult, Status, run_batch
from cosycli.jobs.batch_file import Job, TextJob, read_batch
from cosycli.jobs.batch_state import BatchState, open_state
from cosycli.jobs.executors import LocalExecutor
from cosycli.settings import RenderOptions


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("COSY_HOME", str(tmp_path / "home"))


class Opener:
    """Gives one fake synthesizer for all, and remembers what it was asked for."""

    def __init__(self, synthesizer: FakeSynthesizer | None = None) -> None:
        self.synthesizer = synthesizer or FakeSynthesizer()
        self.models: list[str] = []

    @contextmanager
    def __call__(self, settings: RenderOptions) -> Iterator[LocalExecutor]:
        self.models.append(settings.model)
        yield LocalExecutor(self.synthesizer)


class Choking(FakeSynthesizer):
    """Cannot say one word, and then fails for all that is rendered with it."""

    renderings = 0

    def render(self, utterances, *, mask="full") -> Iterator[FakeTake]:
        self.renderings += 1
        for said, take in zip(utterances, super().render(utterances, mask=mask), strict=True):
            if "cough" in said.segment.text:
                raise RuntimeError("out of memory")
            yield take


def texts(folder: Path, *words: str, **settings: object) -> list[TextJob]:
    return [
        TextJob(f"job{i}", text, folder / f"job{i}.wav", "wav", RenderOptions(**settings))
        for i, text in enumerate(words)
    ]


def run(folder: Path, jobs: Sequence[Job], opener: Opener) -> dict[str, JobResult]:
    with open_state(folder / "state.jsonl") as state:
        return {result.id: result for result in run_batch(jobs, state, opener, lambda job, done, total: None)}


def statuses(results: dict[str, JobResult]) -> list[str]:
    return [results[id].status.value for id in sorted(results)]


def test_texts_of_one_model_are_rendered_together(tmp_path):
    jobs = texts(tmp_path, *(f"Sentence number {i}." for i in range(40)))
    jobs[3] = replace(jobs[3], settings=RenderOptions(voice="michael", speed=1.5, seed=3))
    opener = Opener()
    assert set(statuses(run(tmp_path, jobs, opener))) == {"done"}
    assert opener.models == ["builtin"]
    assert [request["voice"] for request in opener.synthesizer.requests[2:5]] == ["heart", "michael", "heart"]
    assert opener.synthesizer.requests[3]["speed"] == 1.5
    for job in jobs:
        assert soundfile.info(job.out).duration > 0.3


def test_a_file_is_there_as_soon_as_its_last_segment_is_rendered(tmp_path):
    jobs = texts(tmp_path, "One.", "Two.", "Three.")
    results = run_batch(jobs, BatchState(tmp_path / "state.jsonl"), Opener(), lambda job, done, total: None)
    assert next(results).id == "job0"
    assert jobs[0].out.exists()
    assert not jobs[2].out.exists()


def test_what_a_job_sounds_like_does_not_depend_on_the_others(tmp_path):
    both, alone = Opener(), Opener()
    jobs = texts(tmp_path, "The same words.", "The same words.")
    run(tmp_path, jobs, both)
    (tmp_path / "alone").mkdir()
    run(tmp_path / "alone", jobs[1:], alone)
    assert both.synthesizer.seeds == 2 * alone.synthesizer.seeds


def test_a_second_run_does_only_what_is_missing(tmp_path):
    jobs = texts(tmp_path, "One.", "Two.", "Three.", "Four.")
    run(tmp_path, jobs, Opener())
    jobs[0].out.unlink()
    jobs[1].out.write_bytes(b"damaged")
    jobs[2] = replace(jobs[2], text="Three, changed.")
    opener = Opener()
    results = run(tmp_path, jobs, opener)
    assert statuses(results) == ["done", "done", "done", "kept"]
    assert results["job3"].audio_s == soundfile.info(jobs[3].out).duration
    assert len(opener.synthesizer.requests) == 3


def test_nothing_is_loaded_when_nothing_is_missing(tmp_path):
    jobs = texts(tmp_path, "One.")
    run(tmp_path, jobs, Opener())
    opener = Opener()
    assert statuses(run(tmp_path, jobs, opener)) == ["kept"]
    assert opener.models == []


@pytest.mark.parametrize("change", [{"seed": 1}, {"voice": "michael"}, {"speed": 1.1}, {"mask": "chunk"}])
def test_a_changed_setting_is_rendered_anew(tmp_path, change):
    run(tmp_path, texts(tmp_path, "One."), Opener())
    assert statuses(run(tmp_path, texts(tmp_path, "One.", **change), Opener())) == ["done"]


def test_a_voice_that_was_replaced_is_rendered_anew(tmp_path):
    voice = tmp_path / "ada"
    voice.mkdir()
    description = "{name: ada, language: en, rights: mine, speaker: heart, transcript: %s}"
    (voice / "voice.yaml").write_text(description % "one")
    jobs = texts(tmp_path, "One.", voice=str(voice))
    run(tmp_path, jobs, Opener())
    assert statuses(run(tmp_path, jobs, Opener())) == ["kept"]
    (voice / "voice.yaml").write_text(description % "two")
    assert statuses(run(tmp_path, jobs, Opener())) == ["done"]


def test_a_run_that_was_killed_goes_on_where_it_stopped(tmp_path):
    jobs = texts(tmp_path, "One.", "Two.", "Three.")
    results = run_batch(jobs, BatchState(tmp_path / "state.jsonl"), Opener(), lambda job, done, total: None)
    next(results)
    results.close()
    with (tmp_path / "state.jsonl").open("a") as file:
        file.write('{"id": "job1", "key": "cut sho')
    assert statuses(run(tmp_path, jobs, Opener())) == ["kept", "done", "done"]
    assert statuses(run(tmp_path, jobs, Opener())) == ["kept", "kept", "kept"]


def test_a_second_run_at_the_same_jobs_is_refused_until_the_first_has_ended(tmp_path):
    with open_state(tmp_path / "state.jsonl"), pytest.raises(InputError, match="Another run is at work"):
        run(tmp_path, texts(tmp_path, "One."), Opener())
    assert statuses(run(tmp_path, texts(tmp_path, "One."), Opener())) == ["done"]


def test_a_text_that_cannot_be_spoken_is_named_and_the_rest_is_done(tmp_path):
    results = run(tmp_path, texts(tmp_path, "One.", "[laugther] Two.", "…", "Four."), Opener())
    assert statuses(results) == ["done", "failed", "failed", "done"]
    assert "[laugther]" in results["job1"].message
    assert "no word" in results["job2"].message


def test_a_job_that_makes_the_synthesizer_fail_is_found_among_many(tmp_path):
    jobs = texts(tmp_path, *(f"Sentence number {i}." for i in range(20)), "I cough here.", "The last one.")
    opener = Opener(Choking())
    results = run(tmp_path, jobs, opener)
    assert [id for id, result in results.items() if result.status is Status.FAILED] == ["job20"]
    assert "out of memory" in results["job20"].message
    assert not jobs[20].out.exists()
    assert opener.synthesizer.renderings <= 11  # halving 22 five times


def test_an_output_that_cannot_be_written_is_named_and_the_rest_is_done(tmp_path):
    jobs = texts(tmp_path, "One. Two. Three.", "Two.", "Three.")
    (tmp_path / "file").write_text("")
    jobs[0] = replace(jobs[0], out=tmp_path / "file" / "a.wav")
    jobs[1] = replace(jobs[1], out=tmp_path / "new" / "b.wav")
    results = run(tmp_path, jobs, Opener())
    assert statuses(results) == ["failed", "done", "done"]
    assert "could not be written" in results["job0"].message
    assert soundfile.info(jobs[1].out).duration == pytest.approx(0.2 + 0.08, abs=0.05)


def test_a_model_that_does_not_load_fails_its_jobs(tmp_path):
    def refuse(settings: RenderOptions) -> None:
        raise MissingError("The model is damaged.", "Fetch it again.")

    results = list(run_batch(texts(tmp_path, "One.", "Two."), BatchState(tmp_path / "s"), refuse, lambda *_: None))
    assert [result.message for result in results] == ["The model is damaged. Fetch it again."] * 2


def test_takes_that_fail_their_checks_are_named_every_time(tmp_path):
    jobs = texts(tmp_path, "Mumble, mumble.")
    for status in (Status.DONE, Status.KEPT):
        (result,) = run(tmp_path, jobs, Opener()).values()
        assert (result.status, result.is_good) == (status, False)
        assert "pace" in result.message


def test_batches_that_overtake_one_another_are_put_back_in_order(tmp_path):
    class Hasty(LocalExecutor):
        def render(self, batches, mask):
            yield from super().render(batches[::-1], mask)

    @contextmanager
    def hire(settings):
        yield Hasty(FakeSynthesizer())

    jobs = texts(tmp_path, *(f"Sentence number {'x' * i}." for i in range(70)), "One. Two. Three.")
    (tmp_path / "usual").mkdir()
    usual = [replace(job, out=tmp_path / "usual" / job.out.name) for job in jobs]
    results = run_batch(jobs, BatchState(tmp_path / "hasty.jsonl"), hire, lambda *_: None)
    assert [result.status for result in results] == [Status.DONE] * 71
    run(tmp_path, usual, Opener())
    assert [job.out.read_bytes() for job in jobs] == [job.out.read_bytes() for job in usual]


def test_jobs_of_one_model_share_its_executor_and_another_model_gets_its_own(tmp_path):
    (tmp_path / "lake.md").write_text("# The Lake\n\nIt was still.\n")
    (tmp_path / "jobs.yaml").write_text(
        "jobs: [{id: lake, source: lake.md}, {id: shore, source: lake.md}, {id: hello, text: Good evening.}, "
        "{id: heard, text: Good morning., verify: true}]"
    )
    opener = Opener()
    run(tmp_path, read_batch(tmp_path / "jobs.yaml", RenderOptions(), {}), opener)
    assert len(opener.models) == 3


def test_books_and_texts_of_one_file(tmp_path):
    (tmp_path / "lake.md").write_text("# The Lake\n\nIt was still.\n\n# The Shore\n\nNobody came.\n")
    (tmp_path / "broken.epub").write_bytes(b"no archive")
    (tmp_path / "jobs.yaml").write_text(
        "jobs: [{id: lake, source: lake.md, out: lake.mp3, subtitles: srt}, {id: broken, source: broken.epub}, "
        "{id: hello, text: Good evening.}]"
    )
    jobs = read_batch(tmp_path / "jobs.yaml", RenderOptions(), {})
    results = run(tmp_path, jobs, Opener())
    assert {id: result.status.value for id, result in results.items()} == {
        "hello": "done",
        "lake": "done",
        "broken": "failed",
    }
    assert results["lake"].audio_s > 5
    assert "Nobody came." in (tmp_path / "lake.srt").read_text()
    assert "broken.epub" in results["broken"].message
    assert run(tmp_path, jobs[:1], Opener())["lake"].status is Status.KEPT
    (tmp_path / "lake.md").write_text("# The Lake\n\nIt was very still.\n")
    assert run(tmp_path, jobs[:1], Opener())["lake"].status is Status.DONE
