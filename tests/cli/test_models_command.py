import hashlib
import json

import pytest

from cosycli.model.library import ModelFile, model_folder, write_manifest


def test_list_says_what_is_here_and_how_to_get_the_rest(cosy):
    first, *others = cosy("models", "list").out.decode().splitlines()[::2]
    assert first.startswith("builtin")
    assert first.endswith("here")
    assert [line.split()[0] for line in others] == [
        "cosyvoice-300m",
        "cosyvoice-300m-sft",
        "cosyvoice-300m-instruct",
        "cosyvoice2-0.5b",
        "fun-cosyvoice3-0.5b-2512",
    ]
    for line in others:
        assert f"cosy models pull {line.split()[0]}" in line
        assert "Apache-2.0" in line
    assert "zh en ja ko de es fr it ru" in others[-1]
    assert "4439 MB" in others[-1]


def test_list_says_what_each_model_can_do(cosy):
    lines = cosy("models", "list").out.decode().splitlines()[2:]
    told = zip(lines[::2], lines[1::2], strict=True)
    can = {name.split()[0]: capabilities.strip().split("; ") for name, capabilities in told}
    assert "ready speakers" in can["cosyvoice-300m-sft"]
    assert "voices from clips (approximate)" in can["cosyvoice-300m-sft"]
    takes_instructions = {name for name, capabilities in can.items() if "instructions in words" in capabilities}
    assert takes_instructions == {"cosyvoice-300m-instruct", "cosyvoice2-0.5b", "fun-cosyvoice3-0.5b-2512"}
    assert {"pinyin", "styles by name", "tags"} <= set(can["fun-cosyvoice3-0.5b-2512"])


def test_show_tells_capabilities_variants_and_files_with_their_checksums(cosy):
    facts = json.loads(cosy("models", "show", "fun-cosyvoice3-0.5b-2512", "--json").out)
    assert facts["capabilities"]["pinyin"] == "exact"
    assert facts["variants"] == ["rl"]
    assert {key: facts["files"][0][key] for key in ("path", "size")} == {"path": "cosyvoice3.yaml", "size": 6934}
    assert [file["path"] for file in facts["files"] if file["variant"] == "rl"] == ["llm.rl.pt"]
    assert "llm.rl.pt" in cosy("models", "show", "fun-cosyvoice3-0.5b-2512").out.decode()
    shown = cosy("models", "show", "cosyvoice-300m").out.decode()
    assert "no known checksum" in shown
    assert "Size:            unknown" in shown


def test_sizes_that_are_not_known_and_facts_are_told_in_words(cosy):
    lines = cosy("models", "list").out.decode().splitlines()
    assert next(line.split()[7] for line in lines if line.startswith("cosyvoice-300m ")) == "unknown"
    shown = cosy("models", "show", "builtin").out.decode()
    assert "On this machine: yes" in shown
    assert "Size:            32 MB" in shown
    assert "fetch it: cosy models pull cosyvoice2-0.5b" in cosy("models", "show", "cosyvoice2-0.5b").out.decode()


def test_show_gives_licence_languages_and_revision(cosy):
    facts = json.loads(cosy("models", "show", "cosyvoice2-0.5b", "--json").out)
    assert facts["licence"] == "Apache-2.0"
    assert facts["languages"] == ["zh", "en", "ja", "ko"]
    assert facts["huggingface"].startswith("FunAudioLLM/CosyVoice2-0.5B@")
    assert not facts["present"]
    assert "Apache-2.0" in cosy("models", "show", "cosyvoice2-0.5b").out.decode()


def test_pull_offline_says_so(cosy, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    ended = cosy("models", "pull", "cosyvoice2-0.5b")
    assert ended.status == 4
    assert "127.0.0.1 cannot be reached" in ended.err
    assert ended.out == b""


def test_pull_of_an_unknown_model_lists_the_known(cosy):
    ended = cosy("models", "pull", "cosyvoice9")
    assert ended.status == 4
    assert "Did you mean 'cosyvoice-300m'" in ended.err
    assert "fun-cosyvoice3-0.5b-2512" in ended.err


def test_pull_says_what_was_not_checked_and_what_is_still_missing(cosy, monkeypatch, tmp_path):
    monkeypatch.setattr("cosycli.model.hub.pull", lambda *_: tmp_path)
    ended = cosy("models", "pull", "cosyvoice-300m")
    assert "No published checksum is known for cosyvoice.yaml, flow.pt, llm.pt: only the size was checked" in ended.err
    assert f"{tmp_path} has no text vocabulary" in ended.err
    assert "https://github.com/openai/whisper" in ended.err
    (tmp_path / "multilingual.tiktoken").touch()
    assert "vocabulary" not in cosy("models", "pull", "cosyvoice-300m").err


def test_pull_of_an_unknown_variant_lists_the_known(cosy):
    ended = cosy("models", "pull", "fun-cosyvoice3-0.5b-2512", "--variant", "sft")
    assert ended.status == 2
    assert "Its variants: rl." in ended.err


def test_pull_from_an_unknown_hub_lists_the_known(cosy):
    ended = cosy("models", "pull", "cosyvoice2-0.5b", "--hub", "hugingface")
    assert ended.status == 2
    assert "Did you mean 'huggingface'" in ended.err


@pytest.fixture
def pulled(cosy):
    """A model folder as a finished pull leaves it, with one small file."""
    folder = model_folder("cosyvoice2-0.5b")
    folder.mkdir(parents=True)
    (folder / "cosyvoice2.yaml").write_bytes(b"rate\n")
    digest = hashlib.sha256(b"rate\n").hexdigest()
    write_manifest(folder, "huggingface:test@abc", (ModelFile("cosyvoice2.yaml", 5, digest),))
    return folder


def test_verify_and_path_of_a_pulled_model(cosy, pulled):
    assert cosy("models", "path", "cosyvoice2-0.5b").out.decode().strip() == str(pulled)
    ended = cosy("models", "verify", "cosyvoice2-0.5b")
    assert ended.status == 0
    assert "as published" in ended.out.decode()


def test_verify_names_the_damaged_file_and_the_remedy(cosy, pulled):
    (pulled / "cosyvoice2.yaml").write_bytes(b"rats\n")
    ended = cosy("models", "verify", "cosyvoice2-0.5b")
    assert ended.status == 4
    assert "cosyvoice2.yaml" in ended.err
    assert "cosy models pull cosyvoice2-0.5b" in ended.err


def test_verify_loads_a_model_without_checksums(cosy):
    ended = cosy("models", "verify", "builtin")
    assert ended.status == 0
    assert "complete" in ended.out.decode()
    assert [synthesizer.options.model for synthesizer in ended.synthesizers] == ["builtin"]


def test_path_says_where_models_are_kept(cosy, tmp_path):
    assert cosy("models", "path").out.decode().strip() == str(tmp_path / "home" / "models")
