"""A run that was cut short is gone on with as if it had not been."""

import json

import pytest

from cosycli.errors import InputError
from cosycli.jobs.run_folder import Manifest, RunFolder, plan_batches

BATCH = 32


def keys(count, prefix="a"):
    return [f"{prefix}{number:03d}" for number in range(count)]


def nothing(key):
    return False


def test_a_first_run_takes_the_segments_in_order():
    batches = plan_batches(keys(2 * BATCH + 5), [], nothing, BATCH)
    assert [len(batch) for batch in batches] == [BATCH, BATCH, 5]
    assert [key for batch in batches for key in batch] == keys(2 * BATCH + 5)


def test_nothing_is_left_to_do_when_all_is_kept():
    assert plan_batches(keys(40), plan_batches(keys(40), [], nothing, BATCH), lambda key: True, BATCH) == []


def test_a_batch_that_was_cut_short_is_rendered_as_a_whole():
    batches = plan_batches(keys(2 * BATCH), [], nothing, BATCH)
    kept = set(batches[0]) | set(batches[1][:3])
    assert plan_batches(keys(2 * BATCH), batches, kept.__contains__, BATCH) == [batches[1]]


def test_an_inserted_paragraph_is_all_that_is_rendered():
    batches = plan_batches(keys(50), [], nothing, BATCH)
    longer = [*keys(10), "new", *keys(50)[10:]]
    assert plan_batches(longer, batches, set(keys(50)).__contains__, BATCH) == [("new",)]


def test_what_an_edit_took_out_of_a_cut_batch_is_not_rendered():
    batches = plan_batches(keys(BATCH), [], nothing, BATCH)
    shorter = keys(BATCH)[1:]
    assert plan_batches(shorter, batches, {shorter[0]}.__contains__, BATCH) == [tuple(shorter[1:])]


def test_a_second_run_in_the_same_folder_is_refused(tmp_path):
    first, second = RunFolder(tmp_path / "run"), RunFolder(tmp_path / "run")
    with first.locked(), pytest.raises(InputError, match="Another run"), second.locked():
        pass
    with second.locked():
        pass


def test_the_manifest_comes_back_as_it_was_written(tmp_path):
    folder = RunFolder(tmp_path)
    manifest = Manifest("novel.epub", {"voice": "heart"}, (("a", "b"), ("c",)), {"123": 2})
    folder.write_manifest(manifest)
    assert folder.read_manifest() == manifest


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 99}', '{"format": 2, "batches": 3}'])
def test_a_manifest_that_cannot_be_read_counts_as_none(tmp_path, text):
    folder = RunFolder(tmp_path)
    folder.manifest_path.write_text(text)
    assert folder.read_manifest() == Manifest()


def test_the_manifest_is_plain_json(tmp_path):
    folder = RunFolder(tmp_path)
    folder.write_manifest(Manifest("Wörter.md"))
    assert json.loads(folder.manifest_path.read_text(encoding="utf-8"))["source"] == "Wörter.md"
