import json

import cosycli


def test_doctor_tells_versions_device_tools_models_and_disk(cosy):
    facts = json.loads(cosy("doctor", "--json").out)
    assert {"cosy", "python", "torch", "device", "ffmpeg", "models", "voices", "disk_free"} <= set(facts)
    assert facts["models"] == ["builtin"]
    assert "michael" in facts["voices"]


def test_doctor_prints_a_line_for_each_fact(cosy):
    ended = cosy("doctor")
    assert ended.status == 0
    assert len(ended.out.decode().splitlines()) == len(json.loads(cosy("doctor", "--json").out))


def test_bench_gives_the_real_time_factor_of_each_stage(cosy):
    report = json.loads(cosy("bench", "--runs", "1", "--json").out)
    (facts,) = report["measurements"]
    assert facts["language_model_rtf"] < facts["flow_rtf"] < facts["vocoder_rtf"]
    assert facts["peak_memory_mb"] > 10
    assert {"device", "dtype", "threads", "torch", "cosy"} <= set(report["machine"])
    assert "times real time" in cosy("bench", "--runs", "1").out.decode()


def test_bench_speaks_each_sentence_alone_for_reference(cosy, monkeypatch):
    monkeypatch.setattr("cosycli.engine.benchmark.load_reference", lambda setup: cosycli.load(dtype=setup.dtype))
    ended = cosy("bench", "--runs", "1", "--reference")
    assert "fast over reference:" in ended.out.decode()
    assert [loaded.options.dtype for loaded in ended.synthesizers] == [None, "float32"]


def test_bench_compares_with_an_earlier_run(cosy, tmp_path):
    earlier = tmp_path / "earlier.json"
    earlier.write_bytes(cosy("bench", "--runs", "1", "--json").out)
    ended = cosy("bench", "--runs", "1", "--compare", earlier)
    assert "fast, times as fast as before: " in ended.out.decode()
    assert json.loads(cosy("bench", "--runs", "1", "--json", "--compare", earlier).out)["compared"]


def test_bench_does_set_work_with_a_model_that_has_no_weights(cosy, tmp_path):
    from tests.model.tiny_model import write_tiny_model

    directory = write_tiny_model(tmp_path / "tiny")
    (directory / "flow.pt").unlink()
    lengths = ("--seconds", "2", "--segment", "1", "--prompt", "1", "--batch", "1,2")
    ended = cosy("bench", "--synthetic", "--model", directory, *lengths, "--runs", "1", "--device", "cpu")
    assert ended.status == 0, ended.err
    assert "fast, batch 2: 2.0 s of speech" in ended.out.decode()
    assert "speech tokens" in ended.out.decode()


def test_bench_refuses_what_measures_nothing(cosy):
    assert cosy("bench", "--runs", "0").status == 2
    assert "Add --synthetic" in cosy("bench", "--batch", "1,8").err
    assert cosy("bench", "--synthetic", "--model", "cosyvoice2", "--batch", "a").status == 2
    assert cosy("bench", "--synthetic", "--model", "cosyvoice2", "--batch", "0").status == 2
    assert cosy("bench", "--compare", "absent.json").status == 3
