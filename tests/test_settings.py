import pytest

from cosycli.errors import UsageError
from cosycli.settings import MASKS, RenderOptions, bytes_of, megabytes, read_settings
from cosycli.sound.recording import MAX_REFERENCE_S, MIN_REFERENCE_S


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("COSY_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def test_without_files_the_defaults_hold(tmp_path):
    assert read_settings(tmp_path) == RenderOptions()


def test_the_folder_s_file_goes_over_the_user_s(tmp_path, home):
    (home / "cosy.yaml").write_text("voice: bella\nspeed: 2\n")
    (tmp_path / "cosy.yaml").write_text("voice: heart\n")
    settings = read_settings(tmp_path)
    assert (settings.voice, settings.speed) == ("heart", 2.0)


def test_flags_go_over_files_and_zero_is_a_value():
    assert RenderOptions(seed=5, voice="heart").override(seed=0, voice=None) == RenderOptions(seed=0, voice="heart")


def test_an_empty_file_sets_nothing(tmp_path):
    (tmp_path / "cosy.yaml").write_text("# nothing yet\n")
    assert read_settings(tmp_path) == RenderOptions()


@pytest.mark.parametrize(
    "text", ["speed: 0.1", "speed: true", "seed: 1.5", "mask: everything", "voice: 3", "vioce: heart", "prompt: 31"]
)
def test_a_setting_that_means_nothing_is_refused(tmp_path, text):
    (tmp_path / "cosy.yaml").write_text(text)
    with pytest.raises(UsageError) as error:
        read_settings(tmp_path)
    assert error.value.hint


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mask: everything", "`mask: everything` is not valid. There is no mask 'everything'."),
        ("device: tpu", "`device: tpu` is not valid. There is no device 'tpu'."),
        ("format: m4b", "`format: m4b` is not valid. There is no format 'm4b'."),
        ("speed: 9", "`speed: 9` is not valid. Speed 9 is out of range."),
    ],
)
def test_the_file_and_the_key_of_a_bad_setting_are_named(tmp_path, text, said):
    (tmp_path / "cosy.yaml").write_text(text)
    with pytest.raises(UsageError) as error:
        read_settings(tmp_path)
    assert error.value.what == f"{tmp_path / 'cosy.yaml'}: {said}"


def test_a_prompt_may_be_as_long_as_a_clip():
    for seconds in (MIN_REFERENCE_S, MAX_REFERENCE_S):
        assert RenderOptions(prompt=seconds).prompt == seconds


def test_masks_are_those_of_the_flow():
    from cosycli.model.masks import FlowMask

    assert set(MASKS) == {mask.value for mask in FlowMask}


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4GB", 4_000_000_000),
        ("500MB", 500_000_000),
        ("1.5GiB", 1536 * 1024 * 1024),
        ("2 gb", 2_000_000_000),
        ("64kib", 65536),
        ("1TB", 10**12),
    ],
)
def test_an_amount_is_read(text: str, size: int) -> None:
    assert bytes_of(text) == size


@pytest.mark.parametrize("text", ["", "4", "GB", "four GB", "-1GB", "0GB", "4GBs", "1e9GB", "9" * 400 + "GB"])
def test_what_is_no_amount_is_refused_with_some_that_are(text: str) -> None:
    with pytest.raises(UsageError, match="such as 4GB, 500MB"):
        bytes_of(text)


def test_megabytes_are_enough_to_hold_what_they_name() -> None:
    assert megabytes(1_000_001) == "2MB"
    assert bytes_of(megabytes(123_456_789)) >= 123_456_789
