"""Reads lexicon files: YAML, or W3C Pronunciation Lexicons (PLS 1.0, Recommendation of 14 October 2008).

The short form of YAML is a mapping from words or phrases to pronunciations: CMU phones, IPA between slashes, or pinyin
for Chinese characters.

    Weena: W IY1 N AH0
    Eloi: /ˈiːlɔɪ/
    银行: yínháng

The long form is a list with more keys:

    - word: Dr. Moreau
      alias: Doctor Moreau      # these words are said instead
    - word: Polish
      say: P OW1 L IH0 SH
      case: exact               # not "polish"; otherwise capitals do not matter
    - word: read
      say: R EH1 D
      after: [had, have, has]   # only right after one of these words; `before:` is its mirror image
      language: en              # only where the text is in this language
"""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from cosycli.documents.book import Alphabet
from cosycli.documents.plain_text import decode_text
from cosycli.errors import InputError, did_you_mean
from cosycli.script.languages import is_hanzi
from cosycli.script.lexicon import MAX_WORD_CHARS, Entry, Lexicon, is_word
from cosycli.script.phonemes import tokens_of
from cosycli.script.pinyin import explain_missing
from cosycli.script.vocabulary import PHONE_NAMES

if TYPE_CHECKING:
    from lxml.etree import _Element

MAX_BYTES = 1 << 20  # 45,000 names

_BEFORE_XML = codecs.BOM_UTF8 + codecs.BOM_UTF16 + b" \t\r\n\0"  # bytes that may come before the first "<"

_TEXT_KEYS = ("word", "say", "alias", "case", "language")
_KEYS = (*_TEXT_KEYS, "after", "before")
_EXAMPLE = "Write lines of `word: pronunciation`, for example `Weena: W IY1 N AH0`."
_HOW_TO_SAY = (
    "Write CMU phones (W IY1 N AH0), IPA between slashes (/ˈwiːnə/), or for each Chinese character a syllable "
    "of pinyin (yin2 hang2); to have other words spoken, write {alias: other words}. "
    f"Phones: {PHONE_NAMES}."
)
_NOT_ENGLISH = "It contains a sound that English lacks, or no vowel. "

_PLS_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_PLS_ALPHABETS = {"x-arpabet": Alphabet.CMU, **{alphabet.value: alphabet for alphabet in Alphabet}}
_PLS_EXAMPLE = "A PLS file is <lexicon alphabet=… xml:lang=…> with lexemes of <grapheme> and <phoneme> or <alias>."


def read_lexicon(path: Path) -> Lexicon:
    """Reads the lexicon in `path`: PLS if it begins like XML, else YAML.

    Raises:
        InputError: the file cannot be read, or an entry is wrong; the message names its line.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", "Check its name and permissions.") from None
    if len(data) > MAX_BYTES:
        raise InputError(f"{path} is larger than {MAX_BYTES >> 20} MB.", "Split it into several lexicons.")
    if data.lstrip(_BEFORE_XML).startswith(b"<"):
        return parse_pls(data, str(path))
    return parse_yaml(decode_text(data, str(path)), str(path))


def parse_yaml(text: str, source: str) -> Lexicon:
    """Reads a lexicon in YAML.

    Args:
        source: the name of the lexicon in errors.

    Raises:
        InputError: the text is not YAML, or an entry is wrong; the message names its line.
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
    """Refuses `*alias`, of which a few bytes can expand to gigabytes."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="anchors and aliases are not allowed", problem_mark=mark)
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
            raise self.error(line, f"the lexicon is not valid YAML: {error.problem}.", _EXAMPLE) from None
        except (yaml.YAMLError, RecursionError) as error:
            reason = "it is nested too deeply" if isinstance(error, RecursionError) else error
            raise InputError(f"The lexicon {self.source} is not valid YAML: {reason}.", _EXAMPLE) from None

    def entries(self, root: yaml.Node | None) -> Iterator[tuple[int, Entry]]:
        """Yields each entry with its line."""
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
            raise self.error(line, f"{word!r} needs either `say` or `alias`, not both.", _HOW_TO_SAY)
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


def parse_pls(data: bytes, source: str = "The pronunciation lexicon") -> Lexicon:
    """Reads a PLS document.

    Every grapheme of a lexeme becomes an entry. Of several pronunciations the first with prefer="true" counts, else the
    first. Of several lexemes for a grapheme, which `role` distinguishes, the first counts: the parts of speech in a
    text are unknown. A pronunciation without tokens, such as one with a sound that English lacks, becomes a warning.

    Raises:
        InputError: the data is not such a document.
    """
    root = _parse_xml(data, source)
    language = (root.get(_PLS_LANGUAGE) or "").partition("-")[0].lower()
    entries: dict[str, Entry] = {}
    warnings = []
    for lexeme in root.iterchildren("{*}lexeme"):
        words = [_text(grapheme) for grapheme in lexeme.iterchildren("{*}grapheme")]
        for word in words or [""]:
            said = _said(lexeme, word, root.get("alphabet", "ipa")) if is_word(word) else None
            if said is None:
                warnings.append(
                    f"{source}, line {lexeme.sourceline}: {word!r} is ignored: its pronunciation has no tokens."
                )
            else:
                entries.setdefault(word, Entry(word, *said, language=language))
    return Lexicon(tuple(entries.values()), tuple(warnings))


def _parse_xml(data: bytes, source: str) -> _Element:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise InputError(f"{source} is not XML: {str(error).partition(' (<')[0]}.", _PLS_EXAMPLE) from None
    if etree.QName(root).localname != "lexicon":
        raise InputError(f"{source} is not a pronunciation lexicon but <{etree.QName(root).localname}>.", _PLS_EXAMPLE)
    if (entity := next(root.iter(etree.Entity), None)) is not None:
        raise InputError(
            f"{source}, line {entity.sourceline}: it uses the entity {entity.text}.", "Write out its text."
        )
    return root


def _text(element: _Element) -> str:
    return " ".join(unicodedata.normalize("NFC", "".join(map(str, element.itertext()))).split())


def _said(lexeme: _Element, word: str, alphabet: str) -> tuple[tuple[str, ...], str] | None:
    """Returns tokens and alias, one of them empty, of the preferred pronunciation that has tokens."""
    ways = list(lexeme.iterchildren("{*}phoneme", "{*}alias"))
    for way in sorted(ways, key=lambda way: way.get("prefer") != "true"):
        if way.tag.endswith("alias") and _text(way):
            return (), _text(way)
        known = _PLS_ALPHABETS.get(way.get("alphabet", alphabet).lower())
        tokens = tokens_of(word, _text(way), known) if known else None
        if tokens:
            return tokens, ""
    return None
