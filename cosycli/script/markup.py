r"""Reads the notation for tags, styles, voices, pauses and pronunciations in plain text.

    [laughter]  <strong>word</strong>            tags of the model, as its authors wrote them
    [style: happy] … [/style]                    a style by name, or "an instruction in quotes"
    [voice: ada] … [/voice]                      another voice
    [pause 1.2s]  [pause 300ms]                  silence
    read{R EH1 D}  银行{yin2 hang2}  银行{yínháng}   how the word before the brace is pronounced
    \[laughter]                                  a backslash makes a bracket ordinary text

Styles and voices may be nested and last to their closing tag or the end of the text. An unknown tag that cannot be
meant as prose is an error, and so is a brace with mistaken CMU phones or pinyin. A bracket that merely looks like a tag
("[1]", "[sic]") stays text, with a note.
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from cosycli.errors import UsageError
from cosycli.script.braces import check_brace, read_brace
from cosycli.script.capabilities import (
    Capabilities,
    compile_style,
    quoted_words,
    respelling_note,
    say_phonemes,
    voice_named,
)
from cosycli.script.characters import plain_text
from cosycli.script.parts import Part, PartKind
from cosycli.script.segment import Note
from cosycli.script.vocabulary import MODEL_TAGS

MAX_PAUSE_S = 60.0  # a longer pause almost surely has the wrong unit

_MARK = re.compile(
    r"\\(?P<escaped>[\[\]<>{}\\])"
    r"|\[(?P<bracket>[^\[\]\n]{1,300})\]"
    r"|<(?P<angle>/?[A-Za-z][A-Za-z_-]{0,40})>"
    r"|<\|(?P<control>[A-Za-z_]{1,40})\|>"
    r"|\{(?P<brace>[^{}\n]{1,300})\}"
)
_DIRECTIVE = re.compile(r"(?P<closing>/?)\s*(?P<name>style|voice|pause)\b\s*:?\s*(?P<value>.*)", re.DOTALL)
_DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?|\.\d+)\s*(?P<unit>ms|s)")
_DIRECTIVES = ["style", "voice", "pause"]
_TAG_NAME = re.compile(r"/?[a-z]+(?:[_-][a-z]+)*")
_TYPO_LIKENESS = 0.75  # difflib ratio: "[laugther]" 0.89 and "[breathe]" 0.92, but "[sic]" against "[sigh]" 0.57

# Sounds and styles that other synthesizers write as tags: in brackets they are instructions, not prose.
_INSTRUCTION_WORDS = """
angry applause break chuckle chuckles chuckling clapping cough coughing coughs cries cry crying emphasis excited gasp
gasping gasps giggle giggles giggling groan groans gulp happy hum humming laugh laughing laughs moan moans music pant
panting prosody quiet sad scream screaming screams shout shouting shouts sigh sighing sighs sing singing sneeze sneezes
sniff sniffs sob sobbing sobs speak whisper whispering whispers whistle whistles yawn yawns yell yelling yells
"""
_INSTRUCTIONS = frozenset(_INSTRUCTION_WORDS.split())


@dataclass(frozen=True)
class Markup:
    """The source in parts that follow each other without gap, and notes for the writer."""

    parts: tuple[Part, ...]
    notes: tuple[Note, ...]


def parse_markup(text: str, capabilities: Capabilities) -> Markup:
    """Reads the notation in `text`.

    Raises:
        UsageError: a tag, style or voice does not exist, or a tag pair is not opened or not closed.
    """
    notation = Notation(text, capabilities)
    parts = notation.read(0, len(text))
    notation.finish()
    return Markup(tuple(parts), tuple(notation.notes))


@dataclass(frozen=True)
class _Opened:
    """A voice, style or tag pair that was opened by `text[start:end]`."""

    value: str
    start: int
    end: int


@dataclass
class Notation:
    """Reads the notation of a text one stretch at a time; tags stay open from one stretch to the next.

    Attributes:
        cast: voice by each further name that `[voice: …]` may use.
        place: names the place of a position in the text at the start of an error; by default "Line 3".
        notes: notes for the writer, in the order of the stretches read.
    """

    text: str
    capabilities: Capabilities
    cast: Mapping[str, str] = field(default_factory=dict)
    place: Callable[[int], str] | None = None
    notes: list[Note] = field(default_factory=list)
    _parts: list[Part] = field(default_factory=list)
    _voices: list[_Opened] = field(default_factory=list)
    _styles: list[_Opened] = field(default_factory=list)
    _enclosing: list[_Opened] = field(default_factory=list)
    _position: int = 0

    def __post_init__(self) -> None:
        self.line_ends = [match.start() for match in re.finditer("\n", self.text)]

    def read(self, start: int, end: int) -> list[Part]:
        """Returns the parts of `text[start:end]`, which follow each other without gap.

        Raises:
            UsageError: as for `parse_markup`.
        """
        self._parts, self._position = [], start
        for match in _MARK.finditer(self.text, start, end):
            self._read(match)
        self._add_text(end)
        return self._parts

    def read_as_text(self, start: int, end: int) -> list[Part]:
        """Returns `text[start:end]` as one part of ordinary text."""
        self._parts, self._position = [], start
        self._add_text(end)
        return self._parts

    def finish(self) -> list[Note]:
        """Returns notes on the voices and styles that are still open.

        Raises:
            UsageError: a tag pair is still open.
        """
        if self._enclosing:
            left = self._enclosing[-1]
            raise UsageError(
                f"{self._where(left.start)}: <{left.value}> is never closed.",
                f"Write </{left.value}> after the words it is for.",
            )
        return [
            Note((left.start, left.end), self.line(left.start), f"{self.text[left.start : left.end]} is never closed.")
            for left in sorted((*self._voices, *self._styles), key=lambda left: left.start)
        ]

    def line(self, position: int) -> int:
        return bisect_left(self.line_ends, position) + 1

    def _where(self, position: int) -> str:
        return self.place(position) if self.place else f"Line {self.line(position)}"

    def _read(self, match: re.Match[str]) -> None:
        if match["escaped"]:
            self._add(match.start(), match.start() + 1, PartKind.MARK)
            self._add(match.start() + 1, match.end(), PartKind.TEXT)
        elif match["bracket"]:
            self._read_bracket(match)
        elif match["angle"]:
            self._read_angle(match)
        elif match["control"]:
            raise self._unknown(match, "Control tokens of the model cannot be written in a text; use [style: …].")
        else:
            self._read_brace(match)

    def _read_bracket(self, match: re.Match[str]) -> None:
        inside = match["bracket"].strip()
        directive = _DIRECTIVE.fullmatch(inside)
        if match.group() in self.capabilities.tags:
            self._add(match.start(), match.end(), PartKind.REPLACED, match.group())
        elif directive and (directive["closing"] or directive["name"] == "pause" or ":" in inside):
            self._read_directive(match, directive)
        elif self._is_meant_as_tag(inside, "["):
            raise self._unknown(match)
        else:
            self._note(match, "is not a tag and is read as text.")

    def _read_directive(self, match: re.Match[str], directive: re.Match[str]) -> None:
        name, value = directive["name"], directive["value"].strip()
        start, end = match.span()
        if name == "pause":
            self._add(start, end, PartKind.PAUSE, pause_s=self._duration(match, value))
            return
        stack = self._voices if name == "voice" else self._styles
        self._add(start, end, PartKind.MARK)
        if directive["closing"]:
            if not stack:
                raise self._unknown(match, f"No [{name}: …] is open here.")
            stack.pop()
        else:
            stack.append(_Opened(self._value(match, name, value), start, end))

    def _read_angle(self, match: re.Match[str]) -> None:
        name = match["angle"].removeprefix("/")
        closing = match["angle"].startswith("/")
        if self.capabilities.encloses(name):
            self._read_enclosing(match, name, closing)
        elif match.group() in self.capabilities.tags:
            self._add(match.start(), match.end(), PartKind.REPLACED, match.group())
        elif closing or self._is_meant_as_tag(name, "<") or f"</{name}>" in self.text[match.end() : match.end() + 1000]:
            raise self._unknown(match)
        else:
            self._note(match, "is not a tag and is read as text.")

    def _read_enclosing(self, match: re.Match[str], name: str, closing: bool) -> None:
        self._add(match.start(), match.end(), PartKind.MARK)
        if not closing:
            self._enclosing.append(_Opened(name, *match.span()))
        elif self._enclosing and self._enclosing[-1].value == name:
            self._enclosing.pop()
        else:
            raise self._unknown(match, f"<{name}> is not the last tag opened before.")

    def _read_brace(self, match: re.Match[str]) -> None:
        pronunciation = read_brace(self.text, match.start(), match["brace"])
        if pronunciation is None:
            self._check_brace(match)
            if self.text[: match.start()][-1:].isalpha():
                self._note(match, "is not a pronunciation of the word before it and is read as text.")
        if pronunciation is None or pronunciation.word_start < self._position:
            return
        word = self.text[pronunciation.word_start : match.start()]
        spoken = say_phonemes(word, pronunciation.tokens, self.capabilities)
        if not spoken.startswith("["):
            self._note(match, respelling_note(word, pronunciation.tokens, spoken, self.capabilities))
        self._add(pronunciation.word_start, match.start(), PartKind.REPLACED, spoken, plain_text(word))
        self._add(match.start(), match.end(), PartKind.MARK)

    def _check_brace(self, match: re.Match[str]) -> None:
        """Raises: UsageError: the brace is meant as a pronunciation and is not a valid one."""
        try:
            check_brace(self.text, match.start(), match["brace"])
        except UsageError as error:
            raise UsageError(f"{self._where(match.start())}: {error.what}", error.hint) from None

    def _value(self, match: re.Match[str], name: str, value: str) -> str:
        """Returns the voice of the library, or the instruction of the model, that the tag asks for."""
        try:
            if name == "voice":
                return voice_named(quoted_words(value) or value, self.capabilities, self.cast)
            return compile_style(value, self.capabilities.styles, self.capabilities.own_words)
        except UsageError as error:
            raise UsageError(f"{self._where(match.start())}: {error.what}", error.hint) from None

    def _duration(self, match: re.Match[str], value: str) -> float:
        duration = _DURATION.fullmatch(value)
        seconds = float(duration["number"]) / (1000 if duration["unit"] == "ms" else 1) if duration else -1.0
        if not 0 <= seconds <= MAX_PAUSE_S:
            raise UsageError(
                f"{self._where(match.start())}: {match.group()} is not a valid pause.",
                f"Write 0 to {MAX_PAUSE_S:.0f} seconds: [pause 1.2s] or [pause 300ms].",
            )
        return seconds

    def _is_meant_as_tag(self, name: str, opening: str) -> bool:
        """True if `name` in brackets cannot be prose: a misspelt tag, or an instruction to the speaker."""
        if not _TAG_NAME.fullmatch(name):
            return False
        bare = name.removeprefix("/")
        known = [tag.strip("[]</>") for tag in MODEL_TAGS.union(self.capabilities.tags) if tag.startswith(opening)]
        known += _DIRECTIVES if opening == "[" else []
        instructions = _INSTRUCTIONS.union(known)
        return (
            name.startswith("/")
            or any(word in instructions for word in (bare, *re.split("[_-]", bare)))
            or bool(difflib.get_close_matches(bare, known, n=1, cutoff=_TYPO_LIKENESS))
        )

    def _unknown(self, match: re.Match[str], hint: str = "") -> UsageError:
        tags = sorted(self.capabilities.tags, key=lambda tag: tag.strip("[]</>"))
        styles = [] if self.capabilities.styles is None else ["[style: …]", "[/style]"]
        valid = " ".join([*tags, *styles, "[voice: …]", "[/voice]", "[pause 1s]"])
        return UsageError(
            f"{self._where(match.start())}: {match.group()} is not a tag of this model.",
            f"{hint} Tags: {valid}. To have it read as text, write \\{match.group()}.".strip(),
        )

    def _note(self, match: re.Match[str], message: str) -> None:
        self.notes.append(Note(match.span(), self.line(match.start()), f"{match.group()} {message}"))

    def _add(
        self, start: int, end: int, kind: PartKind, spoken: str = "", words: str = "", pause_s: float = 0.0
    ) -> None:
        """Appends a part, and before it the text since the last part."""
        self._add_text(start)
        self._parts.append(
            replace(self._current_part(), start=start, end=end, kind=kind, spoken=spoken, words=words, pause_s=pause_s)
        )
        self._position = end

    def _add_text(self, end: int) -> None:
        if self._position < end:
            self._parts.append(replace(self._current_part(), end=end))
        self._position = end

    def _current_part(self) -> Part:
        """Returns a part that begins here and is spoken as the open tags say."""
        return Part(
            self._position,
            self._position,
            PartKind.TEXT,
            voice=self._voices[-1].value if self._voices else None,
            style=self._styles[-1].value if self._styles else None,
            enclosing=tuple(left.value for left in self._enclosing),
        )
