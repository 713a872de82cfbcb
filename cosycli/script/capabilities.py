"""What the chosen model and voice library can be asked for, and how asking for anything else is refused."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cosycli.errors import UsageError, did_you_mean

__all__ = ["Capabilities", "compile_style", "quoted_words", "say_phonemes", "voice_named"]

_QUOTED = re.compile(r"[\"'“‘„](?P<words>.+)[\"'”’“]", re.DOTALL)


@dataclass(frozen=True)
class Capabilities:
    """What the chosen model and voice library can do.

    Attributes:
        tags: as the model writes them, `[laughter]`, `<strong>`, `</strong>`.
        styles: style name to the model's instruction; None when the model takes no instruction at all.
        voices: names that `[voice: …]` may use; None when the caller will check them.
        phonemes: pronunciation tokens, `[AE1]`, `[ǎo]`; empty when the model has none.
        languages: ISO 639 codes of those the model was trained on; empty when that is not known.
        katakana: whether the model wants Japanese in it.
    """

    tags: Collection[str]
    styles: Mapping[str, str] | None
    voices: Collection[str] | None
    phonemes: Collection[str]
    languages: Collection[str] = ()
    katakana: bool = False

    def encloses(self, name: str) -> bool:
        """True for the name x of a tag pair `<x>…</x>`."""
        return f"<{name}>" in self.tags and f"</{name}>" in self.tags


def compile_style(style: str, styles: Mapping[str, str] | None) -> str:
    """The instruction, in the model's words, for a style's name or for an instruction in quotes.

    Raises:
        UsageError: the model takes no styles, or has none of this name.
    """
    if styles is None:
        raise UsageError(
            f"This model takes no style, so it cannot speak in the style {quoted_words(style) or style!r}.",
            "Remove the style, or choose a model that follows instructions; `cosy models list` shows them.",
        )
    words = quoted_words(style)
    if words is not None:
        return words
    if style not in styles:
        raise UsageError(
            f"There is no style {style!r}.",
            f'Styles: {", ".join(sorted(styles)) or "none by name"}; or an instruction in quotes, "speak slowly".',
        )
    return styles[style]


def voice_named(name: str, capabilities: Capabilities, cast: Mapping[str, str]) -> str:
    """The voice that plays `name`, which may be a role of the cast or a voice itself.

    Raises:
        UsageError: there is none.
    """
    voice = cast.get(name, name)
    voices = capabilities.voices
    if voice and (voices is None or voice in voices):
        return voice
    playing = f", which is to play {name!r}" if voice != name else ""
    roles = f"Roles: {', '.join(sorted(cast))}. " if cast else ""
    raise UsageError(
        f"There is no voice {voice!r}{playing}.",
        f"{did_you_mean(voice, (*cast, *(voices or ())))}{roles}Voices: {', '.join(sorted(voices or ())) or 'none'}. "
        "`cosy voices list` shows them, `cosy voices add` makes one.",
    )


def quoted_words(value: str) -> str | None:
    """The words between the quotes of `value`, or None if it is not in quotes."""
    quoted = _QUOTED.fullmatch(value)
    return quoted["words"].strip() if quoted else None


def say_phonemes(word: str, tokens: tuple[str, ...], capabilities: Capabilities) -> str:
    """The tokens as the model takes them; for one that lacks them, a spelling of `word` that sounds so."""
    if all(token in capabilities.phonemes for token in tokens):
        return "".join(tokens)
    from cosycli.script.respelling import respell

    return respell(word, tokens)
