"""The names and signatures that programs may rely on."""

import inspect
import subprocess
import sys
from dataclasses import fields

import numpy as np
import pytest

import cosycli
from cosycli.errors import UsageError
from cosycli.option import default_of
from cosycli.settings import OPTIONS, RenderOptions


def test_the_package_offers_these_names_and_no_others():
    assert sorted(cosycli.__all__) == ["Speech", "Synthesizer", "__version__", "load", "make_book"]
    for name in cosycli.__all__:
        assert getattr(cosycli, name)


def test_importing_it_loads_nothing_heavy():
    code = "import cosycli, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "transformers", "numpy", "pydub", "ebooklib", "tqdm"} & set(done.stdout.split())


def test_load():
    parameters = inspect.signature(cosycli.load).parameters
    assert list(parameters)[:4] == ["model", "device", "dtype", "variant"]
    defaults = {name: parameters[name].default for name in parameters}
    assert defaults == {name: default_of(RenderOptions, name) for name, option in OPTIONS.items() if option.loads}
    assert (
        defaults.items() >= {"model": "builtin", "verify": False, "retakes": 2, "memory": None, "prompt": 6.0}.items()
    )


def test_an_option_that_does_not_exist_is_refused():
    with pytest.raises(UsageError, match=r"no option 'retake'[^?]*Did you mean 'retakes'"):
        cosycli.load(retake=3)
    with pytest.raises(UsageError, match="retakes is '3'"):
        cosycli.load(retakes="3")


def test_none_is_an_option_that_was_not_given(monkeypatch):
    monkeypatch.setattr("cosycli.model.loading.load_model", lambda *_: "model")
    monkeypatch.setattr("cosycli.engine.synthesizer.Synthesizer", lambda *loaded, **options: (loaded, options))
    loaded, options = cosycli.load(**RenderOptions(retakes=3).loading)
    assert loaded == ("model",)
    assert options == {"prompt": 6.0, "verify": False, "retakes": 3, "memory": None}


def test_make_book():
    parameters = inspect.signature(cosycli.make_book).parameters
    assert list(parameters)[:2] == ["source", "target"]
    assert {"work", "redo", "voice", "chapters", "dialogue_voice", "subtitles", "read_along"} <= set(parameters)
    assert "out" not in parameters


def test_speak():
    parameters = inspect.signature(cosycli.Synthesizer.speak).parameters
    defaults = {name: value.default for name, value in parameters.items() if name not in ("self", "text")}
    assert defaults == {"voice": None, "style": None, "speed": 1.0, "seed": 0, "mask": "full"}


def test_speech():
    names = [field.name for field in fields(cosycli.Speech)]
    assert names[:2] == ["samples", "sample_rate"]
    assert "timings" in names


def test_speech_can_be_edited_as_an_audio_segment():
    tone = np.full(12_000, 0.25, np.float32)
    segment = cosycli.Speech(tone, 24_000).audio_segment()
    assert (segment.duration_seconds, segment.frame_rate, segment.channels) == (0.5, 24_000, 1)
    assert (segment[:100] + segment.reverse()).duration_seconds == 0.6
