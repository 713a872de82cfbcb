"""Reads names, attributes, semantic types and text of elements, and recognises references to notes."""

from __future__ import annotations

import re
from itertools import islice

from lxml import etree

EPUB_TYPE = "{http://www.idpf.org/2007/ops}type"
NOT_TEXT = frozenset({"script", "style", "template", "head", "rt", "rp", "rtc"})
"""Elements whose text is not text of the book; ruby readings are kept as pronunciations."""
MAX_MARK_ELEMENTS = 16  # elements in a note mark, page number or ornament: a link, a superscript, an image
_NOTE_CLASS = re.compile(r"note|fn|ref\b|super|sup\b", re.IGNORECASE)
NOTE_MARK = re.compile(
    r"[\[(（〔【〈]?\s*(?:note\s*|※\s*)?(?:\d{1,4}|[*†‡§¶#※]{1,4}|[ivxlcdm]{1,7}|[a-z]|[①-⓿❶-➓⁰¹²³⁴-⁹]{1,3}"
    r"|[注註釋释]\s*[\d〇一二三四五六七八九十百]{0,5})\s*[\])）〕】〉]?[.:]?",
    re.IGNORECASE,
)


def local_name(element: etree._Element) -> str:
    """Return the name of an element in lower case, without namespace or prefix."""
    if not isinstance(element.tag, str):
        return ""
    name = element.tag.lower()
    if name.startswith("{"):
        name = name.partition("}")[2]
    return name.rpartition(":")[2] or name


def attribute(element: etree._Element, name: str) -> str:
    """Return the value of an attribute in any namespace, or ""."""
    if not element.attrib:
        return ""
    value = element.get(name)
    if value is not None:
        return str(value)
    endings = (f"}}{name}", f":{name}")
    return next((str(value) for key, value in element.attrib.items() if key.endswith(endings)), "")


def semantic_types(element: etree._Element) -> list[str]:
    """Return the words of `epub:type` and `role` in lower case, without the prefix `doc-`."""
    types = element.get(EPUB_TYPE) or element.get("epub:type") or ""
    roles = [role.removeprefix("doc-") for role in (element.get("role") or "").split() if role.startswith("doc-")]
    return [word.lower() for word in [*types.split(), *roles]]


def text_of(element: etree._Element) -> str:
    """Return the text in an element, without that of `NOT_TEXT` elements."""
    if len(element) == 0:
        return element.text or ""
    texts: list[str] = []
    walk = etree.iterwalk(element, events=("start", "end"))
    for event, inner in walk:
        if event == "start":
            if local_name(inner) in NOT_TEXT and inner is not element:
                walk.skip_subtree()
            else:
                texts.append(inner.text or "")
        elif inner is not element:
            texts.append(inner.tail or "")
    return "".join(texts)


def short_text(element: etree._Element) -> str | None:
    """Return the text of an element as small as a mark or a number; None if it has more than `MAX_MARK_ELEMENTS`."""
    if len(element) == 0:
        return (element.text or "").strip()
    if next(islice(element.iter("*"), MAX_MARK_ELEMENTS, None), None) is not None:
        return None
    return text_of(element).strip()


def is_note_reference(element: etree._Element, name: str) -> bool:
    """Return True for a reference to a note: an element of this type, or a link styled as one on a number or symbol."""
    return "noteref" in semantic_types(element) or _is_plain_note_link(element, name)


def _is_plain_note_link(element: etree._Element, name: str) -> bool:
    if name != "a" or not element.get("href"):
        return False
    text = short_text(element)
    if not text or not NOTE_MARK.fullmatch(text):
        return False
    parent = element.getparent()
    around = [] if parent is None else [parent, parent.getparent()]
    if any(each is not None and local_name(each) == "sup" for each in around):
        return True
    if any(local_name(inner) == "sup" for inner in element.iter("*")):
        return True
    return bool(_NOTE_CLASS.search(element.get("class") or ""))
