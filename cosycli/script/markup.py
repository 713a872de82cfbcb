r"""The notation for tags, styles, voices, pauses and pronunciations in plain text.

    [laughter]  <strong>word</strong>            tags of the model, as its authors wrote them
    [style: happy] … [/style]                    a style by name, or "an instruction in quotes"
    [voice: ada] … [/voice]                      another voice
    [pause 1.2s]  [pause 300ms]                  silence
    read{R EH1 D}  银行{yin2 hang2}  银行{yínháng}   how the word before the brace is pronounced
    \[laughter]                                  a backslash makes a bracket ordinary text

Styles and voices may be nested and last to their closing tag or the end of the text. A tag that cannot be meant as
prose but is not known is an error; a bracket that merely looks like a tag ("[1]", "[sic]") stays text and is noted.
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_left
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from cosycli.errors import UsageError
from cosycli.script.phonemes import read_phonemes
from cosycli.script.segment import Note
from cosycli.script.vocabulary import MODEL_TAGS

__all__ = ["Abilities", "Kind", "Markup", "Part", "compile_style", "parse_markup"]

MAX_PAUSE_S = 60.0  # longer silence is almost surely a slip of the unit

_MARK = re.compile(
    r"\\(?P<escaped>[\[\]<>{}\\])"
    r"|\[(?P<bracket>[^\[\]\n]{1,300})\]"
    r"|<(?P<angle>/?[A-Za-z][A-Za-z_-]{0,40})>"
    r"|<\|(?P<control>[A-Za-z_]{1,40})\|>"
    r"|\{(?P<brace>[^{}\n]{1,300})\}"
)
_DIRECTIVE = re.compile(r"(?P<closing>/?)\s*(?P<name>style|voice|pause)\b\s*:?\s*(?P<value>.*)", re.DOTALL)
_DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?|\.\d+)\s*(?P<unit>ms|s)")
_QUOTED = re.compile(r"[\"'“‘„](?P<words>.+)[\"'”’“]", re.DOTALL)
_DIRECTIVES = ["style", "voice", "pause"]
_TAG_NAME = re.compile(r"/?[a-z]+(?:[_-][a-z]+)*")
_TYPO_LIKENESS = 0.75  # difflib ratio: "[laugther]" 0.89 and "[breathe]" 0.92, but "[sic]" against "[sigh]" 0.57

# Sounds and manners that other synthesizers write as tags: in brackets they are orders, not prose.
_ORDER_WORDS = """
angry applause break chuckle chuckles chuckling clapping cough coughing coughs cries cry crying emphasis excited gasp
gasping gasps giggle giggles giggling groan groans gulp happy hum humming laugh laughing laughs moan moans music pant
panting prosody quiet sad scream screaming screams shout shouting shouts sigh sighing sighs sing singing sneeze sneezes
sniff sniffs sob sobbing sobs speak whisper whispering whispers whistle whistles yawn yawns yell yelling yells
"""
_ORDERS = frozenset(_ORDER_WORDS.split())


@dataclass(frozen=True)
class Abilities:
    """What the chosen model and voice library can do.

    Attributes:
        tags: as the model writes them, `[laughter]`, `<strong>`, `</strong>`.
        styles: style name to the model's instruction; None when the model takes no instruction at all.
        voices: names that `[voice: …]` may use; None when the caller will check them.
        phonemes: pronunciation tokens, `[AE1]`, `[ǎo]`; empty when the model has none.
    """

    tags: Collection[str]
    styles: Mapping[str, str] | None
    voices: Collection[str] | None
    phonemes: Collection[str]

    def encloses(self, name: str) -> bool:
        """True for the name x of a tag pair `<x>…</x>`."""
        return f"<{name}>" in self.tags and f"</{name}>" in self.tags


class Kind(Enum):
    """What a part of the source is."""

    TEXT = "text"
    TOKENS = "tokens"
    MARK = "mark"
    PAUSE = "pause"


@dataclass(frozen=True)
class Part:
    """Source characters `start` to `end` and how they are to be said.

    Attributes:
        kind: TEXT is prose; TOKENS is said as `tokens`; MARK is never spoken; PAUSE is silence of `pause_s` seconds.
        enclosing: names of the tag pairs around it, outermost first.
    """

    start: int
    end: int
    kind: Kind
    tokens: str = ""
    pause_s: float = 0.0
    voice: str | None = None
    style: str | None = None
    enclosing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Markup:
    """The source in parts that follow each other without gap, and notes for the writer."""

    parts: tuple[Part, ...]
    notes: tuple[Note, ...]


def compile_style(style: str, styles: Mapping[str, str] | None) -> str:
    """The instruction, in the model's words, for a style's name or for an instruction in quotes.

    Raises:
        UsageError: the model takes no styles, or has none of this name.
    """
    if styles is None:
        raise UsageError(
            f"This model takes no style, so it cannot speak in the style {style!r}.",
            "Remove the style, or choose a model that follows instructions; `cosy models list` shows them.",
        )
    quoted = _QUOTED.fullmatch(style)
    if quoted:
        return quoted["words"].strip()
    if style not in styles:
        raise UsageError(
            f"There is no style {style!r}.",
            f'Styles: {", ".join(sorted(styles)) or "none by name"}; or an instruction in quotes, "speak slowly".',
        )
    return styles[style]


def parse_markup(text: str, abilities: Abilities) -> Markup:
    """Find every mark of the notation in `text`.

    Raises:
        UsageError: a tag, style or voice does not exist, or a closing tag closes nothing.
    """
    parser = _Parser(text, abilities)
    for match in _MARK.finditer(text):
        parser.read(match)
    return parser.finish()


@dataclass
class _Parser:
    text: str
    abilities: Abilities
    parts: list[Part] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    voices: list[str] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    enclosing: list[str] = field(default_factory=list)
    opened_at: list[int] = field(default_factory=list)
    position: int = 0

    def __post_init__(self) -> None:
        self.line_ends = [match.start() for match in re.finditer("\n", self.text)]

    def line(self, position: int) -> int:
        return bisect_left(self.line_ends, position) + 1

    def read(self, match: re.Match[str]) -> None:
        if match["escaped"]:
            self.add(match.start(), match.start() + 1, Kind.MARK)
            self.add(match.start() + 1, match.end(), Kind.TEXT)
        elif match["bracket"]:
            self.read_bracket(match)
        elif match["angle"]:
            self.read_angle(match)
        elif match["control"]:
            raise self.unknown(match, "Control tokens of the model cannot be written in a text; use [style: …].")
        else:
            self.read_brace(match)

    def read_bracket(self, match: re.Match[str]) -> None:
        inside = match["bracket"].strip()
        directive = _DIRECTIVE.fullmatch(inside)
        if match.group() in self.abilities.tags:
            self.add(match.start(), match.end(), Kind.TOKENS, match.group())
        elif directive and (directive["closing"] or directive["name"] == "pause" or ":" in inside):
            self.read_directive(match, directive)
        elif self.looks_meant(inside, "["):
            raise self.unknown(match)
        else:
            self.note(match, "is not a tag and is read as text.")

    def read_directive(self, match: re.Match[str], directive: re.Match[str]) -> None:
        name, value = directive["name"], directive["value"].strip()
        start, end = match.span()
        if name == "pause":
            self.add(start, end, Kind.PAUSE, pause_s=self.duration(match, value))
            return
        stack = self.voices if name == "voice" else self.styles
        self.add(start, end, Kind.MARK)
        if directive["closing"]:
            if not stack:
                raise self.unknown(match, f"It closes no [{name}: …].")
            stack.pop()
        else:
            stack.append(self.voice(match, value) if name == "voice" else self.style(match, value))

    def read_angle(self, match: re.Match[str]) -> None:
        name = match["angle"].removeprefix("/")
        closing = match["angle"].startswith("/")
        if self.abilities.encloses(name):
            self.read_enclosing(match, name, closing)
        elif match.group() in self.abilities.tags:
            self.add(match.start(), match.end(), Kind.TOKENS, match.group())
        elif closing or self.looks_meant(name, "<") or f"</{name}>" in self.text[match.end() : match.end() + 1000]:
            raise self.unknown(match)
        else:
            self.note(match, "is not a tag and is read as text.")

    def read_enclosing(self, match: re.Match[str], name: str, closing: bool) -> None:
        self.add(match.start(), match.end(), Kind.MARK)
        if not closing:
            self.enclosing.append(name)
            self.opened_at.append(match.start())
        elif self.enclosing and self.enclosing[-1] == name:
            self.enclosing.pop()
            self.opened_at.pop()
        else:
            raise self.unknown(match, f"It closes no <{name}>.")

    def read_brace(self, match: re.Match[str]) -> None:
        reading = read_phonemes(self.text, match.start(), match["brace"])
        if reading is None or reading.word_start < self.position:
            return
        spoken = "".join(reading.tokens)
        if any(token not in self.abilities.phonemes for token in reading.tokens):
            from cosycli.script.respelling import respell

            spoken = respell(self.text[reading.word_start : match.start()], reading.tokens)
            self.note(match, f"is spoken as {spoken!r}: this model has no tokens for it.")
        self.add(reading.word_start, match.end(), Kind.TOKENS, spoken)

    def voice(self, match: re.Match[str], value: str) -> str:
        quoted = _QUOTED.fullmatch(value)
        name = quoted["words"].strip() if quoted else value
        voices = self.abilities.voices
        if name and (voices is None or name in voices):
            return name
        valid = ", ".join(sorted(voices or ())) or "none"
        raise UsageError(
            f"Line {self.line(match.start())}: there is no voice {name!r}.",
            f"Voices: {valid}. `cosy voices list` shows them, `cosy voices add` makes one.",
        )

    def style(self, match: re.Match[str], value: str) -> str:
        try:
            return compile_style(value, self.abilities.styles)
        except UsageError as error:
            raise UsageError(f"Line {self.line(match.start())}: {error.what}", error.hint) from None

    def duration(self, match: re.Match[str], value: str) -> float:
        duration = _DURATION.fullmatch(value)
        seconds = float(duration["number"]) / (1000 if duration["unit"] == "ms" else 1) if duration else -1.0
        if not 0 <= seconds <= MAX_PAUSE_S:
            raise UsageError(
                f"Line {self.line(match.start())}: {match.group()} is not a pause.",
                f"A pause is 0 to {MAX_PAUSE_S:.0f} seconds: [pause 1.2s] or [pause 300ms].",
            )
        return seconds

    def looks_meant(self, name: str, opening: str) -> bool:
        """True when no prose would put `name` in brackets: a typing slip of a tag, or an order to the speaker."""
        if not _TAG_NAME.fullmatch(name):
            return False
        bare = name.removeprefix("/")
        known = [tag.strip("[]</>") for tag in MODEL_TAGS.union(self.abilities.tags) if tag.startswith(opening)]
        known += _DIRECTIVES if opening == "[" else []
        orders = _ORDERS.union(known)
        return (
            name.startswith("/")
            or any(word in orders for word in (bare, *re.split("[_-]", bare)))
            or bool(difflib.get_close_matches(bare, known, n=1, cutoff=_TYPO_LIKENESS))
        )

    def unknown(self, match: re.Match[str], hint: str = "") -> UsageError:
        tags = sorted(self.abilities.tags, key=lambda tag: tag.strip("[]</>"))
        styles = [] if self.abilities.styles is None else ["[style: …]", "[/style]"]
        valid = " ".join([*tags, *styles, "[voice: …]", "[/voice]", "[pause 1s]"])
        return UsageError(
            f"Line {self.line(match.start())}: {match.group()} is not a tag of this model.",
            f"{hint} Tags: {valid}. To have it read as text, write \\{match.group()}.".strip(),
        )

    def note(self, match: re.Match[str], message: str) -> None:
        self.notes.append(Note(match.span(), self.line(match.start()), f"{match.group()} {message}"))

    def add(self, start: int, end: int, kind: Kind, tokens: str = "", pause_s: float = 0.0) -> None:
        """Append a part, and before it the prose since the last one."""
        part = Part(
            self.position,
            start,
            Kind.TEXT,
            voice=self.voices[-1] if self.voices else None,
            style=self.styles[-1] if self.styles else None,
            enclosing=tuple(self.enclosing),
        )
        if self.position < start:
            self.parts.append(part)
        self.parts.append(replace(part, start=start, end=end, kind=kind, tokens=tokens, pause_s=pause_s))
        self.position = end

    def finish(self) -> Markup:
        if self.enclosing:
            where = self.line(self.opened_at[-1])
            name = self.enclosing[-1]
            raise UsageError(f"Line {where}: <{name}> is never closed.", f"Write </{name}> after the words it is for.")
        if self.position < len(self.text):
            self.add(len(self.text), len(self.text), Kind.MARK)
        return Markup(tuple(self.parts), tuple(self.notes))
