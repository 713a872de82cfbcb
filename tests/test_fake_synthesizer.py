"""The fake synthesizer does what the real one does: what is tested with it holds for both."""

import ast
import inspect
from dataclasses import fields
from pathlib import Path

import pytest
from fake_synthesizer import (
    FakeLatency,
    FakeSpeech,
    FakeStream,
    FakeSynthesizer,
    FakeTake,
    FakeTimings,
    SynthesizerProtocol,
    install,
)

import cosycli
from cosycli.engine.streaming import Latency
from cosycli.engine.synthesizer import Speech, StageTimings, Synthesizer
from cosycli.engine.utterance import Take

MEMBERS = sorted(name for name in vars(SynthesizerProtocol) if not name.startswith("_"))
USERS = [path for room in ("cli", "jobs") for path in sorted((Path(cosycli.__file__).parent / room).glob("*.py"))]


def shape(member):
    """Names, kinds and defaults of the parameters of a method; None of a property."""
    if not callable(member):
        return None
    return [(each.name, each.kind, each.default) for each in inspect.signature(member).parameters.values()]


@pytest.mark.parametrize("name", MEMBERS)
@pytest.mark.parametrize("kind", [Synthesizer, FakeSynthesizer])
def test_both_have_what_the_protocol_names(kind, name):
    declared = getattr(SynthesizerProtocol, name)
    if callable(declared):
        assert shape(getattr(kind, name)) == shape(declared)
    else:
        assert hasattr(kind, name) or name in {field.name for field in fields(kind)}


@pytest.mark.parametrize(("fake", "real"), [(FakeTake, Take), (FakeSpeech, Speech), (FakeTimings, StageTimings)])
def test_their_results_have_the_same_fields(fake, real):
    assert [field.name for field in fields(fake)] == [field.name for field in fields(real)]


def test_their_latencies_say_the_same():
    assert {field.name for field in fields(FakeLatency)} == {field.name for field in fields(Latency)} | {"total_s"}


def test_a_stream_has_what_commands_ask_of_it():
    stream = FakeStream((), FakeSynthesizer().render)
    assert (list(stream), stream.failed, stream.latency is not None) == ([], [], True)


def test_they_are_loaded_alike(monkeypatch):
    real = shape(inspect.unwrap(cosycli.load))
    install(monkeypatch.setattr)
    fake = shape(cosycli.load)
    assert fake[:-1] == real[: len(fake) - 1]
    assert fake[-1][1] is inspect.Parameter.VAR_KEYWORD


@pytest.mark.parametrize("path", USERS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_commands_and_jobs_ask_for_nothing_else(path):
    used = {
        node.attr
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and ast.unparse(node.value) in ("synthesizer", "self._synthesizer", "self._synthesizer()", "cosycli.load()")
    }
    assert used <= set(MEMBERS)
