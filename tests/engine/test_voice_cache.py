"""Under the chunk masks a voice's clip is gone through once, and every segment sounds as if it were each time."""

import numpy as np
import pytest
import torch

from cosycli.engine.memory import Memory, OutOfMemoryError
from cosycli.engine.model_runner import ModelRunner
from cosycli.engine.token2wav import Token2Wav, Token2WavRequest
from cosycli.engine.voice_cache import VoiceCache
from cosycli.engine.voice_prompt import VoicePrompt
from cosycli.model.flow import EMPTY_CACHE
from cosycli.model.loading import Model, load_model
from cosycli.model.masks import FlowMask
from tests.model.tiny_model import write_tiny_model

CHUNKED = (FlowMask.CAUSAL, FlowMask.CHUNK, FlowMask.DOUBLE_CHUNK)


@pytest.fixture(scope="module", params=[2, 3])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Model:
    loaded = load_model(write_tiny_model(tmp_path_factory.mktemp("models") / "model", request.param), "cpu")
    with torch.no_grad():
        loaded.vocoder.conv_post.bias += 1  # untrained, it is nearly silent
    return loaded


def random_voice(model: Model, seconds: float, seed: int = 0) -> VoicePrompt:
    flow, draw = model.profile.flow, torch.Generator().manual_seed(seed)
    tokens = torch.randint(flow.num_codes, (round(seconds * flow.token_rate),), generator=draw)
    mel = torch.randn(flow.num_mels, flow.num_frames(len(tokens)), generator=draw) - 3
    return VoicePrompt(None, "", tokens, mel, torch.randn(flow.speaker_width, generator=draw))


def requests_of(model: Model, *voices: VoicePrompt) -> list[Token2WavRequest]:
    draw = np.random.default_rng(0)
    codes = model.profile.flow.num_codes
    return [
        Token2WavRequest(draw.integers(codes, size=size).tolist(), voice, size)
        for voice in voices
        for size in (30, 61, 33)
    ]


def runner_of(model: Model) -> ModelRunner:
    return ModelRunner(model, Memory(model))


def afresh(runner: ModelRunner, requests: list[Token2WavRequest], mask: FlowMask) -> list[np.ndarray]:
    """The same sound with every clip gone through for each segment."""
    mels = [runner.mels([each.prompt], [each.tokens], [each.seed], mask, EMPTY_CACHE)[0] for each in requests]
    return [runner.waves([mel], [each.seed])[0] for mel, each in zip(mels, requests, strict=True)]


@pytest.mark.parametrize("mask", CHUNKED)
def test_a_segment_sounds_as_if_its_clip_were_gone_through(model, mask):
    runner, voice = runner_of(model), random_voice(model, 5)
    said, voices = requests_of(model, voice), VoiceCache(runner)
    assert voices.flow_cache(voice, mask).num_frames >= 200
    for wave, expected in zip(Token2Wav(runner, voices)(said, mask), afresh(runner, said, mask), strict=True):
        assert np.abs(expected).max() > 0.05
        np.testing.assert_allclose(wave, expected, atol=1e-4)


def test_segments_of_several_voices_are_sounded_together(model, monkeypatch):
    monkeypatch.setattr("cosycli.engine.token2wav.CPU_FRAMES", 2000)
    runner = runner_of(model)
    said = requests_of(model, random_voice(model, 3), random_voice(model, 4, seed=1), random_voice(model, 0))
    together = Token2Wav(runner, VoiceCache(runner))(said, FlowMask.CHUNK)
    for wave, expected in zip(together, afresh(runner, said, FlowMask.CHUNK), strict=True):
        np.testing.assert_allclose(wave, expected, atol=1e-3)


@pytest.mark.parametrize(("seconds", "mask"), [(5, FlowMask.FULL), (1, FlowMask.CHUNK), (0, FlowMask.CAUSAL)])
def test_nothing_is_kept_of_what_could_change(model, seconds, mask):
    """Under the full mask all of a clip, under the others its last chunk, which hears what follows."""
    assert VoiceCache(runner_of(model)).flow_cache(random_voice(model, seconds), mask).num_frames == 0


def test_as_much_is_kept_as_there_is_memory_for(model):
    runner, voice = runner_of(model), random_voice(model, 5)
    whole = VoiceCache(runner).flow_cache(voice, FlowMask.CHUNK)
    frame_bytes = runner.memory.use.cached_frame
    assert whole.num_bytes == pytest.approx(whole.num_frames * frame_bytes, rel=0.1)
    for num_frames, kept in ((130, 100), (49, 0), (0, 0)):
        runner.memory.prompt_cache_bytes = num_frames * frame_bytes
        assert VoiceCache(runner).flow_cache(voice, FlowMask.CHUNK).num_frames == kept


def test_voices_are_kept_as_they_come_while_there_is_memory(model):
    runner = runner_of(model)
    runner.memory.prompt_cache_bytes = 260 * runner.memory.use.cached_frame
    ada, ben, cleo = (random_voice(model, 5, seed) for seed in range(3))
    voices = VoiceCache(runner)
    kept = [voices.flow_cache(voice, FlowMask.CHUNK).num_frames for voice in (ada, ben, cleo, ada)]
    assert kept[0] == kept[3] >= 200
    assert sum(kept[:3]) <= 260
    assert kept[2] == 0


def test_a_voice_that_memory_runs_out_for_is_gone_through_every_time(model, monkeypatch):
    def run_out(*_):
        raise OutOfMemoryError

    runner = runner_of(model)
    monkeypatch.setattr(runner, "extend_mel", run_out)
    assert VoiceCache(runner).flow_cache(random_voice(model, 5), FlowMask.CHUNK).num_frames == 0
