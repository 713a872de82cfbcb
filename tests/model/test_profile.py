"""A model's size comes from its YAML as plain data; nothing named there is run."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from cosycli.errors import MissingError
from cosycli.model.profile import (
    COSYVOICE_1,
    COSYVOICE_2,
    COSYVOICE_3,
    ModelProfile,
    RegulatedFlowProfile,
    TransformerFlowProfile,
    read_profile,
)
from tests.model.tiny_model import CONFIG, CONFIG_3
from tests.model.tiny_model_v1 import CONFIG as CONFIG_1


def profile_of(text: str, folder: Path, version: int = 2) -> ModelProfile:
    names = {1: "cosyvoice.yaml", 2: "cosyvoice2.yaml", 3: "cosyvoice3.yaml"}
    (folder / names[version]).write_text(text)
    return read_profile(folder)


def test_tagged_numbers_are_read(tmp_path: Path) -> None:
    profile = profile_of(CONFIG, tmp_path)
    assert profile.flow.encoder_width == 16
    assert profile.flow.speaker_width == 192  # by `!ref <spk_embed_dim>`
    assert profile.vocoder.resblock_dilations == ((1,),)
    assert profile.language_model.top_k == 25


def test_tagged_numbers_of_version_3_are_read(tmp_path: Path) -> None:
    profile = profile_of(CONFIG_3, tmp_path, version=3)
    assert isinstance(profile.flow, TransformerFlowProfile)
    assert (profile.flow.estimator_width, profile.flow.num_blocks, profile.flow.lookahead_width) == (32, 2, 16)
    assert profile.flow.chunk == 25
    assert profile.vocoder.resblock_kernels == (3,)


def test_tagged_numbers_of_version_1_are_read(tmp_path: Path) -> None:
    profile = profile_of(CONFIG_1, tmp_path, version=1)
    assert isinstance(profile.flow, RegulatedFlowProfile)
    assert (profile.flow.token_rate, profile.flow.sample_rate, profile.flow.hop) == (50, 22050, 256)
    assert profile.transformer is not None
    assert (profile.transformer.num_text_ids, profile.transformer.width) == (400, 16)


@pytest.mark.parametrize(("name", "does"), [("CosyVoice-300M-SFT", False), ("cosyvoice-300m-instruct", True)])
def test_of_version_1_the_instructed_model_is_told_by_its_name(tmp_path: Path, name: str, does: bool) -> None:
    folder = tmp_path / name
    folder.mkdir()
    assert profile_of(CONFIG_1, folder, version=1).takes_instructions == does


@pytest.mark.parametrize(
    ("version", "text", "published"),
    [
        (1, "sample_rate: 22050", COSYVOICE_1),
        (2, "sample_rate: 24000", COSYVOICE_2),
        (3, "sample_rate: 24000", COSYVOICE_3),
    ],
)
def test_what_is_not_said_is_as_published(tmp_path: Path, version: int, text: str, published: ModelProfile) -> None:
    assert profile_of(text, tmp_path, version) == published


def test_version_3_hears_up_to_the_nyquist_frequency(tmp_path: Path) -> None:
    mel = profile_of("sample_rate: 24000", tmp_path, version=3).mel
    assert mel.fmax == mel.sample_rate / 2


@pytest.mark.parametrize(
    "text", ["x: !!python/object/apply:os.mkdir [owned]", "llm: !apply:os.mkdir [owned]", "!new:os.mkdir {path: owned}"]
)
def test_code_in_a_config_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.chdir(tmp_path)
    with suppress(MissingError):
        profile_of(text, tmp_path)
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[1, 2", "cannot be read"),
        ("just words", "holds no settings"),
        ("flow: {vocab_size: many}", "num_codes is 'many', not int"),
        ("cosy: {flow: {vocab: 3}}", "unknown values: vocab"),
    ],
)
def test_a_damaged_config_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(MissingError, match=complaint):
        profile_of(text, tmp_path)


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="is not a CosyVoice model"):
        read_profile(tmp_path)
