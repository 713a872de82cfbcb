"""The language model against the published numbers, its two layouts, and its cache against recomputing."""

import pytest
import torch
from safetensors.torch import load_file

from cosycli.model.language_model import NOT_LEARNED, LanguageModel, Table, interleaved_layout, whole_text_layout
from cosycli.model.profile import COSYVOICE_2, COSYVOICE_3, LanguageModelProfile
from cosycli.model.qwen2 import BackboneConfig
from cosycli.model.speech_decoder import Request
from tests.model.synthetic import synthetic_state

TINY = LanguageModelProfile(num_codes=30)
END, FILL, SKIP = TINY.end_of_speech, TINY.fill, NOT_LEARNED
START, TURN = (Table.MARK, 0), (Table.MARK, 1)
PUBLISHED = {"v2": COSYVOICE_2.language_model, "v3": COSYVOICE_3.language_model}


@pytest.fixture
def tiny_model():
    torch.manual_seed(0)
    sizes = {"vocab_size": 50, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2}
    config = BackboneConfig(**sizes, num_attention_heads=2, num_key_value_heads=1)
    return LanguageModel(TINY, config).eval()


@pytest.fixture(params=PUBLISHED)
def version(request):
    return request.param


@pytest.fixture
def published_model(golden_folder, version):
    """The published sizes, on the two-layer backbone that the golden vectors were made with."""
    sizes = {"vocab_size": 1000, "hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 14, "num_key_value_heads": 2}
    config = BackboneConfig(**sizes, **heads, rope_theta=1e6, rms_norm_eps=1e-6)
    model = LanguageModel(PUBLISHED[version], config).eval()
    model.load_state_dict(synthetic_state(golden_folder / f"{version}.llm.manifest.json"))
    return model


def recomputed(model, layout):
    """Log-probabilities after the last input, without a cache."""
    scores = model(torch.tensor([layout.tables]), torch.tensor([layout.ids]))
    return scores[0, -1].log_softmax(dim=-1)


@torch.inference_mode()
def test_log_probs_of_the_published_model(golden_folder, version, published_model):
    golden = load_file(golden_folder / f"{version}.lm.golden.safetensors")
    text = golden["lm.prompt_text"][0].tolist() + golden["lm.text"][0].tolist()
    cache = published_model.new_cache(max_sequences=1)
    log_probs = [
        published_model.prefill([Request(text, prompt_speech=golden["lm.prompt_speech"][0].tolist())], cache)[0]
    ]
    for token in golden["lm.greedy_tokens"][:-1]:
        cache.reserve()
        log_probs.append(published_model.step(token[None], cache)[0])
    ours = torch.stack(log_probs)
    assert (ours[golden["lm.steps"]] - golden["lm.log_probs"]).abs().max() <= 1e-4
    said = ours[:, : published_model.profile.num_codes].argmax(dim=-1)  # the recording never stopped
    assert said.tolist() == golden["lm.greedy_tokens"].tolist()


@torch.inference_mode()
def test_published_steps_equal_recomputing(published_model):
    cache = published_model.new_cache(max_sequences=1)
    published_model.prefill([Request([5, 6, 7])], cache)
    for spoken in ([70], [70, 6560], [70, 6560, 70]):
        cache.reserve()
        stepped = published_model.step(torch.tensor(spoken[-1:]), cache)[0]
        layout = whole_text_layout([5, 6, 7], spoken, published_model.profile)
        assert (stepped - recomputed(published_model, layout)).abs().max() <= 1e-4


@torch.inference_mode()
def test_prompts_are_read_together_as_they_are_alone(tiny_model):
    prompts = [Request([9], (), [1, 2]), Request([1, 2, 3, 4, 5, 6, 7], (), [3] * 12), Request([4, 4])]
    cache = tiny_model.new_cache(max_sequences=3)
    together = [tiny_model.prefill(prompts, cache)]
    alone = [torch.cat([tiny_model.prefill([each], tiny_model.new_cache(1)) for each in prompts])]
    cache.reserve()
    together.append(tiny_model.step(torch.tensor([5, 6, 7]), cache))
    spoken = [
        Request(each.text, (), [*each.prompt_speech, token]) for each, token in zip(prompts, (5, 6, 7), strict=True)
    ]
    alone.append(torch.cat([tiny_model.prefill([each], tiny_model.new_cache(1)) for each in spoken]))
    assert (torch.stack(together) - torch.stack(alone)).abs().max() <= 1e-5


@torch.inference_mode()
def test_rows_that_come_and_go_do_not_disturb_the_others(tiny_model):
    texts = {"a": [1, 2, 3, 4, 5, 6, 7], "b": [9], "c": [4, 4, 8]}
    spoken = {"a": [], "b": [], "c": []}
    cache = tiny_model.new_cache(max_sequences=2)
    rows = []

    def enter(name):
        rows.append(name)
        tiny_model.prefill([Request(texts[name])], cache)

    def step(is_checked=True):
        for row, name in enumerate(rows):
            spoken[name].append((7 * len(spoken[name]) + row) % 30)
        tokens = torch.tensor([spoken[name][-1] for name in rows])
        cache.reserve()
        stepped = tiny_model.step(tokens, cache)
        for name, log_probs in zip(rows, stepped, strict=True) if is_checked else ():
            layout = whole_text_layout(texts[name], spoken[name], TINY)
            assert (log_probs - recomputed(tiny_model, layout)).abs().max() <= 1e-5, name

    enter("a")
    step()
    enter("b")
    step()
    cache.remove(0)  # row 1, "b", becomes row 0
    rows[:] = ["b"]
    step()
    enter("c")
    for number in range(260):  # past the memory laid out at first
        step(is_checked=number % 20 == 0 or number > 250)


@torch.inference_mode()
def test_padding_on_the_right_changes_nothing(tiny_model):
    layout = whole_text_layout([1, 2], [3, 4], TINY)
    alone = tiny_model(torch.tensor([layout.tables]), torch.tensor([layout.ids]))
    padded = tiny_model(torch.tensor([[*layout.tables, 0, 0, 0]]), torch.tensor([[*layout.ids, 0, 0, 0]]))
    assert (padded[:, :6] - alone).abs().max() <= 1e-5


def test_whole_text_layout():
    layout = whole_text_layout([40, 41], [7, 8, 9], TINY)
    text, speech = [(Table.TEXT, 40), (Table.TEXT, 41)], [(Table.SPEECH, 7), (Table.SPEECH, 8), (Table.SPEECH, 9)]
    assert list(zip(layout.tables, layout.ids, strict=True)) == [START, *text, TURN, *speech]
    assert layout.targets == (SKIP, SKIP, SKIP, 7, 8, 9, END)


def test_marks_of_cosyvoice_3_are_rows_after_the_codes():
    start, end, turn, fill = (Table.SPEECH, 6561), 6562, (Table.SPEECH, 6563), 6564
    profile, text, speech = PUBLISHED["v3"], [(Table.TEXT, 40)] * 5, [(Table.SPEECH, 7)] * 15
    whole = whole_text_layout([40] * 5, [7] * 15, profile)
    assert list(zip(whole.tables, whole.ids, strict=True)) == [start, *text, turn, *speech]
    assert whole.targets[-1] == end
    interleaved = interleaved_layout([40] * 5, [7] * 15, profile)
    assert list(zip(interleaved.tables, interleaved.ids, strict=True)) == [start, *text, *speech, turn]
    assert interleaved.targets[-2:] == (fill, end)


def test_interleaved_layout():
    text, speech = list(range(7)), list(range(20))
    layout = interleaved_layout(text, speech, TINY)
    first = [*((Table.TEXT, i) for i in range(5)), *((Table.SPEECH, i) for i in range(15))]
    rest = [(Table.TEXT, 5), (Table.TEXT, 6), TURN, *((Table.SPEECH, i) for i in range(15, 20))]
    assert list(zip(layout.tables, layout.ids, strict=True)) == [START, *first, *rest]
    assert layout.targets == (SKIP, *[SKIP] * 4, *range(15), FILL, SKIP, SKIP, *range(15, 20), END)


def test_an_opening_is_read_before_the_blocks():
    text, speech = list(range(10, 17)), list(range(20))
    layout = interleaved_layout(text, speech, TINY, opening=[40, 41, 42])
    rest = interleaved_layout(text, speech, TINY)
    opening = [(Table.TEXT, 40), (Table.TEXT, 41), (Table.TEXT, 42)]
    first, *blocks = zip(rest.tables, rest.ids, strict=True)
    assert list(zip(layout.tables, layout.ids, strict=True)) == [first, *opening, *blocks]
    assert layout.targets == (*[SKIP] * 3, *rest.targets)


@pytest.mark.parametrize(("num_text", "num_speech"), [(0, 0), (5, 15), (3, 40), (40, 3), (15, 45), (14, 46)])
def test_both_layouts_read_all_text_and_speak_all_speech(num_text, num_speech):
    text, speech = list(range(num_text)), [i % 30 for i in range(num_speech)]
    for layout in (whole_text_layout(text, speech, TINY), interleaved_layout(text, speech, TINY)):
        ids = {table: [i for t, i in zip(layout.tables, layout.ids, strict=True) if t == table] for table in Table}
        assert (ids[Table.MARK], ids[Table.TEXT], ids[Table.SPEECH]) == ([0, 1], text, speech)
        assert [token for token in layout.targets if 0 <= token < END] == speech
        assert len(layout.targets) == len(layout.ids)
