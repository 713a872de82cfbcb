"""Turns plain text into a script: the stage as a whole."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from cosycli.errors import InputError
from cosycli.script.capabilities import Capabilities
from cosycli.script.languages import primary_language
from cosycli.script.markup import parse_markup
from cosycli.script.passages import read_passages
from cosycli.script.segment import Script
from cosycli.script.segmenting import segments_of
from cosycli.script.timing import DEFAULT_PAUSES, Pauses
from cosycli.script.vocabulary import MODEL_TAGS, PHONEMES, STYLES_V2


def read_script(
    text: str,
    *,
    language: str | None = None,
    tags: Collection[str] = MODEL_TAGS,
    styles: Mapping[str, str] | None = STYLES_V2,
    voices: Collection[str] | None = None,
    phonemes: Collection[str] = PHONEMES,
    katakana: bool = False,
    own_words: bool = True,
    pauses: Pauses = DEFAULT_PAUSES,
) -> Script:
    """Prepares a text for speaking.

    Args:
        text: any text; it may contain the notation of `markup`.
        language: BCP 47 tag of the text, English by default; parts in another writing system get their own language.
        tags: the model's tags as it writes them: `[laughter]`, `<strong>`, `</strong>`.
        styles: the model's instruction by style name; None if the model takes no instructions.
        voices: names that `[voice: …]` may use; None leaves the check to the caller.
        phonemes: the model's pronunciation tokens; empty if it has none.
        katakana: whether the model reads Japanese in katakana.
        own_words: whether the model follows instructions in other words too.
        pauses: the silence after each boundary.

    Raises:
        UsageError: a tag, style or voice does not exist.
        InputError: the text contains nothing that can be spoken.
        MissingError: the library that reads Japanese in katakana is not installed.
    """
    markup = parse_markup(text, Capabilities(tags, styles, voices, phonemes, own_words=own_words))
    segmented = segments_of(read_passages(text, markup.parts, primary_language(language)), pauses, katakana=katakana)
    if not segmented.segments:
        raise _nothing_to_say(text)
    return Script(text, segmented.segments, segmented.spans, markup.notes)


def _nothing_to_say(text: str) -> InputError:
    what = (
        "The text is empty." if not text.strip() else f"The text {_shown(text)} contains no words that can be spoken."
    )
    return InputError(what, 'Give at least one word: cosy speak "Good evening." -o evening.wav')


def _shown(text: str) -> str:
    short = text.strip()[:20]
    return ascii(short + ("…" if len(text.strip()) > 20 else "")) if not short.isprintable() else f'"{short}"'
