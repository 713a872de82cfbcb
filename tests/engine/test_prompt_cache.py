"""Under the chunk masks a voice's clip is gone through once, and every segment sounds as if it were each time."""

import numpy as np
import pytest
import torch

from cosycli.engine.memory_budget import OutOfMemoryError
from cosycli.engine.prompt_cache import PromptCache
from cosycli.engine.stages import Stages
from cosycli.engine.token2wav import Token2WavRequest, token2wav
from cosycli.engine.voice_prompt import VoicePrompt
from cosycli.model.flow import EMPTY_CACHE, FlowCache
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


def afresh(stages: Stages, requests: list[Token2WavRequest], mask: FlowMask) -> list[np.ndarray]:
    """The same sound with every clip gone through for each segment."""
    mels = [stages.mels([each.prompt], [each.tokens], [each.seed], mask, EMPTY_CACHE)[0] for each in requests]
    return [stages.waves([mel], [each.seed])[0] for mel, each in zip(mels, requests, strict=True)]


@pytest.mark.parametrize("mask", CHUNKED)
def test_a_segment_sounds_as_if_its_clip_were_gone_through(model, mask):
    stages, voice = Stages(model), random_voice(model, 5)
    said = requests_of(model, voice)
    assert stages.prompt_cache(voice, mask).num_frames >= 200
    for wave, expected in zip(token2wav(stages, said, mask), afresh(stages, said, mask), strict=True):
        assert np.abs(expected).max() > 0.05
        np.testing.assert_allclose(wave, expected, atol=1e-4)


def test_segments_of_several_voices_are_sounded_together(model, monkeypatch):
    monkeypatch.setattr("cosycli.engine.token2wav.CPU_FRAMES", 2000)
    stages = Stages(model)
    said = requests_of(model, random_voice(model, 3), random_voice(model, 4, seed=1), random_voice(model, 0))
    for wave, expected in zip(
        token2wav(stages, said, FlowMask.CHUNK), afresh(stages, said, FlowMask.CHUNK), strict=True
    ):
        np.testing.assert_allclose(wave, expected, atol=1e-3)


@pytest.mark.parametrize(("seconds", "mask"), [(5, FlowMask.FULL), (1, FlowMask.CHUNK), (0, FlowMask.CAUSAL)])
def test_nothing_is_kept_of_what_could_change(model, seconds, mask):
    """Under the full mask all of a clip, under the others its last chunk, which hears what follows."""
    assert Stages(model).past(random_voice(model, seconds), mask).num_frames == 0


def test_as_much_is_kept_as_there_is_memory_for(model):
    stages, voice = Stages(model), random_voice(model, 5)
    whole = stages.prompt_cache(voice, FlowMask.CHUNK)
    frame_bytes = stages.memory.use.cached_frame
    assert whole.num_bytes == pytest.approx(whole.num_frames * frame_bytes, rel=0.1)
    for num_frames, kept in ((130, 100), (49, 0), (0, 0)):
        cache = PromptCache(num_frames * frame_bytes, frame_bytes, stages._compute_prompt)
        assert cache.of(voice, FlowMask.CHUNK).num_frames == kept


def silent_voice() -> VoicePrompt:
    return VoicePrompt(None, "", *[torch.zeros(0)] * 3)


def test_voices_are_kept_as_they_come_while_there_is_memory():
    budget_for = []

    def make(voice: VoicePrompt, mask: FlowMask, max_frames: int) -> FlowCache:
        budget_for.append(max_frames)
        return FlowCache(50, ((torch.zeros(100),),)) if max_frames >= 50 else EMPTY_CACHE

    ada, ben, cleo = silent_voice(), silent_voice(), silent_voice()
    cache = PromptCache(num_bytes=900, frame_bytes=8, make=make)
    kept = [cache.of(voice, FlowMask.CHUNK).num_frames for voice in (ada, ben, ada, cleo, ben)]
    assert kept == [50, 50, 50, 0, 50]
    assert budget_for == [112, 62, 12]


def test_a_voice_that_memory_runs_out_for_is_gone_through_every_time():
    def make(voice: VoicePrompt, mask: FlowMask, max_frames: int) -> FlowCache:
        raise OutOfMemoryError

    cache = PromptCache(num_bytes=800, frame_bytes=8, make=make)
    assert cache.of(silent_voice(), FlowMask.CHUNK).num_frames == 0
