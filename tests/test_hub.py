import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cosycli.errors import InputError, MissingError, UsageError
from cosycli.hub import HUBS, pull, url_pattern
from cosycli.model_library import (
    ModelFile,
    PublishedModel,
    Source,
    damaged_files,
    find_model,
    find_published,
    is_present,
    model_folder,
    published_models,
)

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
        self.send_response(206 if self.server.can_resume else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        end = start + self.server.cuts.pop(0) if self.server.cuts else len(content)
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
    return PublishedModel("tiny", "Apache-2.0", ("en",), {"huggingface": Source("owner/tiny", "abc123")}, files)


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


def test_verify_names_what_is_damaged_and_pull_mends_it(model, hub):
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
        assert all(len(file.sha256) == 64 and file.size > 0 for file in model.files)
        assert model.licence
        assert model.languages


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
