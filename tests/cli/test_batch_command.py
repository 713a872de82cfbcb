import json
from pathlib import Path

import pytest
import soundfile

JOBS = """
defaults: {voice: michael}
jobs:
  - id: kettle
    text: The kettle is on.
  - id: rain
    text: The rain has stopped.
    out: rain/rain.mp3
"""


@pytest.fixture
def jobs(cosy):
    Path("jobs.yaml").write_text(JOBS)
    return cosy


def test_each_job_becomes_a_file_and_a_line(jobs):
    ended = jobs("batch", "jobs.yaml")
    assert (ended.status, ended.out) == (0, b"")
    assert soundfile.info("kettle.wav").format == "WAV"
    assert soundfile.info("rain/rain.mp3").format == "MP3"
    lines = ended.err.splitlines()
    assert lines[0].split()[:2] == ["kettle", "done"]
    assert lines[1].endswith("rain/rain.mp3")
    assert lines[2].startswith("2 jobs: 2 done;")


def test_a_single_job_is_not_told_in_the_plural(cosy):
    Path("jobs.jsonl").write_text('{"id": "kettle", "text": "The kettle sang."}')
    assert "1 job: 1 done;" in cosy("batch", "jobs.jsonl").err


def test_memory_is_for_all_jobs_and_a_job_may_have_retakes_and_a_prompt_of_its_own(cosy):
    Path("jobs.yaml").write_text(JOBS + "    retakes: 7\n    prompt: 4\n")
    ended = cosy("batch", "jobs.yaml", "--memory", "4GB", "--retakes", "1", "--prompt", "3")
    made = {(each.options.retakes, each.options.memory, each.options.prompt) for each in ended.synthesizers}
    assert made == {(1, "4GB", 3.0), (7, "4GB", 4.0)}


def test_other_memory_makes_no_job_again(jobs):
    jobs("batch", "jobs.yaml")
    ended = jobs("batch", "jobs.yaml", "--memory", "4GB")
    assert "2 jobs: 2 kept" in ended.err


def test_results_as_json_are_all_that_is_on_standard_output(jobs):
    ended = jobs("batch", "jobs.yaml", "--json", "-q")
    assert ended.err == ""
    kettle, rain = json.loads(ended.out)
    assert kettle == {
        "id": "kettle",
        "out": "kettle.wav",
        "status": "done",
        "message": "",
        "notes": [],
        "audio_s": kettle["audio_s"],
    }
    assert kettle["audio_s"] == soundfile.info("kettle.wav").duration
    assert rain["out"] == "rain/rain.mp3"


def test_a_second_run_keeps_what_is_done(jobs):
    jobs("batch", "jobs.yaml")
    ended = jobs("batch", "jobs.yaml")
    assert "2 jobs: 2 kept;" in ended.err
    assert len(ended.synthesizers) == 1


def test_a_job_that_fails_is_named_and_the_exit_code_says_so(jobs):
    Path("jobs.yaml").write_text(JOBS + "  - {id: odd, text: '[laugther] Hello.'}\n")
    ended = jobs("batch", "jobs.yaml")
    assert ended.status == 5
    assert "Failed: odd." in ended.err
    assert soundfile.info("kettle.wav").duration > 0.3


def test_takes_that_fail_their_checks_are_named_and_the_exit_code_says_so(jobs):
    Path("jobs.jsonl").write_text('{"id": "odd", "text": "Mumble."}\n')
    ended = jobs("batch", "jobs.jsonl")
    assert ended.status == 5
    assert "Did not pass their checks: odd." in ended.err


def test_what_is_not_spoken_is_named_with_its_job_in_every_run(jobs):
    Path("jobs.jsonl").write_text('{"id": "odd", "text": "Well done 🎉 and on to page [12]."}\n', encoding="utf-8")
    for status in ("done", "kept"):
        ended = jobs("batch", "jobs.jsonl", "--json")
        assert ended.status == 0
        assert "odd: Not spoken: '🎉'" in ended.err
        (result,) = json.loads(ended.out)
        assert result["status"] == status
        assert any("[12] is not a tag" in note for note in result["notes"])


def test_jobs_that_are_listened_to_are_rendered_by_themselves(jobs):
    Path("jobs.yaml").write_text(
        "jobs:\n  - {id: heard, text: Good evening., verify: true}\n  - {id: plain, text: Good morning.}\n"
    )
    ended = jobs("batch", "jobs.yaml")
    assert ended.status == 0
    assert [(each.options.verify, len(each.requests)) for each in ended.synthesizers] == [(True, 1), (False, 1)]


def test_mistakes_are_named_before_anything_is_run(jobs):
    Path("jobs.yaml").write_text(JOBS + "  - {id: odd, txet: Hello.}\n")
    ended = jobs("batch", "jobs.yaml")
    assert ended.status == 2
    assert "job odd: there is no key 'txet' here. Did you mean 'text'?" in ended.err
    assert ended.synthesizers == []
    assert not Path("kettle.wav").exists()


def test_options_reach_the_jobs(jobs):
    ended = jobs(
        "batch", "jobs.yaml", "--voice", "heart", "--seed", "3", "--format", "flac", "--device", "cpu", "-o", "out"
    )
    (synthesizer,) = ended.synthesizers
    assert synthesizer.options.device == "cpu"
    assert {request["voice"] for request in synthesizer.requests} == {"heart"}
    assert soundfile.info("out/kettle.flac").format == "FLAC"
    assert soundfile.info("rain/rain.mp3").format == "MP3"


def test_a_folder_of_documents_becomes_audiobooks(cosy):
    Path("novels").mkdir()
    Path("novels/The Lake.md").write_text("# One\n\nIt was still.\n")
    Path("novels/shore.txt").write_text("Nobody came.\n")
    ended = cosy("batch", "novels", "-o", "audiobooks", "--format", "mp3")
    assert ended.status == 0
    assert soundfile.info("audiobooks/The Lake.mp3").duration > 3
    assert soundfile.info("audiobooks/shore.mp3").duration > 2
    assert "2 kept" in cosy("batch", "novels", "-o", "audiobooks", "--format", "mp3").err


def test_progress_is_told_as_json_lines(jobs):
    events = [json.loads(line) for line in jobs("batch", "jobs.yaml", "--progress", "json").err.splitlines()]
    assert {"event": "progress", "done": 1, "total": 2, "unit": "jobs"} in events
    assert [event["status"] for event in events if "status" in event] == ["done", "done"]
