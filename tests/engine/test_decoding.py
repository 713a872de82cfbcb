"""Batched decoding: who shares the batch changes nothing, and the limits of length are kept."""

import gc
from copy import deepcopy
from weakref import WeakSet

import pytest
import torch

from cosycli.engine.decoding import Decoder, DecodingSequence, Scheduler, SequenceStatus, decode, without_long_silence
from cosycli.engine.sampler import NO_TOKEN, sample, uniform_numbers
from cosycli.model.language_model import LanguageModel, whole_text_layout
from cosycli.model.plain_qwen2 import PlainLanguageModel
from cosycli.model.profile import COSYVOICE_2, COSYVOICE_3, LanguageModelProfile
from cosycli.model.qwen2 import BackboneConfig
from cosycli.model.speech_decoder import Request
from tests.engine.tape import Recorder

PROFILE = LanguageModelProfile(num_codes=30, min_speech_per_text=2, max_speech_per_text=9)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(1)
    sizes = {"vocab_size": 50, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2}
    model = LanguageModel(PROFILE, BackboneConfig(**sizes, num_attention_heads=2, num_key_value_heads=1)).eval()
    with torch.no_grad():
        model.llm_decoder.weight.mul_(8)  # untrained scores are too even for one id to stand out
    return model


@pytest.fixture(scope="module")
def requests():
    """Texts of 1 to 12 tokens, some with a prompt."""
    draw = torch.Generator().manual_seed(5)

    def ids(count, top):
        return tuple(torch.randint(0, top, (count,), generator=draw).tolist())

    return [Request(ids(1 + 5 * seed % 12, 50), ids(seed % 3, 50), ids(4 * (seed % 3), 30), seed) for seed in range(14)]


def decode_plainly(model, request):
    """One request, everything recomputed for every token."""
    tokens, uniform = [], uniform_numbers(request.seed, 500)
    while len(tokens) < PROFILE.max_speech_per_text * len(request.text):
        speech = request.prompt_speech + tuple(tokens)
        layout = whole_text_layout(request.prompt_text + request.text, speech, PROFILE)
        with torch.inference_mode():
            scores = model(torch.tensor([layout.tables]), torch.tensor([layout.ids]))[:, -1]
        log_probs = scores.log_softmax(dim=1)
        if len(tokens) < PROFILE.min_speech_per_text * len(request.text):
            log_probs[0, PROFILE.end_of_speech] = float("-inf")
        if not tokens:
            log_probs[0, PROFILE.end_of_speech :] = float("-inf")
        history = torch.tensor([([NO_TOKEN] * 10 + tokens)[-10:]])
        token = int(sample(log_probs, history, uniform[len(tokens)][None], PROFILE))
        if token >= PROFILE.num_codes:
            return tuple(tokens), True
        tokens.append(token)
    return tuple(tokens), False


def test_agrees_with_decoding_one_by_one_without_a_cache(model, requests):
    for request, spoken in zip(requests, decode(model, requests, batch_size=4), strict=True):
        assert (spoken.tokens, spoken.ended) == decode_plainly(model, request)


@pytest.mark.parametrize("batch_size", [1, 4])
def test_agrees_with_the_qwen2_of_transformers(model, requests, batch_size):
    assert decode(PlainLanguageModel(model), requests, batch_size) == decode(model, requests, batch_size)


@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_the_batch_size_changes_nothing(model, requests, batch_size):
    assert decode(model, requests, batch_size) == decode(model, requests, batch_size=5)


def test_the_order_changes_nothing(model, requests):
    assert decode(model, requests[::-1], batch_size=4) == decode(model, requests, batch_size=4)[::-1]


@torch.inference_mode()
def test_sequences_wait_for_a_row_run_and_finish(model, requests):
    sequences = [DecodingSequence(request) for request in requests]
    scheduler = Scheduler(Decoder(model)._rows_for(3, max_tokens=200, kept=[]), sequences)
    assert {sequence.status for sequence in sequences} == {SequenceStatus.WAITING}
    while scheduler.has_unfinished:
        scheduler.step()
        assert len(scheduler.running) <= 3
        assert {sequence.status for sequence in scheduler.running} <= {SequenceStatus.RUNNING}
        assert not scheduler.waiting or scheduler.running
    assert {sequence.status for sequence in sequences} == {SequenceStatus.FINISHED}
    assert [sequence.generated for sequence in sequences] == decode(model, requests)


def test_recorded_steps_of_fixed_shapes_say_the_same(model, requests):
    """Past the 256 positions that a step sees at first, and with rows kept from one call to the next."""
    requests = [*requests, Request(tuple(range(9)), prompt_speech=tuple(range(30)) * 8, seed=3)]
    wanted = decode(model, requests, batch_size=5)
    recorder = Recorder()
    decoder = Decoder(model, has_fixed_shapes=True, record=recorder)
    assert decoder.decode(requests, batch_size=5) == wanted
    assert decoder.decode(requests[:2], batch_size=5) == wanted[:2]
    assert decoder.decode(requests[::-1], batch_size=5) == wanted[::-1]
    # Five rows that see 256 of 256 positions, 256 of 512, and 512 of 512; two that see 256 of 256.
    assert recorder.num_recorded == 4
    assert recorder.num_replayed > 50


@pytest.mark.skipif(not torch.cuda.is_available(), reason="CUDA graphs need a GPU")
def test_a_gpu_says_the_same_recorded_or_not(model, requests):
    on_gpu = deepcopy(model).cuda()
    recorded = Decoder(on_gpu).decode(requests, batch_size=4)
    assert recorded == Decoder(on_gpu, has_fixed_shapes=False).decode(requests, batch_size=4)


def test_rows_that_are_not_kept_are_freed_at_once(model, requests, monkeypatch):
    """And not when Python next looks for cycles: the next rows want their memory."""
    new_cache, caches = model.new_cache, WeakSet()

    def remembered(*arguments):
        cache = new_cache(*arguments)
        caches.add(cache)
        return cache

    monkeypatch.setattr(model, "new_cache", remembered)
    gc.collect()
    gc.disable()
    try:
        Decoder(model, has_fixed_shapes=True, record=Recorder()).decode(requests, batch_size=4)
        assert not caches
    finally:
        gc.enable()


def test_a_decoder_that_failed_can_be_used_again(model, requests, monkeypatch):
    decoder = Decoder(model, has_fixed_shapes=True, record=Recorder())
    decoder.decode(requests)
    with monkeypatch.context() as patch:
        patch.setattr(model, "step", no_memory)
        patch.setattr(model, "prefill", no_memory)
        with pytest.raises(MemoryError):
            decoder.decode(requests)
    assert decoder.decode(requests) == decode(model, requests)


def no_memory(*_):
    raise MemoryError


def test_seeds_differ(model):
    spoken = decode(model, [Request((1, 2, 3, 4, 5), seed=seed) for seed in range(6)])
    assert len({row.tokens for row in spoken}) == 6


def test_lengths_stay_within_the_limits_of_the_text_alone(model, requests):
    spoken = decode(model, requests)
    for request, row in zip(requests, spoken, strict=True):
        assert len(row.tokens) <= 9 * len(request.text)
        assert row.ended or len(row.tokens) == 9 * len(request.text)
        assert all(token < PROFILE.num_codes for token in row.tokens)


def test_speech_cannot_end_before_its_least_length(model):
    with torch.no_grad():
        model.llm_decoder.bias[PROFILE.end_of_speech] += 100
        spoken = decode(model, [Request((1, 2, 3)), Request((4,))])
        model.llm_decoder.bias[PROFILE.end_of_speech] -= 100
    assert [len(row.tokens) for row in spoken] == [6, 2]
    assert all(row.ended for row in spoken)


def test_nothing_to_say(model):
    assert decode(model, []) == []


def test_at_most_five_silent_tokens_in_a_row_are_voiced():
    silent, profile = 55, COSYVOICE_3.language_model
    assert without_long_silence([7, *[silent] * 9, 7, 1, 2, 28], profile) == (7, *[silent] * 5, 7, 1, 2, 28)
    assert without_long_silence([1, 2, 28, 29, 55, 248, 494, 9], profile) == (1, 2, 28, 29, 55, 9)
    assert without_long_silence([55] * 9, COSYVOICE_2.language_model) == (55,) * 9
