"""W3C Pronunciation Lexicon Specification 1.0 (Recommendation of 14 October 2008)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cosycli.documents.book import Alphabet
from cosycli.errors import InputError
from cosycli.script.alphabets import tokens_of
from cosycli.script.lexicon.entries import MAX_WORD_CHARS, Entry, Lexicon

if TYPE_CHECKING:
    from lxml.etree import _Element

__all__ = ["parse_pls"]

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_ALPHABETS = {"x-arpabet": Alphabet.CMU, **{alphabet.value: alphabet for alphabet in Alphabet}}
_HINT = "A PLS file is <lexicon alphabet=… xml:lang=…> with lexemes of <grapheme> and <phoneme> or <alias>."


def parse_pls(data: bytes, source: str = "The pronunciation lexicon") -> Lexicon:
    """The lexicon in a PLS document.

    Every grapheme of a lexeme becomes an entry. Of several pronunciations the first with prefer="true" counts, else the
    first. Of several lexemes for a grapheme, which `role` tells apart, the first counts: the parts of speech in a text
    are not known. What cannot be said, such as a sound that English lacks, is a warning.

    Raises:
        InputError: it is not such a document.
    """
    root = _parse(data, source)
    language = (root.get(_LANGUAGE) or "").partition("-")[0].lower()
    entries: dict[str, Entry] = {}
    warnings = []
    for lexeme in root.iterchildren("{*}lexeme"):
        words = [word for word in _texts(lexeme, "grapheme") if len(word) <= MAX_WORD_CHARS and _has_letter(word)]
        said = _said(lexeme, root.get("alphabet", "ipa"))
        if not words or not said:
            shown = ", ".join(words) or "a lexeme without a grapheme"
            warnings.append(f"{source}, line {lexeme.sourceline}: {shown} is left out: it has no sound known here.")
        else:
            tokens, alias = said
            for word in words:
                entries.setdefault(word, Entry(word, tokens, alias, language=language))
    return Lexicon(tuple(entries.values()), tuple(warnings))


def _parse(data: bytes, source: str) -> _Element:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise InputError(f"{source} is not XML: {str(error).partition(' (<')[0]}.", _HINT) from None
    if etree.QName(root).localname != "lexicon":
        raise InputError(f"{source} is not a pronunciation lexicon but <{etree.QName(root).localname}>.", _HINT)
    if (entity := next(root.iter(etree.Entity), None)) is not None:
        raise InputError(f"{source}, line {entity.sourceline}: it uses the entity {entity.text}.", "Write it out.")
    return root


def _has_letter(word: str) -> bool:
    return any(map(str.isalnum, word))


def _texts(lexeme: _Element, name: str) -> Iterator[str]:
    for element in lexeme.iterchildren(f"{{*}}{name}"):
        yield _text(element)


def _text(element: _Element) -> str:
    return " ".join(unicodedata.normalize("NFC", "".join(map(str, element.itertext()))).split())


def _said(lexeme: _Element, alphabet: str) -> tuple[tuple[str, ...], str] | None:
    """Tokens and alias, one of them empty, of the preferred pronunciation that can be said."""
    ways = list(lexeme.iterchildren("{*}phoneme", "{*}alias"))
    for way in sorted(ways, key=lambda way: way.get("prefer") != "true"):
        if way.tag.endswith("alias") and _text(way):
            return (), _text(way)
        known = _ALPHABETS.get(way.get("alphabet", alphabet).lower())
        tokens = tokens_of(_text(way), known) if known else None
        if tokens:
            return tokens, ""
    return None
