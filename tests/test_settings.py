import pytest

from cosycli.errors import UsageError
from cosycli.recording import MAX_REFERENCE_S, MIN_REFERENCE_S
from cosycli.settings import MASKS, RenderOptions, read_settings


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("COSY_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def test_without_files_the_defaults_hold(tmp_path):
    assert read_settings(tmp_path) == RenderOptions()


def test_the_folder_s_file_goes_over_the_user_s(tmp_path, home):
    (home / "cosy.yaml").write_text("voice: awb\nspeed: 2\n")
    (tmp_path / "cosy.yaml").write_text("voice: rms\n")
    settings = read_settings(tmp_path)
    assert (settings.voice, settings.speed) == ("rms", 2.0)


def test_flags_go_over_files_and_zero_is_a_value():
    assert RenderOptions(seed=5, voice="rms").override(seed=0, voice=None) == RenderOptions(seed=0, voice="rms")


def test_an_empty_file_sets_nothing(tmp_path):
    (tmp_path / "cosy.yaml").write_text("# nothing yet\n")
    assert read_settings(tmp_path) == RenderOptions()


@pytest.mark.parametrize(
    "text", ["speed: 0.1", "speed: true", "seed: 1.5", "mask: everything", "voice: 3", "vioce: rms", "prompt: 31"]
)
def test_a_setting_that_means_nothing_is_refused(tmp_path, text):
    (tmp_path / "cosy.yaml").write_text(text)
    with pytest.raises(UsageError) as error:
        read_settings(tmp_path)
    assert error.value.hint


def test_a_prompt_may_be_as_long_as_a_clip():
    for seconds in (MIN_REFERENCE_S, MAX_REFERENCE_S):
        assert RenderOptions(prompt=seconds).prompt == seconds


def test_masks_are_those_of_the_flow():
    from cosycli.model.masks import FlowMask

    assert set(MASKS) == {mask.value for mask in FlowMask}
