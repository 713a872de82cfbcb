"""Under the chunk masks a voice's clip is gone through once, and every segment sounds as if it were each time."""

import numpy as np
import pytest
import torch

from cosycli.engine import sounding
from cosycli.engine.memory_budget import OutOfMemoryError
from cosycli.engine.prompt_pasts import PromptPasts
from cosycli.engine.sounding import Saying, sound
from cosycli.engine.stages import Stages
from cosycli.engine.voice_prompt import VoicePrompt
from cosycli.model.flow import NO_PAST, FlowPast
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


def sayings_of(model: Model, *voices: VoicePrompt) -> list[Saying]:
    draw = np.random.default_rng(0)
    codes = model.profile.flow.num_codes
    return [Saying(draw.integers(codes, size=size).tolist(), voice, size) for voice in voices for size in (30, 61, 33)]


def afresh(stages: Stages, sayings: list[Saying], mask: FlowMask) -> list[np.ndarray]:
    """The same sound with every clip gone through for each segment."""
    mels = [stages.mels([each.prompt], [each.tokens], [each.seed], mask, NO_PAST)[0] for each in sayings]
    return [stages.waves([mel], [each.seed])[0] for mel, each in zip(mels, sayings, strict=True)]


@pytest.mark.parametrize("mask", CHUNKED)
def test_a_segment_sounds_as_if_its_clip_were_gone_through(model, mask):
    stages, voice = Stages(model), random_voice(model, 5)
    said = sayings_of(model, voice)
    assert stages.past(voice, mask).num_frames >= 200
    for wave, expected in zip(sound(stages, said, mask), afresh(stages, said, mask), strict=True):
        assert np.abs(expected).max() > 0.05
        np.testing.assert_allclose(wave, expected, atol=1e-4)


def test_segments_of_several_voices_are_sounded_together(model, monkeypatch):
    monkeypatch.setattr(sounding, "CPU_FRAMES", 2000)
    stages = Stages(model)
    said = sayings_of(model, random_voice(model, 3), random_voice(model, 4, seed=1), random_voice(model, 0))
    for wave, expected in zip(sound(stages, said, FlowMask.CHUNK), afresh(stages, said, FlowMask.CHUNK), strict=True):
        np.testing.assert_allclose(wave, expected, atol=1e-3)


@pytest.mark.parametrize(("seconds", "mask"), [(5, FlowMask.FULL), (1, FlowMask.CHUNK), (0, FlowMask.CAUSAL)])
def test_nothing_is_kept_of_what_could_change(model, seconds, mask):
    """Under the full mask all of a clip, under the others its last chunk, which hears what follows."""
    assert Stages(model).past(random_voice(model, seconds), mask).num_frames == 0


def test_as_much_is_kept_as_there_is_memory_for(model):
    stages, voice = Stages(model), random_voice(model, 5)
    whole = stages.past(voice, FlowMask.CHUNK)
    frame_bytes = stages.memory.use.past_frame
    assert whole.num_bytes == pytest.approx(whole.num_frames * frame_bytes, rel=0.1)
    for num_frames, kept in ((130, 100), (49, 0), (0, 0)):
        pasts = PromptPasts(num_frames * frame_bytes, frame_bytes, stages._make_past)
        assert pasts.of(voice, FlowMask.CHUNK).num_frames == kept


def silent_voice() -> VoicePrompt:
    return VoicePrompt(None, "", *[torch.zeros(0)] * 3)


def test_voices_are_kept_as_they_come_while_there_is_memory():
    budget_for = []

    def make(voice: VoicePrompt, mask: FlowMask, max_frames: int) -> FlowPast:
        budget_for.append(max_frames)
        return FlowPast(50, ((torch.zeros(100),),)) if max_frames >= 50 else NO_PAST

    ada, ben, cleo = silent_voice(), silent_voice(), silent_voice()
    pasts = PromptPasts(num_bytes=900, frame_bytes=8, make=make)
    kept = [pasts.of(voice, FlowMask.CHUNK).num_frames for voice in (ada, ben, ada, cleo, ben)]
    assert kept == [50, 50, 50, 0, 50]
    assert budget_for == [112, 62, 12]


def test_a_voice_that_memory_runs_out_for_is_gone_through_every_time():
    def make(voice: VoicePrompt, mask: FlowMask, max_frames: int) -> FlowPast:
        raise OutOfMemoryError

    pasts = PromptPasts(num_bytes=800, frame_bytes=8, make=make)
    assert pasts.of(silent_voice(), FlowMask.CHUNK).num_frames == 0
