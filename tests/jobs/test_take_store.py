"""Takes are kept under what shaped their sound, whole or not at all."""

import errno
import os
from dataclasses import asdict, replace

import numpy as np
import pytest

from cosycli.engine.utterance import Take, TakeFacts, VoiceSettings, utterances_of
from cosycli.errors import InputError
from cosycli.jobs.take_store import KEY_FORMAT, Conditions, TakeStore, take_key
from cosycli.option import default_of
from cosycli.script import read_script
from cosycli.settings import OPTIONS, RenderOptions

FACTS = TakeFacts(tokens=(1, 22, 333), seed=2**62 + 1, failures=("pace",), num_draws=3, error_rate=0.25)
TAKE = Take(samples=np.linspace(-0.9, 0.9, 2400, dtype=np.float32), sample_rate=24_000, **asdict(FACTS))
OTHER_SETTINGS = [
    RenderOptions(mask="chunk"),
    RenderOptions(dtype="bfloat16"),
    RenderOptions(verify=True),
    RenderOptions(prompt=3.0),
    RenderOptions(retakes=3),
]
CONDITIONS = Conditions("model", {"heart": "voice"})


def utterance(text="Good evening.", **voice_settings):
    return utterances_of(read_script(text).segments, VoiceSettings(**voice_settings))[0]


def test_a_take_comes_back_with_what_it_was_made_from(tmp_path):
    store = TakeStore(tmp_path / "takes")
    store.put("ab12", TAKE)
    take = store.get("ab12")
    np.testing.assert_allclose(take.samples, TAKE.samples, atol=1 / 32768)
    assert (take.sample_rate, store.facts("ab12")) == (24_000, FACTS)
    assert {name: getattr(take, name) for name in asdict(FACTS)} == asdict(FACTS)
    assert "ab12" in store
    assert "cd34" not in store


def test_equal_takes_make_equal_files(tmp_path):
    for name in ("one", "two"):
        TakeStore(tmp_path / name).put("ab12", TAKE)
    first, second = (TakeStore(tmp_path / name).path("ab12").read_bytes() for name in ("one", "two"))
    assert first == second


def test_everything_that_shapes_the_sound_is_in_the_key():
    others = [
        take_key(utterance("Good morning."), CONDITIONS),
        take_key(utterance(instruction="Sadly."), CONDITIONS),
        take_key(utterance(speed=1.1), CONDITIONS),
        take_key(utterance(seed=1), CONDITIONS),
        take_key(utterance().another_take("redo", "1"), CONDITIONS),
        take_key(utterance(), replace(CONDITIONS, model="another")),
        take_key(utterance(), replace(CONDITIONS, voices={"heart": "another"})),
        *(take_key(utterance(), replace(CONDITIONS, options=settings.keyed)) for settings in OTHER_SETTINGS),
    ]
    assert len({take_key(utterance(), CONDITIONS), *others}) == 8 + len(OTHER_SETTINGS)


def test_only_what_shapes_the_sound_is_in_the_key():
    assert RenderOptions(device="cpu", memory="4GB", format="mp3").keyed == {}


def test_keys_leave_out_defaults_so_one_that_changes_asks_for_another_key_format():
    defaults = {"mask": "full", "prompt": 6.0, "verify": False, "dtype": None, "retakes": 2}
    assert KEY_FORMAT == "2"
    assert {name: default_of(RenderOptions, name) for name in defaults} == defaults
    assert all(OPTIONS[name].in_key for name in defaults)


def test_the_pause_and_the_place_are_not_in_the_key():
    first, second = utterances_of(read_script("One.\n\nTwo.").segments, VoiceSettings())
    assert take_key(second, CONDITIONS) == take_key(utterance("Two."), CONDITIONS)
    assert take_key(first, CONDITIONS) == take_key(utterance("One."), CONDITIONS)


def test_a_damaged_take_is_named(tmp_path):
    store = TakeStore(tmp_path)
    store.put("ab12", TAKE)
    store.path("ab12").write_bytes(b"fLaC and nothing else")
    with pytest.raises(InputError, match=r"ab12\.flac is damaged"):
        store.get("ab12")


def test_a_full_disk_leaves_nothing_half_written(tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    store = TakeStore(tmp_path)
    with pytest.raises(InputError, match="No space left"):
        store.put("ab12", TAKE)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
