"""CosyVoice 1's language model against the published numbers, and its cache against recomputing."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from cosycli.engine.decoding import Decoder, decode
from cosycli.model.conformer import RelativeAttention, encode_distances, relative_positions
from cosycli.model.key_value_cache import CacheShape, KeyValueCache
from cosycli.model.masks import attention_mask
from cosycli.model.profile import COSYVOICE_1, LanguageModelProfile, TransformerProfile
from cosycli.model.speech_decoder import Request
from cosycli.model.transformer_language_model import TransformerLanguageModel
from tests.engine.tape import Recorder
from tests.model.synthetic import synthetic_state

TINY = LanguageModelProfile(num_codes=30, num_stop_ids=1, max_speech_per_text=9)
SIZES = TransformerProfile(
    num_text_ids=50,
    text_width=16,
    encoder_width=32,
    encoder_heads=2,
    encoder_ff=48,
    num_encoder_blocks=1,
    width=24,
    num_heads=3,
    ff=40,
    num_blocks=2,
    speaker_width=8,
)


@pytest.fixture(scope="module")
def golden(golden_folder: Path) -> dict[str, Tensor]:
    return load_file(golden_folder / "v1.golden.safetensors")


@pytest.fixture(scope="module")
def published(golden_folder: Path) -> TransformerLanguageModel:
    """The published sizes, every published tensor name filled and no other."""
    assert COSYVOICE_1.transformer is not None
    model = TransformerLanguageModel(COSYVOICE_1.language_model, COSYVOICE_1.transformer)
    model.load_state_dict(synthetic_state(golden_folder / "v1.llm.manifest.json"))
    return model.eval()


@pytest.fixture(scope="module")
def tiny() -> TransformerLanguageModel:
    torch.manual_seed(0)
    model = TransformerLanguageModel(TINY, SIZES).eval()
    with torch.no_grad():
        model.llm_decoder.weight.mul_(8)  # untrained scores are too even for one id to stand out
    return model


def requests() -> list[Request]:
    """Texts of 1 to 12 tokens, some with a prompt, some told who speaks."""
    draw = torch.Generator().manual_seed(5)

    def ids(count: int, top: int) -> tuple[int, ...]:
        return tuple(torch.randint(0, top, (count,), generator=draw).tolist())

    speakers = [None, torch.randn(8, generator=draw), torch.randn(8, generator=draw)]
    return [
        Request(ids(1 + 5 * seed % 12, 50), ids(seed % 3, 50), ids(4 * (seed % 3), 30), seed, speakers[seed % 3])
        for seed in range(9)
    ]


def recomputed(model: TransformerLanguageModel, text: list[int], speech: list[int], speaker: Tensor | None) -> Tensor:
    return model.prefill([Request(text, prompt_speech=speech, speaker=speaker)], model.new_cache(max_sequences=1))[0]


@torch.inference_mode()
def test_text_encoder_matches_the_reference(published: TransformerLanguageModel, golden: dict[str, Tensor]) -> None:
    encoded = published.text_encoder_affine_layer(published.encode_text(golden["lm.text"]))
    torch.testing.assert_close(encoded, golden["lm.text_encoder"], atol=1e-4, rtol=0)


@torch.inference_mode()
def test_log_probs_match_the_reference(published: TransformerLanguageModel, golden: dict[str, Tensor]) -> None:
    text, speech = golden["lm.text"][0].tolist(), golden["lm.prompt_speech"][0].tolist()
    cache = published.new_cache(max_sequences=1)
    log_probs = [published.prefill([Request(text, prompt_speech=speech, speaker=golden["lm.embedding"][0])], cache)[0]]
    for token in golden["lm.greedy_tokens"][:-1]:
        cache.reserve()
        log_probs.append(published.step(token[None], cache)[0])
    ours = torch.stack(log_probs)
    torch.testing.assert_close(ours, golden["lm.log_probs"], atol=1e-4, rtol=0)
    assert ours.argmax(dim=1).tolist() == golden["lm.greedy_tokens"].tolist()


@torch.inference_mode()
def test_rows_that_come_and_go_do_not_disturb_the_others(tiny: TransformerLanguageModel) -> None:
    who = torch.randn(8, generator=torch.Generator().manual_seed(2))
    told = {"a": ([1, 2, 3, 4, 5, 6, 7], who), "b": ([9], None), "c": ([4, 4, 8], -who)}
    spoken: dict[str, list[int]] = {"a": [], "b": [], "c": []}
    cache = tiny.new_cache(max_sequences=2)
    rows: list[str] = []

    def enter(name: str) -> None:
        rows.append(name)
        text, speaker = told[name]
        tiny.prefill([Request(text, speaker=speaker)], cache)

    def step(is_checked: bool = True) -> None:
        for row, name in enumerate(rows):
            spoken[name].append((7 * len(spoken[name]) + row) % 30)
        cache.reserve()
        stepped = tiny.step(torch.tensor([spoken[name][-1] for name in rows]), cache)
        for name, log_probs in zip(rows, stepped, strict=True) if is_checked else ():
            text, speaker = told[name]
            torch.testing.assert_close(log_probs, recomputed(tiny, text, spoken[name], speaker), atol=1e-4, rtol=0)

    enter("a")
    step()
    enter("b")
    step()
    cache.remove(0)  # row 1, "b", becomes row 0
    rows[:] = ["b"]
    step()
    enter("c")
    for number in range(530):  # past the distances projected at first
        step(is_checked=number % 100 == 0 or number > 525)


@torch.inference_mode()
def test_attention_out_of_a_cache_is_attention_over_the_whole_sequence() -> None:
    torch.manual_seed(3)
    attention = RelativeAttention(width=24, num_heads=3)
    torch.nn.init.normal_(attention.pos_bias_u)
    torch.nn.init.normal_(attention.pos_bias_v)
    x = torch.randn(1, 7, 24)
    causal = attention_mask(torch.tensor([7]), 7, chunk=1)
    whole = attention(x, relative_positions(7, 24, x), causal)
    cache = KeyValueCache(CacheShape(1, 3, 8), max_sequences=1, like=x)
    distances = attention.project(encode_distances(torch.arange(7), 24))
    pieces = [attention.attend(x[:, :4], 0, cache.allocate([4]), distances[:, :4])]
    for end in (5, 6, 7):
        cache.reserve()
        pieces.append(attention.attend(x[:, end - 1 : end], 0, cache.next_slots(), distances[:, :end]))
    torch.testing.assert_close(torch.cat(pieces, dim=1), whole)


def test_the_batch_size_changes_nothing(tiny: TransformerLanguageModel) -> None:
    one_by_one = decode(tiny, requests(), batch_size=1)
    assert decode(tiny, requests(), batch_size=4) == one_by_one
    assert len({row.tokens for row in one_by_one}) == len(one_by_one)


def test_recorded_steps_of_fixed_shapes_say_the_same(tiny: TransformerLanguageModel) -> None:
    recorder = Recorder()
    decoder = Decoder(tiny, has_fixed_shapes=True, record=recorder)
    assert decoder.decode(requests(), batch_size=4) == decode(tiny, requests(), batch_size=4)
    assert recorder.num_replayed > 10


@torch.inference_mode()
def test_the_speaker_is_heard(tiny: TransformerLanguageModel) -> None:
    speakers = (None, torch.ones(8), torch.linspace(-1, 1, 8))
    unknown, one, other = (recomputed(tiny, [1, 2, 3], [], speaker) for speaker in speakers)
    assert min((unknown - one).abs().max(), (one - other).abs().max()) > 1e-2
