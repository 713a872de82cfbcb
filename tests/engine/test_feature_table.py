"""What models can do, as the README and `cosy models` tell it."""

import json
import re
from pathlib import Path

import pytest

from cosycli.engine.capabilities import capabilities_of, check_language, instruction_of, languages_of, read_for
from cosycli.engine.features import features_of, profile_of
from cosycli.errors import UsageError
from cosycli.model.library import BUILTIN, find_published, model_folder, published_models
from cosycli.model.profile import COSYVOICE_1, COSYVOICE_2, COSYVOICE_3, read_profile
from cosycli.script.vocabulary import MODEL_TAGS

README = Path(__file__).parents[2] / "README.md"
INSTRUCT = profile_of(find_published("cosyvoice-300m-instruct"))


@pytest.fixture
def instructions(golden_folder):
    return json.loads((golden_folder / "instructions.json").read_text(encoding="utf-8"))


def test_the_table_of_the_readme_is_true():
    features = {BUILTIN: features_of(read_profile(model_folder(BUILTIN)), speakers=True)}
    features |= {name: features_of(profile_of(model), model.has_speakers) for name, model in published_models().items()}
    rows = [["", *(f"`{name}`" for name in features)], ["---"] * (len(features) + 1)]
    rows += [[feature, *(told[feature] for told in features.values())] for feature in features[BUILTIN]]
    table = "\n".join(f"| {' | '.join(row)} |".replace("|  |", "| |") for row in rows)
    assert table in README.read_text(encoding="utf-8"), f"The README should have:\n{table}"


def test_published_models_are_known_by_the_languages_they_are_listed_with():
    for model in published_models().values():
        assert languages_of(profile_of(model)) == model.languages


def test_every_instruction_of_cosyvoice_3_has_a_style(instructions):
    for styles in instructions["v3"].values():
        for name, instruction in styles.items():
            assert instruction_of(name, COSYVOICE_3) == instruction


def test_every_instruction_of_cosyvoice_2_has_a_style(instructions):
    told = instructions["v2_paper_table_1"]
    for kind in ("emotion", "dialect", "role"):
        for name, word in told[kind].items():
            assert word in instruction_of(name, COSYVOICE_2)
    examples = set(told["example_wording"].values())
    assert examples <= {instruction_of(name, COSYVOICE_2) for name in ("happy", "very-fast", "sichuan", "robot")}
    assert len({instruction_of(name, COSYVOICE_2) for name in told["rate"]}) == 4


def test_cosyvoice_1_is_instructed_in_words_where_it_is_the_model_for_that():
    assert instruction_of('"A calm, warm teller"', INSTRUCT) == "A calm, warm teller"
    with pytest.raises(UsageError, match="no style 'happy'") as error:
        instruction_of("happy", INSTRUCT)
    assert "an instruction in quotes" in error.value.hint
    with pytest.raises(UsageError, match="takes no style"):
        instruction_of("happy", COSYVOICE_1)


@pytest.mark.parametrize(("style", "profile"), [("zhengzhou", COSYVOICE_3), ("guangdong", COSYVOICE_2)])
def test_a_dialect_the_model_was_not_trained_for_is_refused_with_those_it_was(style, profile):
    with pytest.raises(UsageError, match=f"no style '{style}'") as error:
        read_for(profile, f"[style: {style}]你好[/style]")
    assert "sichuan" in error.value.hint


@pytest.mark.parametrize("tag", sorted(MODEL_TAGS))
def test_tags_are_for_the_models_that_know_them(tag):
    text = f"{tag}so</{tag[1:]}" if tag[0] == "<" and "/" not in tag else f"{tag} so"
    if tag.startswith("</"):
        return
    for profile in (COSYVOICE_2, COSYVOICE_3, INSTRUCT):
        if tag in capabilities_of(profile).tags:
            assert tag in read_for(profile, text).segments[0].text
    assert (tag in capabilities_of(INSTRUCT).tags) == (tag.strip("[]<>") in ("laughter", "breath", "strong"))
    with pytest.raises(UsageError, match="not a tag of this model"):
        read_for(COSYVOICE_1, text)


@pytest.mark.parametrize(
    ("language", "profile", "valid"),
    [
        ("de", COSYVOICE_1, "zh, en, ja, ko, yue"),
        ("fr-FR", COSYVOICE_2, "zh, en, ja, ko"),
        ("sv", COSYVOICE_3, "it, ru"),
    ],
)
def test_a_language_the_model_was_not_trained_on_is_refused_with_those_it_was(language, profile, valid):
    with pytest.raises(UsageError, match=f"not trained on the language '{language}'") as error:
        check_language(language, profile)
    assert valid in error.value.hint
    check_language("zh-Hant", profile)
    check_language(None, profile)


def test_german_and_other_letters_are_never_lost():
    told = "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. Señor, où ça? Ёлка, però, naïve, 한국어."
    script = read_for(COSYVOICE_3, told)
    said = " ".join(segment.text for segment in script.segments)
    assert re.findall(r"\w", said) == re.findall(r"\w", told)
    assert script.coverage.unaccounted == 0
