import hashlib
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cosycli.errors import InputError, MissingError, UsageError
from cosycli.model.hub import HUBS, pull, url_pattern
from cosycli.model.library import (
    ModelFile,
    PublishedModel,
    Source,
    damaged_files,
    find_model,
    find_published,
    is_present,
    language_model_weights,
    model_folder,
    published_models,
    recorded_files,
    with_variant,
)

# What no public list gives a checksum of.
UNPINNED = {
    "cosyvoice-300m": {"cosyvoice.yaml", "flow.pt", "llm.pt"},
    "cosyvoice-300m-sft": {"cosyvoice.yaml"},
    "cosyvoice-300m-instruct": {"cosyvoice.yaml"},
}
CONTENT = {"small.yaml": b"rate: 24000\n", "nested/llm.pt": bytes(range(256)) * 20_000}


class FakeHub(ThreadingHTTPServer):
    """Serves `files`; `cuts` says how many bytes of each of the next answers arrive before the connection breaks."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.files = files
        self.cuts: list[int] = []
        self.can_resume = True
        self.requests: list[tuple[str, str | None]] = []
        self.url = f"http://127.0.0.1:{self.server_port}/{{id}}/resolve/{{revision}}/{{path}}"


class Answer(BaseHTTPRequestHandler):
    server: FakeHub

    def do_GET(self):
        self.server.requests.append((self.path, self.headers["Range"]))
        content = self.server.files.get(self.path.partition("/resolve/abc123/")[2])
        if content is None:
            self.send_error(404)
            return
        start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-")) if self.server.can_resume else 0
        end = start + self.server.cuts.pop(0) if self.server.cuts else len(content)
        self.send_response(206 if self.server.can_resume else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start:end])

    def log_message(self, *_):
        pass


@pytest.fixture
def hub():
    server = FakeHub(dict(CONTENT))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("COSY_HOME", str(tmp_path))


@pytest.fixture
def model():
    files = tuple(ModelFile(path, len(data), hashlib.sha256(data).hexdigest()) for path, data in CONTENT.items())
    return PublishedModel("tiny", 2, "Apache-2.0", ("en",), {"huggingface": Source("owner/tiny", "abc123")}, files)


def fetch(model, hub):
    return pull(model, "huggingface", hub.url, lambda done, total: None)


def contents(folder):
    return {name: (folder / name).read_bytes() for name in CONTENT}


def test_a_model_is_fetched_whole_from_its_revision(model, hub):
    steps = []
    folder = pull(model, "huggingface", hub.url, lambda done, total: steps.append((done, total)))
    assert contents(folder) == CONTENT
    assert is_present("tiny")
    assert [path for path, _ in hub.requests] == [f"/owner/tiny/resolve/abc123/{name}" for name in CONTENT]
    assert steps == sorted(steps)
    assert steps[-1] == (model.size, model.size)
    assert not list(folder.rglob("*.part"))


def test_a_cut_fetch_goes_on_where_it_stopped(model, hub):
    hub.cuts = [12, 2_000_000, 1_500_000]
    assert contents(fetch(model, hub)) == CONTENT
    assert [wanted for path, wanted in hub.requests if path.endswith("llm.pt")] == [
        "bytes=0-",
        "bytes=2000000-",
        "bytes=3500000-",
    ]


def test_a_later_pull_goes_on_from_an_earlier_one(model, hub):
    hub.cuts = [12, 3_000_000, 0, 0]
    with pytest.raises(MissingError, match=r"127\.0\.0\.1 cannot be reached") as error:
        fetch(model, hub)
    assert "goes on where it stopped" in error.value.hint
    assert not is_present("tiny")
    hub.requests.clear()
    assert contents(fetch(model, hub)) == CONTENT
    assert hub.requests == [("/owner/tiny/resolve/abc123/nested/llm.pt", "bytes=3000000-")]


def test_a_hub_that_cannot_resume_starts_the_file_again(model, hub):
    hub.can_resume = False
    hub.cuts = [12, 3_000_000]
    assert contents(fetch(model, hub)) == CONTENT


def test_a_hub_that_never_gets_further_is_given_up(model, hub):
    hub.can_resume = False
    hub.cuts = [12] + [3_000_000] * 50
    with pytest.raises(MissingError, match="cannot be reached"):
        fetch(model, hub)


def test_another_file_under_the_same_name_is_refused(model, hub):
    hub.files["nested/llm.pt"] = CONTENT["nested/llm.pt"][::-1]
    with pytest.raises(MissingError, match="checksum differs"):
        fetch(model, hub)
    assert not is_present("tiny")
    assert not list(model_folder("tiny").rglob("llm.pt*"))


def test_a_missing_file_is_named_with_its_address(model, hub):
    del hub.files["nested/llm.pt"]
    with pytest.raises(MissingError, match=r"llm\.pt answers 404"):
        fetch(model, hub)


def test_offline_says_so(model, hub):
    nobody_listens = "http://127.0.0.1:9/{id}/resolve/{revision}/{path}"
    with pytest.raises(MissingError, match="cannot be reached") as error:
        pull(model, "huggingface", nobody_listens, lambda done, total: None)
    assert "--hub" in error.value.hint


def test_a_full_disk_is_found_out_before_fetching(model, hub, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    with pytest.raises(InputError, match="GB free"):
        fetch(model, hub)
    assert hub.requests == []


def test_a_hub_without_the_model_is_refused(model, hub):
    with pytest.raises(UsageError, match="huggingface"):
        pull(model, "modelscope", hub.url, lambda done, total: None)


def test_a_mirror_takes_the_place_of_its_hub(monkeypatch):
    assert url_pattern("huggingface").startswith("https://huggingface.co/{id}/")
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example/")
    assert url_pattern("huggingface").startswith("https://mirror.example/{id}/")
    with pytest.raises(UsageError, match="modelscope"):
        url_pattern("model-scope")


def test_verify_names_what_is_damaged_and_pull_repairs_it(model, hub):
    folder = fetch(model, hub)
    assert damaged_files(folder, lambda done, total: None) == []
    (folder / "nested/llm.pt").write_bytes(CONTENT["nested/llm.pt"][:-1] + b"?")
    (folder / "small.yaml").unlink()
    assert damaged_files(folder, lambda done, total: None) == ["small.yaml", "nested/llm.pt"]
    assert contents(fetch(model, hub)) == CONTENT
    assert damaged_files(folder, lambda done, total: None) == []


def test_a_folder_without_manifest_cannot_be_verified(tmp_path):
    with pytest.raises(MissingError, match="no manifest"):
        damaged_files(tmp_path, lambda done, total: None)


def test_published_models_are_pinned():
    for model in published_models().values():
        assert set(model.sources) <= set(HUBS)
        assert len(model.sources["huggingface"].revision) == 40
        pinned = [file for file in model.files if file.sha256]
        assert all(len(file.sha256) == 64 and file.size > 0 for file in pinned)
        assert {file.path for file in model.files} - {file.path for file in pinned} <= UNPINNED.get(model.name, set())
        assert model.licence
        assert model.languages


def test_every_published_model_is_known_and_nothing_is_fetched_that_is_not_used():
    assert list(published_models()) == [
        "cosyvoice-300m",
        "cosyvoice-300m-sft",
        "cosyvoice-300m-instruct",
        "cosyvoice2-0.5b",
        "fun-cosyvoice3-0.5b-2512",
    ]
    for model in published_models().values():
        graphs = {file.path for file in model.files if file.path.endswith(".onnx")}
        assert graphs == {"campplus.onnx", f"speech_tokenizer_v{model.version}.onnx"}
        assert not [file.path for file in model.files if ".rl." in file.path or file.path.endswith((".plan", ".zip"))]


def test_a_variant_is_fetched_when_it_is_asked_for_and_kept_afterwards(model, hub):
    hub.files["llm.rl.pt"] = b"other weights"
    rl = ModelFile("llm.rl.pt", 13, hashlib.sha256(b"other weights").hexdigest())
    model = replace(model, variants={"rl": (rl,)})
    assert not (fetch(with_variant(model, None), hub) / "llm.rl.pt").exists()
    folder = fetch(with_variant(model, "rl"), hub)
    assert (folder / "llm.rl.pt").read_bytes() == b"other weights"
    fetch(with_variant(model, None), hub)
    assert [file.path for file in recorded_files(folder)] == [*CONTENT, "llm.rl.pt"]
    with pytest.raises(UsageError, match="no variant 'lr'") as error:
        with_variant(model, "lr")
    assert error.value.hint == "Its variants: rl."


def test_a_file_without_a_pin_is_taken_as_the_hub_has_it_and_checked_from_then_on(model, hub):
    model = replace(model, files=tuple(ModelFile(file.path, None, None) for file in model.files))
    assert model.size is None
    hub.cuts = [12, 12, 2_000_000]
    folder = fetch(model, hub)
    assert contents(folder) == CONTENT
    (folder / "nested/llm.pt").write_bytes(CONTENT["nested/llm.pt"][:-1] + b"?")
    assert damaged_files(folder, lambda done, total: None) == ["nested/llm.pt"]
    assert contents(fetch(model, hub)) == CONTENT


def test_the_weights_of_a_variant_are_found_or_named_with_the_way_to_get_them():
    folder = model_folder("fun-cosyvoice3-0.5b-2512")
    folder.mkdir(parents=True)
    assert language_model_weights(folder, None) == "llm"
    with pytest.raises(UsageError, match="no variant 'rl'") as error:
        language_model_weights(folder, "rl")
    assert "cosy models pull fun-cosyvoice3-0.5b-2512 --variant rl" in error.value.hint
    (folder / "llm.rl.pt").touch()
    assert language_model_weights(folder, "rl") == "llm.rl"


def test_a_model_is_found_by_name_hub_id_or_folder(tmp_path):
    assert find_published("FunAudioLLM/CosyVoice2-0.5B") is not None
    assert find_published("iic/cosyvoice2-0.5b").name == "cosyvoice2-0.5b"
    assert find_model(str(tmp_path)) == tmp_path
    assert find_model("builtin").name == "builtin"


def test_a_model_not_fetched_yet_says_how():
    with pytest.raises(MissingError, match="not on this machine") as error:
        find_model("cosyvoice2-0.5b")
    assert "cosy models pull cosyvoice2-0.5b" in error.value.hint


def test_an_unknown_model_suggests_the_nearest():
    with pytest.raises(MissingError, match="Did you mean 'builtin'"):
        find_model("built-in")
