import json


def test_doctor_tells_versions_device_tools_models_and_disk(cosy):
    facts = json.loads(cosy("doctor", "--json").out)
    assert {"cosy", "python", "torch", "device", "ffmpeg", "models", "voices", "disk_free"} <= set(facts)
    assert facts["models"] == ["builtin"]
    assert "slt" in facts["voices"]


def test_doctor_prints_a_line_for_each_fact(cosy):
    ended = cosy("doctor")
    assert ended.status == 0
    assert len(ended.out.decode().splitlines()) == len(json.loads(cosy("doctor", "--json").out))


def test_bench_gives_the_real_time_factor_of_each_stage(cosy):
    facts = json.loads(cosy("bench", "--runs", "1", "--json").out)
    assert facts["language_model_rtf"] < facts["flow_rtf"] < facts["vocoder_rtf"]
    assert facts["peak_memory_mb"] > 10
    assert "times real time" in cosy("bench", "--runs", "1").out.decode()


def test_bench_refuses_no_runs(cosy):
    assert cosy("bench", "--runs", "0").status == 2
