"""W3C Pronunciation Lexicon Specification 1.0 (Recommendation of 14 October 2008)."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from cosycli.documents.book import Alphabet
from cosycli.errors import InputError
from cosycli.script.alphabets import tokens_of
from cosycli.script.lexicon.entries import Entry, Lexicon, is_word

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
        words = [_text(grapheme) for grapheme in lexeme.iterchildren("{*}grapheme")]
        for word in words or [""]:
            said = _said(lexeme, word, root.get("alphabet", "ipa")) if is_word(word) else None
            if said is None:
                warnings.append(f"{source}, line {lexeme.sourceline}: {word!r} is left out: it has no known sound.")
            else:
                entries.setdefault(word, Entry(word, *said, language=language))
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


def _text(element: _Element) -> str:
    return " ".join(unicodedata.normalize("NFC", "".join(map(str, element.itertext()))).split())


def _said(lexeme: _Element, word: str, alphabet: str) -> tuple[tuple[str, ...], str] | None:
    """Tokens and alias, one of them empty, of the preferred way to say the word that can be said."""
    ways = list(lexeme.iterchildren("{*}phoneme", "{*}alias"))
    for way in sorted(ways, key=lambda way: way.get("prefer") != "true"):
        if way.tag.endswith("alias") and _text(way):
            return (), _text(way)
        known = _ALPHABETS.get(way.get("alphabet", alphabet).lower())
        tokens = tokens_of(word, _text(way), known) if known else None
        if tokens:
            return tokens, ""
    return None
