"""Describes what the chosen model and voice library can do, and refuses requests for anything else."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cosycli.errors import UsageError
from cosycli.script.languages import is_hanzi
from cosycli.script.pronunciation import can_respell, respell
from cosycli.voices import nearest_voice

_QUOTED = re.compile(r"[\"'“‘„](?P<words>.+)[\"'”’“]", re.DOTALL)


@dataclass(frozen=True)
class Capabilities:
    """What the chosen model and voice library can do.

    Attributes:
        tags: tags as the model writes them, `[laughter]`, `<strong>`, `</strong>`.
        styles: the model's instruction by style name; None if the model takes no instructions.
        own_words: whether the model follows instructions in other words too.
        voices: names that `[voice: …]` may use; None if the caller will check them.
        phonemes: pronunciation tokens, `[AE1]`, `[ǎo]`; empty if the model has none.
        languages: ISO 639 codes of the languages the model was trained on; empty if they are unknown.
        katakana: whether the model reads Japanese in katakana.
    """

    tags: Collection[str]
    styles: Mapping[str, str] | None
    voices: Collection[str] | None
    phonemes: Collection[str]
    languages: Collection[str] = ()
    katakana: bool = False
    own_words: bool = True

    def encloses(self, name: str) -> bool:
        """True for the name x of a tag pair `<x>…</x>`."""
        return f"<{name}>" in self.tags and f"</{name}>" in self.tags


def compile_style(style: str, styles: Mapping[str, str] | None, own_words: bool = True) -> str:
    """Returns the model's instruction for the name of a style, or for an instruction in quotes.

    Args:
        own_words: whether the model follows instructions in quotes.

    Raises:
        UsageError: the model takes no styles, or has no style of this name.
    """
    if styles is None:
        raise UsageError(
            f"This model takes no style, so it cannot speak in the style {quoted_words(style) or style!r}.",
            "Remove the style, or choose a model that follows instructions; `cosy models list` shows which do.",
        )
    words = quoted_words(style)
    if words is not None and own_words:
        return words
    if style not in styles:
        quoted = '; or an instruction in quotes, "speak slowly"' if own_words else ""
        raise UsageError(
            f"There is no style {words or style!r}.", f"Styles: {', '.join(sorted(styles)) or 'none by name'}{quoted}."
        )
    return styles[style]


def voice_named(name: str, capabilities: Capabilities, cast: Mapping[str, str]) -> str:
    """Returns the voice for `name`, which is a role of the cast or a voice.

    Raises:
        UsageError: the voice does not exist.
    """
    voice = cast.get(name, name)
    voices = capabilities.voices
    if voice and (voices is None or voice in voices):
        return voice
    playing = f", which is to play {name!r}" if voice != name else ""
    roles = f"Roles: {', '.join(sorted(cast))}. " if cast else ""
    raise UsageError(
        f"There is no voice {voice!r}{playing}.",
        f"{nearest_voice(voice, (*cast, *(voices or ())))}{roles}Voices: {', '.join(sorted(voices or ())) or 'none'}. "
        "`cosy voices list` shows them, `cosy voices add` makes one.",
    )


def quoted_words(value: str) -> str | None:
    """Returns the words between the quotes of `value`, or None if it is not in quotes."""
    quoted = _QUOTED.fullmatch(value)
    return quoted["words"].strip() if quoted else None


def say_phonemes(word: str, tokens: tuple[str, ...], capabilities: Capabilities) -> str:
    """Returns the tokens if the model has them, else a spelling of `word` that sounds like them."""
    if all(token in capabilities.phonemes for token in tokens):
        return "".join(tokens)
    return respell(word, tokens)


def respelling_note(word: str, tokens: tuple[str, ...], spoken: str, capabilities: Capabilities) -> str:
    """Returns what becomes of a pronunciation that the model has no tokens for, to complete a sentence about it."""
    if any(map(is_hanzi, word)) and capabilities.languages and "zh" not in capabilities.languages:
        return "cannot be spoken by this model, which was not trained on Chinese. `cosy models list` shows which were."
    if not can_respell(word, tokens):
        return (
            f"is ignored, and {word} is spoken as written: this model has no tokens for it, and no common character "
            "sounds so. Write other words in its place, or choose another model with --model."
        )
    shown = "written, which is its usual sound" if spoken == word else repr(spoken)
    return f"is spoken as {shown}: this model has no tokens for it."
