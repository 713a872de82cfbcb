"""Text and speech in turn, as the interleaved layout has them, whatever pieces the text comes in."""

from __future__ import annotations

import pytest
import torch

from cosycli.engine.interleaving import InterleavedDecoder
from cosycli.engine.sampler import NO_TOKEN, sample
from cosycli.model.language_model import LanguageModel, interleaved_layout
from cosycli.model.profile import LanguageModelProfile
from cosycli.model.qwen2 import BackboneConfig
from cosycli.model.speech_decoder import Request

LIMITS = {"num_codes": 30, "text_chunk": 5, "speech_chunk": 15, "min_speech_per_text": 2, "max_speech_per_text": 9}
PROFILES = {
    "CosyVoice 2": LanguageModelProfile(**LIMITS),
    "CosyVoice 3": LanguageModelProfile(
        **LIMITS, num_stop_ids=10, has_mark_table=False, has_output_bias=False, silent_codes=(1, 2)
    ),
}
TEXT = tuple(range(3, 30))  # five blocks and two tokens


@pytest.fixture(params=PROFILES)
def model(request):
    torch.manual_seed(1)
    sizes = {"vocab_size": 50, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2}
    config = BackboneConfig(**sizes, num_attention_heads=2, num_key_value_heads=1)
    model = LanguageModel(PROFILES[request.param], config).eval()
    with torch.no_grad():
        model.llm_decoder.weight.mul_(8)  # untrained scores are too even for one id to stand out
    return model


def favour_fill(model: LanguageModel, amount: float) -> None:
    """Make the model ask for more text often, or never."""
    decoder, fill = model.llm_decoder, model.profile.fill
    decoder.register_forward_hook(
        lambda _, __, scores: scores + amount * torch.nn.functional.one_hot(torch.tensor(fill), scores.shape[-1])
    )


def said(model: LanguageModel, request: Request, *pieces: tuple[int, ...]) -> list[int]:
    decoder = InterleavedDecoder(model, request)
    tokens = [token for piece in pieces for token in decoder.say(piece)]
    return [*tokens, *decoder.finish()]


REQUESTS = {
    "nothing before": Request((), seed=7),
    "an instruction before": Request((), prompt_text=(40, 41), seed=8),
    "a clip and its words before": Request((), prompt_text=tuple(range(7)), prompt_speech=tuple(range(20)), seed=9),
    "an opening and an instruction before": Request((), prompt_text=(40, 41, 42, 43), seed=11, num_opening=3),
    "an opening, a clip and its words before": Request(
        (), prompt_text=tuple(range(9)), prompt_speech=tuple(range(20)), seed=12, num_opening=7
    ),
    "a long clip before": Request((), prompt_text=(1, 2, 3), prompt_speech=tuple(range(25)) * 5, seed=10),
}


@torch.inference_mode()
@pytest.mark.parametrize("before", REQUESTS)
def test_every_token_is_drawn_after_what_the_layout_puts_before_it(model, before):
    """The whole sequence read at once, as in training, gives the scores that each token was drawn from."""
    favour_fill(model, -100)
    request, profile = REQUESTS[before], model.profile
    tokens = said(model, request, TEXT)
    text = [*request.prompt_text, *TEXT]
    opening, text = text[: request.num_opening], text[request.num_opening :]
    layout = interleaved_layout(text, [*request.prompt_speech, *tokens], profile, opening)
    log_probs = model(torch.tensor([layout.tables]), torch.tensor([layout.ids]))[0].log_softmax(dim=1)
    drawn = [(row, wanted) for row, wanted in enumerate(layout.targets) if 0 <= wanted < profile.num_codes]
    generator = torch.Generator().manual_seed(request.seed)
    for number, (row, wanted) in enumerate(drawn[len(request.prompt_speech) :]):
        history = torch.tensor([([NO_TOKEN] * 10 + tokens[:number])[-10:]])
        scores = log_probs[row : row + 1].clone()
        is_in_block = row < len(layout.targets) - 1 - layout.targets[::-1].index(profile.fill)
        if is_in_block or number == 0:
            scores[0, profile.num_codes :] = float("-inf")
        elif number < profile.min_speech_per_text * len(TEXT):
            scores[0, profile.num_codes] = float("-inf")
        assert int(sample(scores, history, torch.rand(1, 2, generator=generator), profile)) == wanted


@pytest.mark.parametrize("before", REQUESTS)
def test_pieces_of_text_do_not_matter(model, before):
    whole = said(model, REQUESTS[before], TEXT)
    assert said(model, REQUESTS[before], *((token,) for token in TEXT)) == whole
    assert said(model, REQUESTS[before], TEXT[:4], (), TEXT[4:17], TEXT[17:]) == whole


def test_speech_follows_its_text_by_blocks(model):
    favour_fill(model, -100)
    decoder = InterleavedDecoder(model, Request(()))
    spoken = [len(list(decoder.say(piece))) for piece in (TEXT[:4], TEXT[4:6], TEXT[6:9], TEXT[9:21])]
    assert spoken == [0, 15, 0, 45]


def test_an_opening_is_no_text_of_a_block(model):
    favour_fill(model, -100)
    decoder = InterleavedDecoder(model, Request((), prompt_text=tuple(range(7)), num_opening=7))
    assert [len(list(decoder.say(piece))) for piece in (TEXT[:4], TEXT[4:5])] == [0, 15]


def test_a_model_that_asks_for_text_hears_all_of_it_before_it_speaks(model):
    favour_fill(model, 100)
    decoder = InterleavedDecoder(model, Request(()))
    assert list(decoder.say(TEXT)) == []
    assert list(decoder.finish())


def test_lengths_stay_within_the_limits(model):
    favour_fill(model, -100)
    for seed in range(5):
        tokens = said(model, Request((), seed=seed), TEXT)
        assert 5 * 15 <= len(tokens) <= 9 * len(TEXT)
        assert max(tokens) < model.profile.num_codes
