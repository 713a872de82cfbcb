"""Model directories laid out as published, and some in which files of several models were mixed."""

import json
import shutil

import pytest

from cosycli.errors import MissingError, UsageError
from cosycli.model.loading import BACKBONE, load_model
from tests.model.tiny_model import write_tiny_model


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return {version: write_tiny_model(folder / f"tiny{version}", version) for version in (2, 3)}


@pytest.mark.parametrize("name", ["llm.pt", "flow.pt", "hift.pt"])
@pytest.mark.parametrize(("version", "other"), [(2, 3), (3, 2)])
def test_weights_of_another_version_are_named(originals, tmp_path, version, other, name):
    mixed = tmp_path / "mixed"
    shutil.copytree(originals[version], mixed)
    shutil.copy(originals[other] / name, mixed / name)
    with pytest.raises(MissingError, match=rf"{name} does not fit this model") as error:
        load_model(mixed, "cpu")
    assert error.value.hint


def test_the_configuration_of_another_version_is_found_out(originals, tmp_path):
    mixed = tmp_path / "mixed"
    shutil.copytree(originals[2], mixed)
    shutil.copy(originals[3] / "cosyvoice3.yaml", mixed)
    with pytest.raises(MissingError, match="does not fit this model"):
        load_model(mixed, "cpu")


def test_a_version_without_variants_says_so(originals):
    with pytest.raises(UsageError, match="no variant 'rl'") as error:
        load_model(originals[2], "cpu", variant="rl")
    assert "Variants here: none." in error.value.hint


def test_a_text_vocabulary_with_merges_is_read_as_published(originals, tmp_path):
    published = tmp_path / "published"
    shutil.copytree(originals[2], published)
    vocabulary = json.loads((published / BACKBONE / "vocab.json").read_text(encoding="utf-8"))
    merged = {"ol": vocabulary.pop("\u0100"), "old": vocabulary.pop("\u0101")}  # bytes 0 and 1, which no text has
    (published / BACKBONE / "vocab.json").write_text(json.dumps(vocabulary | merged), encoding="utf-8")
    (published / BACKBONE / "merges.txt").write_text("#version: 0.2\no l\nol d\n", encoding="utf-8")
    tokenizers = [load_model(folder, "cpu").text_tokenizer for folder in (originals[2], published)]
    assert tokenizers[1].encode("gold [laughter]") == [
        *tokenizers[0].encode("g"),
        merged["old"],
        *tokenizers[0].encode(" [laughter]"),
    ]
