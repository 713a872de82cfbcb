"""Classifies the text of an element, by its name, its `epub:type` or ARIA role, its class, or its content.

The kinds are the names in `reading_policy.READABLE`. Types are from the EPUB 3 Structural Semantics Vocabulary 1.1 and,
without `doc-`, from DPUB-ARIA 1.1; class names are those that publishers and converters commonly use.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from lxml import etree

from cosycli.documents.accounting import count_characters
from cosycli.documents.semantics import NOTE_MARK, is_note_reference, local_name, semantic_types, short_text

MAX_PAGE_NUMBER = 24  # characters of "[Page 123]"; a page break element with more text is read


def _by_word(words: Mapping[str, str]) -> dict[str, str]:
    """{"captions": "caption figcaption"} -> {"caption": "captions", "figcaption": "captions"}."""
    return {word: kind for kind, written in words.items() for word in written.split()}


_BY_NAME = _by_word(
    {
        "tables": "table",
        "math": "math",
        "alt-text": "svg",
        "captions": "caption figcaption",
        "contents": "nav",
        "hidden": "case audio video canvas iframe noscript object textarea select",
    }
)
_BY_TYPE = _by_word(
    {
        "title-page": "cover titlepage halftitlepage",
        "copyright": "copyright-page imprint imprimatur colophon",
        "contents": "toc toc-brief landmarks page-list pagelist loa loi lot lov",
        "index": "index",
        "bibliography": "bibliography",
        "notes": "footnotes footnote endnotes endnote rearnotes rearnote note",
        "note-marks": "noteref backlink",
        "page-numbers": "pagebreak",
        "dedication": "dedication",
        "epigraph": "epigraph",
        "preface": "preface foreword",
        "afterword": "afterword",
        "acknowledgments": "acknowledgments",
        "appendix": "appendix",
        "glossary": "glossary",
    }
)
# lnum numbers the lines of a poem; names with p- are those of whole pages in the EBPAJ guide of Japanese publishers.
_BY_CLASS = _by_word(
    {
        "title-page": "titlepage title-page halftitle halftitlepage half-title p-cover p-titlepage",
        "copyright": "copyright copyrightpage copyright-page imprint colophon p-colophon p-caution",
        "contents": "toc tableofcontents table-of-contents p-toc",
        "bibliography": "bibliography",
        "index": "index",
        "notes": "footnote footnotes endnote endnotes rearnote rearnotes footnote-text footnotetext "
        "duokan-footnote-content duokan-footnote-item",
        "note-marks": "footnote-back backlink",
        "page-numbers": "pagebreak pagenum pagenumber page-number pageno lnum linenum line-number",
        "captions": "caption",
        "licence": "pg-boilerplate",
    }
)
# On other elements, a class such as "copyright" or "toc" describes only the style.
_SECTIONS = frozenset({"body", "section", "article", "div", "main", "aside", "nav", "ol", "ul", "dl"})
_WHOLE_PAGES = frozenset({"title-page", "copyright", "contents", "bibliography", "index", "licence"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_CODE_CLASS = re.compile(
    r"\b(?:code|source|listing|program|highlight|language-|terminal|console|screen)", re.IGNORECASE
)
_INVISIBLE = re.compile(r"\b(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_PAGE_NUMBER = re.compile(
    r"[\[({]?\s*(?:p(?:age|g|\.)?\.?|seite|s\.)?\s*(?:\d{1,5}|[ivxlcdm]{1,8})?\s*[\])}]?", re.IGNORECASE
)
_NOTE_LINK = re.compile(r"#.*(?:note|ftn|fn\d|fnref)", re.IGNORECASE)
_BRACKETED = re.compile(r"[\[(（〔【].+[\])）〕】]|[*†‡]+|\d{1,3}")
_BACK_MARK = re.compile(r"[↩↑⬆⏎◎^←⤴\ufe0e\ufe0f\s]+")


def type_kind(types: list[str]) -> str | None:
    """Return the kind of text of the first type that has one, or None."""
    return next((_BY_TYPE[word] for word in types if word in _BY_TYPE), None)


def element_kind(element: etree._Element, name: str) -> str | None:
    """Return the kind of text in an element, or None for running text."""
    if not element.attrib:
        return _BY_NAME.get(name) or _kind_of_content(element, name)
    if _is_hidden(element):
        return "hidden"
    types = semantic_types(element)
    if "note" in types and name in ("div", "section"):  # HTMLBook marks text boxes so
        types.remove("note")
    kind = type_kind(types) or _class_kind(element, name) or _BY_NAME.get(name)
    if kind == "page-numbers":
        return kind if _is_page_number(element, name) else None
    if kind == "note-marks":
        return kind if _is_only_a_mark(element) else None
    return kind or _kind_of_content(element, name)


def _kind_of_content(element: etree._Element, name: str) -> str | None:
    if name == "pre":
        return "code" if _contains_code(element) else None
    return "note-marks" if _refers_to_note(element, name) else None


def _refers_to_note(element: etree._Element, name: str) -> bool:
    """Return True for what `is_note_reference` accepts, and for a plain "[1]" that links to an id such as "_ftn1"."""
    if name == "sup":
        return _wraps_note_reference(element)
    if name == "a" and _NOTE_LINK.search(element.get("href") or ""):
        return bool(_BRACKETED.fullmatch(short_text(element) or ""))
    return is_note_reference(element, name)


def _is_hidden(element: etree._Element) -> bool:
    get = element.get
    return get("hidden") is not None or get("aria-hidden") == "true" or bool(_INVISIBLE.search(get("style") or ""))


def _class_kind(element: etree._Element, name: str) -> str | None:
    if element.get("id") in ("pg-header", "pg-footer"):
        return "licence"
    for word in (element.get("class") or "").lower().split():
        kind = _BY_CLASS.get(word)
        if kind in _WHOLE_PAGES and name not in _SECTIONS:
            continue
        if kind == "title-page" and not _is_page(element, name):
            continue
        if kind:
            return kind
    return None


def _is_page(element: etree._Element, name: str) -> bool:
    """Return False inside a chapter: DocBook wraps each chapter heading in a `div` of the class "titlepage"."""
    parent = element.getparent()
    return name == "body" or (parent is not None and local_name(parent) == "body")


def _contains_code(element: etree._Element) -> bool:
    inner = [local_name(child) for child in element[:1]]
    return inner[:1] in (["code"], ["samp"], ["kbd"]) or bool(_CODE_CLASS.search(element.get("class") or ""))


def _is_page_number(element: etree._Element, name: str) -> bool:
    text = short_text(element)
    if text is None:
        return False
    if "pagebreak" in semantic_types(element):
        return count_characters(text) <= MAX_PAGE_NUMBER
    return bool(_PAGE_NUMBER.fullmatch(text)) and name not in _HEADINGS


def _is_only_a_mark(element: etree._Element) -> bool:
    """Return False for a reference whose words belong to the sentence: "see <a epub:type='noteref'>this note</a>"."""
    text = short_text(element)
    return text == "" or bool(text and (NOTE_MARK.fullmatch(text) or _BACK_MARK.fullmatch(text)))


def _wraps_note_reference(element: etree._Element) -> bool:
    """Return True for `<sup>[<a …>1</a>]</sup>`: the brackets belong to the mark."""
    if not _is_only_a_mark(element):
        return False
    links = [inner for inner in element.iter("*") if local_name(inner) == "a" and inner.get("href")]
    return len(links) == 1
