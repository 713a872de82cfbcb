"""Lexicons in YAML: read strictly, with the line of every mistake."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

import yaml

from cosycli.documents.book import Alphabet
from cosycli.errors import InputError, did_you_mean
from cosycli.script.alphabets import tokens_of
from cosycli.script.languages import is_hanzi
from cosycli.script.lexicon.entries import MAX_WORD_CHARS, Entry, Lexicon, is_word
from cosycli.script.pinyin import explain_missing
from cosycli.script.vocabulary import PHONE_NAMES

__all__ = ["parse_yaml"]

_TEXT_KEYS = ("word", "say", "alias", "case", "language")
_KEYS = (*_TEXT_KEYS, "after", "before")
_EXAMPLE = "Write lines of `word: pronunciation`, for example `Weena: W IY1 N AH0`."
_HOW_TO_SAY = (
    "Write CMU phones (W IY1 N AH0), IPA between slashes (/ˈwiːnə/), or for each Chinese character a syllable "
    "of pinyin (yin2 hang2); to have other words said, write {alias: other words}. "
    f"Phones: {PHONE_NAMES}."
)
_NOT_ENGLISH = "It holds a sound that English lacks, or no vowel. "


def parse_yaml(text: str, source: str) -> Lexicon:
    """The lexicon in `text`; `source` names it in errors.

    Raises:
        InputError: it is not YAML, or an entry is wrong, with the line.
    """
    seen: dict[Entry, int] = {}
    entries = []
    form = _Form(source)
    for line, entry in form.entries(form.compose(text)):
        where = replace(entry, tokens=(), alias="")
        if where in seen:
            raise form.error(line, f"{entry.word!r} is already in line {seen[where]}.", "Remove one of the two.")
        seen[where] = line
        entries.append(entry)
    return Lexicon(tuple(entries))


class _NoAliasLoader(yaml.SafeLoader):
    """Refuses `*alias`: a few bytes of them can stand for gigabytes."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="a lexicon has no anchors and aliases", problem_mark=mark)
        return super().compose_node(parent, index)


@dataclass(frozen=True)
class _Form:
    source: str

    def error(self, line: int, what: str, hint: str) -> InputError:
        return InputError(f"{self.source}, line {line}: {what}", hint)

    def compose(self, text: str) -> yaml.Node | None:
        try:
            return yaml.compose(text, Loader=_NoAliasLoader)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise self.error(line, f"this is not a lexicon in YAML: {error.problem}.", _EXAMPLE) from None
        except (yaml.YAMLError, RecursionError) as error:
            reason = "it is nested too deeply" if isinstance(error, RecursionError) else error
            raise InputError(f"{self.source} is not a lexicon in YAML: {reason}.", _EXAMPLE) from None

    def entries(self, root: yaml.Node | None) -> Iterator[tuple[int, Entry]]:
        """Each entry and its line."""
        if isinstance(root, yaml.MappingNode):
            for key, value in root.value:
                fields = self.fields(value) if isinstance(value, yaml.MappingNode) else {"say": value}
                yield _line(key), self.entry(_line(key), {"word": key, **fields})
        elif isinstance(root, yaml.SequenceNode):
            for item in root.value:
                if not isinstance(item, yaml.MappingNode):
                    raise self.error(_line(item), "this is not an entry.", "Write `- word: …` and below it `say: …`.")
                yield _line(item), self.entry(_line(item), self.fields(item))
        elif root is not None:
            raise self.error(_line(root), "this is not a lexicon.", _EXAMPLE)

    def fields(self, node: yaml.MappingNode) -> dict[str, yaml.Node]:
        for key, _ in node.value:
            if key.value not in _KEYS:
                hint = f"{did_you_mean(str(key.value), _KEYS)}Keys: {', '.join(_KEYS)}."
                raise self.error(_line(key), f"there is no key {key.value!r}.", hint)
        return {key.value: value for key, value in node.value}

    def entry(self, line: int, fields: dict[str, yaml.Node]) -> Entry:
        given = {key: self.text(key, fields[key]) for key in _TEXT_KEYS if key in fields}
        word = self.word(line, given.get("word", ""))
        if ("say" in given) == ("alias" in given):
            raise self.error(line, f"{word!r} needs either `say` or `alias`.", _HOW_TO_SAY)
        if given.get("case", "exact") != "exact":
            raise self.error(line, f"there is no case {given['case']!r}.", "Write `case: exact`, or leave it out.")
        return Entry(
            word,
            tokens=self.tokens(line, word, given["say"]) if "say" in given else (),
            alias=given.get("alias", ""),
            exact_case="case" in given,
            language=given.get("language", "").partition("-")[0].lower(),
            after=self.words(fields.get("after")),
            before=self.words(fields.get("before")),
        )

    def text(self, key: str, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            hint = f"Write `{key}: …`." if key != "say" else _HOW_TO_SAY
            raise self.error(_line(node), f"`{key}` is not a text.", hint)
        return unicodedata.normalize("NFC", node.value.strip())

    def word(self, line: int, word: str) -> str:
        if not is_word(word):
            what = f"{word[:20]!r} is not a word or phrase." if word else "the entry has no word."
            raise self.error(line, what, f"Write up to {MAX_WORD_CHARS} characters with at least one letter.")
        return word

    def words(self, node: yaml.Node | None) -> tuple[str, ...]:
        if node is None:
            return ()
        items = node.value if isinstance(node, yaml.SequenceNode) else [node]
        return tuple(self.word(_line(item), self.text("after/before", item)) for item in items)

    def tokens(self, line: int, word: str, say: str) -> tuple[str, ...]:
        is_ipa = len(say) > 1 and say[0] == say[-1] == "/"
        tokens = tokens_of(word, say, Alphabet.IPA if is_ipa else Alphabet.CMU) or tokens_of(word, say, Alphabet.PINYIN)
        if tokens is None:
            missing = explain_missing(say) if all(map(is_hanzi, word)) else ""
            hint = missing or (_NOT_ENGLISH + _HOW_TO_SAY if is_ipa else _HOW_TO_SAY)
            raise self.error(line, f"{say!r} is not a pronunciation of {word!r}.", hint)
        return tokens


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
