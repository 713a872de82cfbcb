"""From plain text to a script: the stage as a whole."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from itertools import groupby

from cosycli.errors import InputError
from cosycli.script.markup import Abilities, parse_markup
from cosycli.script.passages import read_passages
from cosycli.script.segment import Note, Script, Segment, Span
from cosycli.script.segmenting import DEFAULT_PAUSES, Pauses, segments_of
from cosycli.script.vocabulary import MODEL_TAGS, PHONEMES, STYLES_V2

__all__ = ["read_script"]


def read_script(
    text: str,
    *,
    language: str | None = None,
    tags: Collection[str] = MODEL_TAGS,
    styles: Mapping[str, str] | None = STYLES_V2,
    voices: Collection[str] | None = None,
    phonemes: Collection[str] = PHONEMES,
    pauses: Pauses = DEFAULT_PAUSES,
) -> Script:
    """Make a text ready to speak.

    Args:
        text: any text; marks of the notation (see `markup`) are obeyed.
        language: ISO 639-1 code of the parts in Latin letters, English by default; other scripts tell theirs.
        tags: the model's tags, as it writes them: `[laughter]`, `<strong>`, `</strong>`.
        styles: names of styles and the model's instruction for each; None if it takes no instruction.
        voices: names that `[voice: …]` may use; None leaves the check to the caller.
        phonemes: the model's pronunciation tokens; empty if it has none.
        pauses: silence by boundary.

    Raises:
        UsageError: a tag, style or voice does not exist.
        InputError: nothing in the text can be spoken.
    """
    markup = parse_markup(text, Abilities(tags, styles, voices, phonemes))
    segments: list[Segment] = []
    spans: list[Span] = []
    notes: list[Note] = list(markup.notes)
    for passage in read_passages(text, markup.parts):
        said = segments_of(passage, language or "en", pauses)
        spans += said.spans
        segments += said.segments
        if not said.segments and segments:
            segments[-1] = replace(segments[-1], pause_after_s=_longer(segments[-1], passage.pause_s, pauses))
    if not segments:
        raise _nothing_to_say(text)
    return Script(text, tuple(segments), tuple(_merge(spans)), tuple(notes))


def _longer(segment: Segment, pause_s: float | None, pauses: Pauses) -> float:
    """The pause after a segment that is followed by a passage without words, such as a pause of its own."""
    return segment.pause_after_s + pause_s if pause_s is not None else max(segment.pause_after_s, pauses.paragraph_s)


def _merge(spans: Iterable[Span]) -> Iterable[Span]:
    """Neighbouring characters that share a fate and a reason become one span."""
    ordered = sorted((span for span in spans if span.start < span.end), key=lambda span: span.start)
    for (fate, reason), group in groupby(ordered, key=lambda span: (span.fate, span.reason)):
        same = list(group)
        yield Span(same[0].start, same[-1].end, fate, reason)


def _nothing_to_say(text: str) -> InputError:
    what = "The text is empty." if not text.strip() else f"The text {_shown(text)} holds no word that can be spoken."
    return InputError(what, 'Give at least one word: cosy speak "Good evening." -o evening.wav')


def _shown(text: str) -> str:
    short = text.strip()[:20]
    return ascii(short + ("…" if len(text.strip()) > 20 else "")) if not short.isprintable() else f'"{short}"'
